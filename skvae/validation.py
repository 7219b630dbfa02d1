"""Rows as numpy arrays of floats, or scikit-learn's error."""

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

    X : array-like of shape (n_samples, n_features)
        The rows.

    y : array-like of shape (n_samples,), optional
        The labels.

    **options : dict
        Further arguments of :func:`sklearn.utils.validation.validate_data`.

    Returns
    -------
    X : ndarray of float64 or float32
        The rows. With ``y`` a pair of rows and labels.
    """
    # Batches are sliced from numpy arrays, whatever the rows were.
    with config_context(array_api_dispatch=False):
        return validate_data(estimator, X, y, dtype=[np.float64, np.float32], **options)
