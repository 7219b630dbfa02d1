"""Which cells of rows are outliers."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skvae._sklearn import HasMethods, Interval, StrOptions, validate_params
from skvae.inspection._gains import Method, cell_gains
from skvae.inspection._variants import as_reference, as_rows
from skvae.thresholds import conformal_offset

__all__ = ["feature_outliers"]


@validate_params(
    {
        "estimator": [HasMethods("score_samples")],
        "false_positive_rate": [Interval(Real, 0, 1, closed="neither")],
        "method": [StrOptions({"replacement", "reconstruction"})],
    },
    prefer_skip_nested_validation=True,
)
def feature_outliers(
    estimator: Any,
    X: ArrayLike,
    X_normal: ArrayLike,
    *,
    false_positive_rate: float = 0.01,
    method: Method = "replacement",
) -> NDArray[np.bool_]:
    """Tell which cells of rows, or pixels of images, are beyond what normal rows show.

    Parameters
    ----------
    estimator : object
        A fitted detector with ``score_samples``, or a pipeline that ends in one.

    X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        The rows.

    X_normal : array-like of shape (n_normal, n_features) or (n_normal, ...)
        Normal rows that the detector was not fitted on, with the columns of ``X``. They set a
        threshold for each cell, and say what is usual where no network does.

    false_positive_rate : float, default=0.01
        The largest share of the cells of a column to be told in new normal rows, on average. It
        needs ``1 / false_positive_rate - 1`` normal rows.

    method : {'replacement', 'reconstruction'}, default='replacement'
        As in :func:`explain`: 'replacement' asks what the score gains when a cell is replaced,
        after the most telling one of the row; 'reconstruction' takes ``feature_scores``, in one
        pass where 'replacement' takes several for each cell.

    Returns
    -------
    is_outlier : ndarray of bool of the shape of X
        Whether a cell is an outlier.

    Warns
    -----
    UserWarning
        If the normal rows are too few for the rate.

    See Also
    --------
    explain : The most telling cells of each row, with what was expected.

    Examples
    --------
    >>> import numpy as np
    >>> from skvae import AEOutlierDetector
    >>> from skvae.inspection import feature_outliers
    >>> rng = np.random.RandomState(0)
    >>> X = rng.normal(size=(600, 1)) + 0.1 * rng.normal(size=(600, 3))
    >>> detector = AEOutlierDetector(random_state=0).fit(X[:400])
    >>> feature_outliers(detector, [[1.0, 1.0, -1.0]], X[400:])
    array([[False, False,  True]])
    """
    rows = as_rows(X)
    normal = as_reference(X_normal, rows, "X_normal")
    if not len(rows):
        return np.zeros(rows.shape, dtype=np.bool_)
    usual = cell_gains(estimator, normal, normal, method).remaining
    found = cell_gains(estimator, rows, normal, method).remaining
    # Of gains the high ones are odd. A missing cell is not.
    usual[np.isneginf(usual)] = 0.0
    is_outlier: NDArray[np.bool_] = -found < conformal_offset(-usual, false_positive_rate)
    return is_outlier.reshape(rows.shape)
