"""Batches of rows for training, sliced from one array without a loader in between."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Subset

from skvae.rows.images import unit_floats

__all__ = ["Batches", "are_all_equal", "float32_rows", "largest_value", "subset"]

# Small batches are gathered together, a few megabytes at once.
GATHERED_VALUES = 2**20
# Of a GPU's free memory; the rest is for the network.
ROOM_FOR_ROWS = 0.5


def float32_rows(rows: NDArray[Any]) -> NDArray[np.float32]:
    """Return rows as networks see them: float32, row after row in memory, bytes from 0 to 1."""
    # What float32 cannot hold becomes infinite, and the loss tells.
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(unit_floats(rows), dtype=np.float32)


def subset(X: Any, index: NDArray[np.intp]) -> Subset[Any]:
    """Return some rows of an array, not copied, as what skorch trains on."""
    dataset: Any = X
    indices: Any = index
    return Subset(dataset, indices)


def largest_value(rows: Any) -> float:
    """Return the largest absolute value of rows, of which some are looked at after others."""
    largest = 0.0
    for some in _blocks(rows):
        largest = max(
            largest, float(np.fmax.reduce(some, axis=None)), -float(np.fmin.reduce(some, axis=None))
        )
    return largest


def are_all_equal(rows: Any) -> bool:
    """Tell whether all rows are the same, gaps included."""
    first = rows[:1]
    return all(np.array_equal(np.broadcast_to(first, s.shape), s, True) for s in _blocks(rows))


class Batches:
    """An iterable over float32 batches of rows on a device, all of about one size.

    Batches are gathered and converted as they are needed, so that no array of another type
    and no memory-mapped one is ever copied whole. A device other than the CPU gets all rows
    at once, before the first batch, if it has room for them. Where the index of the rows has
    several columns, a batch has as many rows side by side. The rows are spread evenly over
    the batches, so that the last one is not much smaller than the others. With ``shuffle``
    each pass has a new order, drawn from torch's generator.
    """

    def __init__(
        self, rows: Subset[Any], batch_size: int, device: torch.device, shuffle: bool = False
    ) -> None:
        dataset: Any = rows.dataset
        self.X = dataset
        self.index = np.asarray(rows.indices)
        self.n_batches = math.ceil(len(rows) / batch_size)
        self.device = device
        self.shuffle = shuffle
        row_shape = (*self.index.shape[1:], *self.X.shape[1:])
        self.gathered_rows = max(1, GATHERED_VALUES // math.prod(row_shape))
        self.on_device = None
        n_bytes = 4 * math.prod(row_shape) * len(rows)
        if device.type != "cpu" and n_bytes < ROOM_FOR_ROWS * _free_bytes(device):
            self.on_device = torch.empty(len(rows), *row_shape, dtype=torch.float32, device=device)
            for start in range(0, len(rows), self.gathered_rows):
                gathered = self._gather(self.index[start : start + self.gathered_rows])
                self.on_device[start : start + self.gathered_rows] = gathered

    def __len__(self) -> int:
        return self.n_batches

    def __iter__(self) -> Iterator[torch.Tensor]:
        n_rows = len(self.index)
        order = (
            torch.randperm(n_rows, device="cpu")
            if self.shuffle
            else torch.arange(n_rows, device="cpu")
        )
        if self.on_device is not None:
            for batch in order.to(self.device).tensor_split(self.n_batches):
                yield self.on_device[batch]
        else:
            indices = np.array_split(self.index[order.numpy()], self.n_batches)
            step = max(1, self.gathered_rows // len(indices[0]))
            for first in range(0, self.n_batches, step):
                together = indices[first : first + step]
                gathered = self._gather(np.concatenate(together)).to(self.device)
                start = 0
                for index in together:
                    yield gathered[start : start + len(index)]
                    start += len(index)

    def _gather(self, index: NDArray[np.intp]) -> torch.Tensor:
        return torch.from_numpy(float32_rows(self.X[index]))


def _blocks(rows: Any) -> Iterator[NDArray[Any]]:
    n_rows = max(1, GATHERED_VALUES // math.prod(rows.shape[1:]))
    for start in range(0, len(rows), n_rows):
        yield rows[start : start + n_rows]


def _free_bytes(device: torch.device) -> float:
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else math.inf
