"""The rows that training sees: each as often as it weighs, in an order of their own."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from skvae._sklearn import check_sample_weight, safe_indexing
from skvae.rows.frames import is_frame, kind_of, numbers_in, words_in
from skvae.rows.held_out import FEW_ROWS

__all__ = ["WIDEST_TABLE", "in_given_order", "training_rows"]

# Wider rows are more often curves, or images without their shape.
WIDEST_TABLE = 200
# Weights with a larger mean do not count rows, but say how much each matters.
MOST_REPEATS = 10
# Weights that are as near to whole numbers as this are whole.
ROUNDING = 1e-9

_KEEPS_ORDER: ContextVar[bool] = ContextVar("_KEEPS_ORDER", default=False)


@contextmanager
def in_given_order() -> Iterator[None]:
    """Let rows keep their order within this context: it is that of a stream, or sorted already."""
    token = _KEEPS_ORDER.set(True)
    try:
        yield
    finally:
        _KEEPS_ORDER.reset(token)


def training_rows(
    X: Any,
    sample_weight: ArrayLike | None,
    random_state: int | RandomState | None,
    labels: NDArray[Any] | None = None,
) -> tuple[Any, NDArray[np.intp]]:
    """Return rows to learn from.

    Few rows with few values are sorted, so that their order makes no difference.

    Parameters
    ----------
    X : array or frame of shape (n_samples, ...)
        All rows.

    sample_weight : array-like of shape (n_samples,) or None
        Whole weights say how often rows come. Others, and large ones, are scaled to a mean of 1
        first. Then the sums of the weights up to each row are rounded, from a beginning drawn at
        random. So each row comes as often as it weighs, rounded up or down.

    random_state : int, RandomState or None
        The source of the beginning.

    labels : ndarray of shape (n_samples,), default=None
        What tells rows apart that are else equal.

    Returns
    -------
    rows : array or frame
        Those of ``X`` themselves, if all come once and in their order.

    numbers : ndarray of int
        The numbers that the rows have in ``X``.
    """
    n_rows = len(X)
    weights = None
    n_learned = n_rows
    if sample_weight is not None:
        weights = _scaled(check_sample_weight(sample_weight, X, dtype=np.float64))
        n_learned = round(weights.sum())
    order = None
    if n_learned <= FEW_ROWS and math.prod(X.shape[1:]) <= WIDEST_TABLE and not _KEEPS_ORDER.get():
        order = _order(X, labels)
    if order is None:
        if weights is None:
            return X, np.arange(n_rows)
        order = np.arange(n_rows)
    if weights is not None:
        order = np.repeat(order, _times(weights[order], random_state))
    return (safe_indexing(X, order) if is_frame(X) else X[order]), order


def _scaled(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights that are whole, or have a mean of 1."""
    if (weights < 0).any():
        raise ValueError(f"sample_weight holds {weights.min()}, but weights are 0 or more.")
    largest = weights.max()
    if largest == 0:
        # Older versions of scikit-learn let them pass.
        raise ValueError("Sample weights must contain at least one non-zero number.")
    times = np.rint(weights)
    if np.allclose(weights, times, rtol=ROUNDING, atol=0) and np.mean(weights / largest) <= (
        MOST_REPEATS / largest
    ):
        return times
    # Divided by the largest, since a sum of large ones may be infinite.
    weights = weights / largest
    scaled: NDArray[np.float64] = weights * (len(weights) / weights.sum())
    return scaled


def _times(
    weights: NDArray[np.float64], random_state: int | RandomState | None
) -> NDArray[np.intp]:
    if (weights != np.rint(weights)).any():
        sums = np.cumsum(weights)
        # The last sum is the number of rows but for rounding.
        sums[-1] = len(weights)
        start = check_random_state(random_state).uniform()
        weights = np.diff(np.floor(sums + start), prepend=0.0)
    return weights.astype(np.intp)


def _order(X: Any, labels: NDArray[Any] | None) -> NDArray[np.intp] | None:
    """Return the numbers of rows sorted by their first value, and where it is equal by the next."""
    try:
        if is_frame(X) or X.dtype.kind == "O":
            keys = [_key(X, j) for j in range(X.shape[1])]
        else:
            keys = list(X.reshape(len(X), -1).T)
        order: NDArray[np.intp] = np.lexsort([*([] if labels is None else [labels]), *keys[::-1]])
    except (OverflowError, TypeError, ValueError):
        # They are refused later, by name.
        return None
    return order


def _key(X: Any, j: int) -> NDArray[Any]:
    column = safe_indexing(X, j, axis=1)
    if kind_of(X, j) == "numbers":
        return numbers_in(column)
    # Any order will do.
    return np.unique(words_in(column).astype(str), return_inverse=True)[1]
