"""A network's method, applied to any number of rows."""

import math
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skvae.images import unit_floats
from skvae.training.threads import single_thread

__all__ = ["apply_to_rows", "batch_rows_for"]

# At most so many rows in a batch, and about so many values: fewer rows leave threads waiting
# for Python, more values leave the processor's cache.
BATCH_ROWS = 4096
BATCH_VALUES = 2**18
# On other devices all batches have one shape.
DEVICE_BATCH_ROWS = 1024
# Batches of 32, 64, ... 4096 rows give the very same result for a row on one thread;
# other sizes leave remainders to other kernels, which round differently.
SMALLEST_BATCH = 32
# Squares, and their sums over many features, stay far within float32.
LARGEST_VALUE = 1e12


def apply_to_rows(
    function: Callable[[torch.Tensor], torch.Tensor],
    X: NDArray[Any],
    device: str,
    shared: Iterable[torch.Tensor] = (),
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

    shared : iterable of Tensor
        What threads have in common. Of all else that the function holds each has a copy,
        since a network may keep something from one of its layers for another.

    Returns
    -------
    result : ndarray of shape (n_samples, ...) of float32
        The function's values.

    Raises
    ------
    FloatingPointError
        If the function returns a value that is not finite.
    """
    kind = torch.device(device).type
    batch_rows = batch_rows_for(math.prod(X.shape[1:])) if kind == "cpu" else DEVICE_BATCH_ROWS

    def apply(function: Callable[[torch.Tensor], torch.Tensor], start: int) -> NDArray[Any]:
        rows = unit_floats(X[start : start + batch_rows])
        n_rows = _padded(len(rows)) if kind == "cpu" else batch_rows
        batch = torch.zeros(n_rows, *X.shape[1:], dtype=torch.float32, device="cpu")
        values = batch.numpy()[: len(rows)]
        np.clip(rows, -LARGEST_VALUE, LARGEST_VALUE, out=values, casting="same_kind")
        # Autocasting is a setting of each thread.
        with torch.inference_mode(), torch.autocast(kind, enabled=False):
            return function(batch.to(device))[: len(rows)].cpu().numpy()

    n_threads = torch.get_num_threads() if kind == "cpu" else 1
    # Threads that share one batch do so at places that depend on their number, and a row at
    # the edge of a share is rounded differently. So each thread has batches of its own.
    with single_thread():
        first = apply(function, 0)
        result = np.empty((len(X), *first.shape[1:]), dtype=np.float32)
        result[: len(first)] = first
        starts = iter(range(batch_rows, len(X), batch_rows))

        def work(function: Callable[[torch.Tensor], torch.Tensor]) -> None:
            for start in starts:
                result[start : start + batch_rows] = apply(function, start)

        if n_threads == 1:
            work(function)
        elif len(X) > batch_rows:
            known = {id(tensor): tensor for tensor in shared}
            copies = [deepcopy(function, known.copy()) for _ in range(n_threads)]
            # Else the first product of a new thread would be shared by the usual number.
            with ThreadPoolExecutor(
                n_threads, initializer=torch.set_num_threads, initargs=(1,)
            ) as pool:
                try:
                    for finished in as_completed([pool.submit(work, copy) for copy in copies]):
                        finished.result()
                finally:
                    # After an error no thread finds another batch.
                    deque(starts, maxlen=0)
    if not np.isfinite(result).all():
        raise FloatingPointError(
            "The network returned values that are not finite. Scale X, for instance with "
            "StandardScaler, and fit again."
        )
    return result


def batch_rows_for(n_values: int) -> int:
    """Return how many rows of so many values suit a batch on the CPU."""
    n_rows = max(SMALLEST_BATCH, min(BATCH_ROWS, BATCH_VALUES // n_values))
    return 1 << (n_rows.bit_length() - 1)


def _padded(n_rows: int) -> int:
    return max(SMALLEST_BATCH, 1 << (n_rows - 1).bit_length())
