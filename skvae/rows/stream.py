"""What is remembered of the rows of a stream."""

from typing import Any, Self

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

__all__ = ["Remembered"]


class Remembered:
    """Rows of a stream: all of them until there are too many, and then each in place of another.

    The other is drawn at random, so that a row of a full memory is forgotten after as many further
    rows as the memory holds, on average.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, ...)
        The rows.

    numbers : ndarray of int of shape (n_rows,)
        Their numbers in the stream.
    """

    def __init__(self, rows: NDArray[Any], numbers: NDArray[np.intp]) -> None:
        self.rows = rows
        self.numbers = numbers

    @classmethod
    def nothing(cls, row_shape: tuple[int, ...], dtype: Any) -> Self:
        """Return what is remembered of no rows."""
        return cls(np.empty((0, *row_shape), dtype=dtype), np.empty(0, dtype=np.intp))

    def __len__(self) -> int:
        return len(self.numbers)

    def and_also(
        self, rows: NDArray[Any], numbers: NDArray[np.intp], capacity: int, random: RandomState
    ) -> "Remembered":
        """Return what is remembered after further rows."""
        n_free = max(0, capacity - len(self))
        kept = np.concatenate([self.rows, rows[:n_free]])
        kept_numbers = np.concatenate([self.numbers, numbers[:n_free]])
        places = random.randint(len(kept), size=len(rows[n_free:]))
        # Of several rows for one place the last one stays.
        last = {place: k for k, place in enumerate(places.tolist(), start=n_free)}
        where, which = list(last), list(last.values())
        kept[where], kept_numbers[where] = rows[which], numbers[which]
        return Remembered(kept, kept_numbers)
