"""A network's method, applied to any number of rows."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skvae.training.threads import single_thread

__all__ = ["apply_to_rows"]

# At most so many rows in a batch, and about so many values: fewer rows leave threads waiting
# for Python, more values leave the processor's cache.
BATCH_ROWS = 4096
BATCH_VALUES = 2**18
# Batches of 32, 64, ... 4096 rows give the very same result for a row on one thread;
# other sizes leave remainders to other kernels, which round differently.
SMALLEST_BATCH = 32
# Squares, and their sums over many features, stay far within float32.
LARGEST_VALUE = 1e12


def apply_to_rows(
    function: Callable[[torch.Tensor], torch.Tensor], X: NDArray[Any], device: str
) -> NDArray[np.float32]:
    """Apply a function of a network to the rows of an array, batch by batch.

    What a row gets depends on nothing but the row: not on its neighbours, on its place,
    on the number of rows, nor on the number of threads. On the CPU as many batches are
    in work at once as torch has threads.

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
    on_cpu = torch.device(device).type == "cpu"
    n_threads = torch.get_num_threads() if on_cpu else 1
    batch_rows = _batch_rows(math.prod(X.shape[1:]))

    def apply(start: int) -> NDArray[np.float32]:
        rows = X[start : start + batch_rows]
        batch = torch.empty(_padded(len(rows)) if on_cpu else batch_rows, *X.shape[1:])
        values = batch.numpy()
        np.clip(rows, -LARGEST_VALUE, LARGEST_VALUE, out=values[: len(rows)], casting="same_kind")
        values[len(rows) :] = 0
        with torch.inference_mode():
            return function(batch.to(device))[: len(rows)].cpu().numpy()

    # Threads that share one batch do so at places that depend on their number, and a row at
    # the edge of a share is rounded differently. So each thread has batches of its own.
    with single_thread():
        first = apply(0)
        result = first
        if len(X) > batch_rows:
            result = np.empty((len(X), *first.shape[1:]), dtype=np.float32)
            result[:batch_rows] = first

            def fill(start: int) -> None:
                result[start : start + batch_rows] = apply(start)

            # Else the first product of a new thread would be shared by the usual number.
            with ThreadPoolExecutor(
                n_threads, initializer=torch.set_num_threads, initargs=(1,)
            ) as pool:
                for _ in pool.map(fill, range(batch_rows, len(X), batch_rows)):
                    pass
    if not np.isfinite(result).all():
        raise FloatingPointError(
            "The network returned values that are not finite. Scale X, for instance with "
            "StandardScaler, and fit again."
        )
    return result


def _batch_rows(n_values: int) -> int:
    n_rows = max(SMALLEST_BATCH, min(BATCH_ROWS, BATCH_VALUES // n_values))
    return 1 << (n_rows.bit_length() - 1)


def _padded(n_rows: int) -> int:
    return max(SMALLEST_BATCH, 1 << (n_rows - 1).bit_length())
