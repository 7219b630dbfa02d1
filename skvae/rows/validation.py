"""Rows as numpy arrays, or scikit-learn's error."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn import config_context
from sklearn.utils.validation import validate_data

from skvae.rows.images import whole_numbers_as_bytes

__all__ = ["validate_fitted_rows", "validate_rows"]


def validate_rows(estimator: Any, X: ArrayLike, y: Any = "no_validation", **options: Any) -> Any:
    """Validate rows, and labels if there are any, as scikit-learn does.

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
    if isinstance(X, np.ndarray):
        X = whole_numbers_as_bytes(X)
    are_bytes = isinstance(X, np.ndarray) and X.dtype == np.uint8 and X.ndim > 2
    dtype: Any = np.uint8 if are_bytes else [np.float64, np.float32]
    # Batches are sliced from numpy arrays, whatever the rows were.
    with config_context(array_api_dispatch=False):
        return validate_data(estimator, X, y, dtype=dtype, allow_nd=True, **options)


def validate_fitted_rows(estimator: Any, X: ArrayLike, row_shape: tuple[int, ...]) -> Any:
    """Validate rows, and that they have the shape of those in ``fit``."""
    # Of images scikit-learn would compare the heights alone.
    are_images = len(row_shape) > 1 or len(getattr(X, "shape", ())) > 2
    rows = X if are_images else validate_rows(estimator, X, reset=False)
    shape = np.shape(rows)[1:]
    if shape != row_shape:
        raise ValueError(
            f"X has rows of shape {shape}, but {type(estimator).__name__} was fitted on rows of "
            f"shape {row_shape}."
        )
    return validate_rows(estimator, X, reset=False) if are_images else rows
