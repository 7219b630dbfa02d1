"""How often each training row counts, and in which order rows are learned."""

from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from skvae._sklearn import check_sample_weight

__all__ = ["in_order", "rows_by_weight"]

# Beyond it whole weights would make a table of another size, and count no rows any more.
MOST_REPEATS = 10


def rows_by_weight(
    X: Any, sample_weight: ArrayLike | None, random_state: int | RandomState | None
) -> NDArray[np.intp] | None:
    """Return the numbers of the rows of ``X``, each as often as its weight says.

    Whole weights say how often. Others, and large ones, are scaled to a mean of 1 first. Then
    the sums of the weights up to each row are rounded, from a beginning drawn at random, so that
    each row comes as often as its weight says, rounded up or down.

    Without weights it is ``None``.
    """
    if sample_weight is None:
        return None
    weights = check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    if not weights.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    times = np.rint(weights)
    if (times != weights).any() or weights.mean() > MOST_REPEATS:
        # Divided by the largest first, since a sum of large ones may be infinite.
        sums = np.cumsum(weights / weights.max())
        sums *= len(weights) / sums[-1]
        start = check_random_state(random_state).uniform()
        times = np.diff(np.floor(sums + start), prepend=0.0)
    return np.repeat(np.arange(len(weights)), times.astype(np.intp))


def in_order(keys: NDArray[Any]) -> NDArray[np.intp]:
    """Return the numbers of rows sorted by their first key, and where it is equal by the next."""
    order: NDArray[np.intp] = np.lexsort(keys.T[::-1])
    return order
