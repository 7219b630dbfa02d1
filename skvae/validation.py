"""Rows as numpy arrays, or scikit-learn's error."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn import config_context
from sklearn.utils.validation import validate_data

__all__ = ["validate_rows"]


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
    are_bytes = getattr(X, "dtype", None) == np.uint8 and np.ndim(X) > 2
    dtype: Any = np.uint8 if are_bytes else [np.float64, np.float32]
    # Batches are sliced from numpy arrays, whatever the rows were.
    with config_context(array_api_dispatch=False):
        return validate_data(estimator, X, y, dtype=dtype, allow_nd=True, **options)
