"""A network's method, applied to any number of rows."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skvae.training.threads import single_thread

__all__ = ["apply_to_rows"]

BATCH_ROWS = 1024
# Batches of 32, 64, ... 1024 rows give the very same result for a row on one thread;
# other sizes leave remainders to other kernels, which round differently.
SMALLEST_BATCH = 32
# Squares, and their sums over many features, stay far within float32.
LARGEST_VALUE = 1e12


def apply_to_rows(
    function: Callable[[torch.Tensor], torch.Tensor], X: NDArray[Any], device: str
) -> NDArray[np.float32]:
    """Apply a function of a network to the rows of an array, batch by batch.

    What a row gets depends on nothing but the row: not on its neighbours, on its place,
    on the number of rows, nor on the number of threads.

    Parameters
    ----------
    function : callable
        Maps a float32 tensor of shape (n_rows, ...) to one of shape (n_rows, ...).

    X : ndarray of shape (n_samples, ...)
        The rows. Values beyond 1e12 are taken as 1e12.

    device : str
        The name of the network's torch device.

    Returns
    -------
    result : ndarray of shape (n_samples, ...) of float32
        The function's values.

    Raises
    ------
    FloatingPointError
        If the function returns a value that is not finite.
    """
    batch_rows = _padded if torch.device(device).type == "cpu" else lambda n_rows: BATCH_ROWS
    batch = np.zeros((batch_rows(len(X)), *X.shape[1:]), dtype=np.float32)
    result = np.empty(0, dtype=np.float32)
    # Several threads share a batch out at places that depend on their number, and a row at
    # the edge of a share is rounded differently.
    with torch.inference_mode(), single_thread():
        for start in range(0, len(X), BATCH_ROWS):
            rows = X[start : start + BATCH_ROWS]
            batch = batch[: batch_rows(len(rows))]
            np.clip(
                rows, -LARGEST_VALUE, LARGEST_VALUE, out=batch[: len(rows)], casting="same_kind"
            )
            values = function(torch.from_numpy(batch).to(device))[: len(rows)].cpu().numpy()
            if start == 0:
                result = np.empty((len(X), *values.shape[1:]), dtype=np.float32)
            result[start : start + len(rows)] = values
    if not np.isfinite(result).all():
        raise FloatingPointError(
            "The network returned values that are not finite. Scale X, for instance with "
            "StandardScaler, and fit again."
        )
    return result


def _padded(n_rows: int) -> int:
    return min(BATCH_ROWS, max(SMALLEST_BATCH, 1 << (n_rows - 1).bit_length()))
