"""Batches of rows for training, sliced from one array without a loader in between."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

__all__ = ["Batches", "Rows"]


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

    The CPU gathers and converts each batch as it is needed, so that neither a float64
    nor a memory-mapped array is ever copied whole. Another device gets all rows at once.

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
        self.on_device = None
        if device.type != "cpu":
            self.on_device = _to_tensor(rows.X[rows.index]).to(device)

    def __len__(self) -> int:
        return self.n_batches

    def __iter__(self) -> Iterator[torch.Tensor]:
        n_rows = len(self.rows)
        order = torch.randperm(n_rows) if self.shuffle else torch.arange(n_rows)
        if self.on_device is not None:
            for batch in order.to(self.device).tensor_split(self.n_batches):
                yield self.on_device[batch]
        else:
            for batch in order.tensor_split(self.n_batches):
                yield _to_tensor(self.rows.X[self.rows.index[batch.numpy()]])


def _to_tensor(rows: NDArray[Any]) -> torch.Tensor:
    # What float32 cannot hold becomes infinite, and the loss tells.
    with np.errstate(over="ignore"):
        return torch.from_numpy(rows.astype(np.float32, copy=False))
