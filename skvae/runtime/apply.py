"""A network's method, applied to any number of rows."""

import math
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from copy import deepcopy
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skvae.networks import Network
from skvae.rows import unit_floats
from skvae.runtime.threads import single_thread

__all__ = ["LARGEST_VALUE", "apply_to_rows", "batch_rows_for"]

RowFunction: TypeAlias = Callable[[Tensor], Tensor]

# At most so many rows in a batch, and about so many values: fewer rows leave threads waiting
# for Python, more values leave the processor's cache.
BATCH_ROWS = 4096
BATCH_VALUES = 2**18
# On other devices all batches have one shape.
DEVICE_BATCH_ROWS = 1024
# Batches of 32, 64, ... 4096 rows give the very same result for a row on one thread.
SMALLEST_BATCH = 32
# Squares, and their sums over many features, stay far within float32.
LARGEST_VALUE = 1e12


def apply_to_rows(
    function: RowFunction, network: Network, X: NDArray[Any], device: str
) -> NDArray[np.float32]:
    """Apply a function of a network to the rows of an array, batch by batch.

    What a row gets depends on nothing but the row: not on its neighbours, on its place,
    on the number of rows, nor on the number of threads. On the CPU as many batches are
    in work at once as torch has threads. They share the tensors of the network, and each
    has a copy of all else that the function holds, since a network may keep something from
    one of its layers for another. Values beyond 1e12 count as 1e12.

    Raises
    ------
    FloatingPointError
        If the function returns a value that is not finite.
    """
    kind = torch.device(device).type
    batch_rows = batch_rows_for(X.shape[1:]) if kind == "cpu" else DEVICE_BATCH_ROWS
    smallest = SMALLEST_BATCH if kind == "cpu" else DEVICE_BATCH_ROWS

    def apply(function: RowFunction, start: int) -> NDArray[Any]:
        rows = unit_floats(X[start : start + batch_rows])
        n_rows = max(smallest, 1 << (len(rows) - 1).bit_length())
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

        def work(function: RowFunction) -> None:
            for start in starts:
                result[start : start + batch_rows] = apply(function, start)

        if n_threads == 1:
            work(function)
        elif len(X) > batch_rows:
            shared = chain(network.parameters(), network.buffers())
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


def batch_rows_for(row_shape: tuple[int, ...]) -> int:
    """Return how many rows of a shape suit a batch on the CPU, a power of two."""
    n_rows = max(SMALLEST_BATCH, min(BATCH_ROWS, BATCH_VALUES // math.prod(row_shape)))
    return 1 << (n_rows.bit_length() - 1)
