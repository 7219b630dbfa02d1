"""Batches with a known share of outliers."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_consistent_length, check_random_state

from skvae._sklearn import Interval, safe_indexing, validate_params
from skvae.labels import is_outlier


@validate_params(
    {
        "X": ["array-like"],
        "y": ["array-like"],
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "contamination": [Interval(Real, 0, 1, closed="both")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_outlier_batch(
    X: Any,
    y: ArrayLike,
    n_samples: int = 1000,
    contamination: float = 0.05,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[Any, NDArray[np.int_]]:
    """Draw a batch of rows with a given share of outliers.

    Parameters
    ----------
    X : array-like or dataframe of shape (n_rows, ...)
        The rows to draw from.

    y : array-like of shape (n_rows,)
        +1 for normal rows, -1 for outliers.

    n_samples : int, default=1000
        The number of rows to draw, without replacement.

    contamination : float in [0, 1], default=0.05
        The share of outliers among them, rounded to whole rows.

    random_state : int, RandomState instance or None, default=None
        Governs the draw and the order of the rows.

    Returns
    -------
    X_batch : array-like or dataframe of shape (n_samples, ...)
        The rows, of the type of ``X``.

    y_batch : ndarray of shape (n_samples,) of int
        Their labels.

    Raises
    ------
    ValueError
        If there are not enough rows of a kind, or ``y`` has other values.

    Examples
    --------
    >>> from skvae.datasets import load_kddcup99_sample, make_outlier_batch
    >>> X, y = load_kddcup99_sample(return_X_y=True)
    >>> X_batch, y_batch = make_outlier_batch(
    ...     X, y, n_samples=200, contamination=0.1, random_state=0
    ... )
    >>> X_batch.shape, int((y_batch == -1).sum())
    ((200, 18), 20)
    """
    check_consistent_length(X, y)
    outlier = is_outlier(y)
    rng = check_random_state(random_state)
    n_outliers = round(n_samples * contamination)
    index = []
    n_normal = n_samples - n_outliers
    for rows, n_wanted, kind in [
        (~outlier, n_normal, "normal rows"),
        (outlier, n_outliers, "outliers"),
    ]:
        candidates = np.flatnonzero(rows)
        if n_wanted > len(candidates):
            raise ValueError(
                f"n_samples={n_samples} with contamination={contamination} needs {n_wanted} "
                f"{kind}, but there are only {len(candidates)}."
            )
        index.append(rng.choice(candidates, n_wanted, replace=False))
    index = rng.permutation(np.concatenate(index))
    return safe_indexing(X, index), np.where(outlier[index], -1, 1)
