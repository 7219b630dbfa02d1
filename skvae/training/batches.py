"""Batches of rows for training, sliced from one array without a loader in between."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skvae.images import unit_floats

__all__ = ["Batches", "Rows"]

# Small batches are gathered together, a few megabytes at once.
GATHERED_VALUES = 2**20
# Of a GPU's free memory; the rest is for the network.
ROOM_FOR_ROWS = 0.5


class Rows:
    """Some rows of an array, not copied.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ...)
        The array.

    index : ndarray of shape (n_rows,) of int
        Which rows.
    """

    def __init__(self, X: NDArray[Any], index: NDArray[np.intp]) -> None:
        self.X = X
        self.index = index

    def __len__(self) -> int:
        return len(self.index)


class Batches:
    """An iterable over float32 batches of rows on a device, all of about one size.

    Batches are gathered and converted as they are needed, so that no array of another type
    and no memory-mapped one is ever copied whole. A device other than the CPU gets all rows
    at once, before the first batch, if it has room for them.

    Parameters
    ----------
    rows : Rows
        The rows to go through.

    batch_size : int
        The largest size of a batch. The rows are spread evenly over the batches, so that
        the last one is not much smaller than the others.

    device : torch.device
        Where the batches are wanted.

    shuffle : bool, default=False
        Whether each pass takes the rows in a new order.
    """

    def __init__(
        self, rows: Rows, batch_size: int, device: torch.device, shuffle: bool = False
    ) -> None:
        self.rows = rows
        self.n_batches = math.ceil(len(rows) / batch_size)
        self.device = device
        self.shuffle = shuffle
        n_values = math.prod(rows.X.shape[1:])
        self.gathered_rows = max(1, GATHERED_VALUES // n_values)
        self.on_device = None
        if device.type != "cpu" and (
            4 * n_values * len(rows) < ROOM_FOR_ROWS * _free_bytes(device)
        ):
            self.on_device = torch.empty(
                len(rows), *rows.X.shape[1:], dtype=torch.float32, device=device
            )
            for start in range(0, len(rows), self.gathered_rows):
                gathered = rows.X[rows.index[start : start + self.gathered_rows]]
                self.on_device[start : start + self.gathered_rows] = _to_tensor(gathered)

    def __len__(self) -> int:
        return self.n_batches

    def __iter__(self) -> Iterator[torch.Tensor]:
        n_rows = len(self.rows)
        order = torch.randperm(n_rows) if self.shuffle else torch.arange(n_rows)
        if self.on_device is not None:
            for batch in order.to(self.device).tensor_split(self.n_batches):
                yield self.on_device[batch]
        else:
            indices = np.array_split(self.rows.index[order.numpy()], self.n_batches)
            step = max(1, self.gathered_rows // len(indices[0]))
            for first in range(0, self.n_batches, step):
                together = indices[first : first + step]
                gathered = _to_tensor(self.rows.X[np.concatenate(together)]).to(self.device)
                start = 0
                for index in together:
                    yield gathered[start : start + len(index)]
                    start += len(index)


def _free_bytes(device: torch.device) -> float:
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else math.inf


def _to_tensor(rows: NDArray[Any]) -> torch.Tensor:
    # What float32 cannot hold becomes infinite, and the loss tells.
    with np.errstate(over="ignore"):
        return torch.from_numpy(unit_floats(rows).astype(np.float32, copy=False))
