"""Rows as numpy arrays, or scikit-learn's error."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import config_context
from sklearn.utils.validation import validate_data

__all__ = ["check_row_shape", "validate_rows"]


def validate_rows(estimator: Any, X: ArrayLike, y: Any = "no_validation", **options: Any) -> Any:
    """Validate rows, and labels if there are any.

    Parameters
    ----------
    estimator : object
        Whose number and names of features the rows must have, or sets.

    X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        The rows.

    y : array-like of shape (n_samples,), optional
        The labels.

    **options : dict
        Further arguments of :func:`sklearn.utils.validation.validate_data`.

    Returns
    -------
    X : ndarray of float64 or float32, or of uint8 with three dimensions or more
        The rows. With ``y`` a pair of rows and labels.
    """
    if isinstance(X, list | tuple) or getattr(X, "ndim", 2) > 2:
        X = np.asarray(X)
    are_bytes = isinstance(X, np.ndarray) and X.dtype == np.uint8 and X.ndim > 2
    dtype: Any = np.uint8 if are_bytes else [np.float64, np.float32]
    # Batches are sliced from numpy arrays, whatever the rows were.
    with config_context(array_api_dispatch=False):
        return validate_data(estimator, X, y, dtype=dtype, allow_nd=True, **options)


def check_row_shape(estimator: Any, X: NDArray[Any], expected: tuple[int, ...]) -> None:
    """Raise an error unless rows have the shape of those in ``fit``."""
    if X.shape[1:] != expected:
        raise ValueError(
            f"X has rows of shape {X.shape[1:]}, but {type(estimator).__name__} was fitted on rows "
            f"of shape {expected}."
        )
