"""Which training rows are left out, so that they score as new rows do."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEW_ROWS", "folds", "held_out_rows", "n_held_out"]

# Of more rows than these a part says enough about all new ones.
FEW_ROWS = 5000
# A tenth of the rows, of few rows more, but never more than a third.
HELD_OUT_FRACTION, LARGEST_FRACTION = 1 / 10, 1 / 3
FEWEST_HELD_OUT, MOST_HELD_OUT = 300, 10_000


def folds(n_rows: int, n_folds: int, seed: int) -> NDArray[np.intp]:
    """Return the number of the fold of each row, drawn at random.

    Rows that follow one another in the order that ``seed`` draws are of different folds, so that
    folds remain of one size where the first of that order are set aside.
    """
    fold = np.empty(n_rows, dtype=np.intp)
    fold[np.random.RandomState(seed).permutation(n_rows)] = np.arange(n_rows) % n_folds
    return fold


def n_held_out(n_rows: int) -> int:
    """Return how many rows one network leaves out."""
    number = max(HELD_OUT_FRACTION * n_rows, min(FEWEST_HELD_OUT, LARGEST_FRACTION * n_rows))
    return max(1, min(int(number), MOST_HELD_OUT))


def held_out_rows(n_rows: int) -> NDArray[np.intp]:
    """Return the numbers of the rows that one network leaves out.

    They depend on nothing but how many rows there are, so that all detectors of an ensemble
    leave out the same ones.
    """
    random = np.random.default_rng(0)
    return np.sort(random.choice(n_rows, n_held_out(n_rows), replace=False, shuffle=False))
