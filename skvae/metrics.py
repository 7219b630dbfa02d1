"""Scorers for searches, in which the outliers, labelled -1, are the class to find."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import average_precision_score, f1_score, make_scorer, roc_auc_score

from skvae.labels import is_outlier

__all__ = [
    "LabelsError",
    "average_precision_scorer",
    "f1_scorer",
    "outlier_average_precision_score",
    "outlier_f1_score",
    "outlier_roc_auc_score",
    "roc_auc_scorer",
]


class LabelsError(BaseException):
    """Raised by scorers for labels other than +1 and -1, and ends a search at once.

    It is no :class:`Exception`, of which a search would make the score nan, and go on to choose
    the first candidate.
    """


def outlier_average_precision_score(
    y_true: ArrayLike, decision: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Compute the average precision with which low values find outliers.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        +1 for normal rows, -1 for outliers.

    decision : array-like of shape (n_samples,)
        Values of ``decision_function`` or ``score_samples``: higher is more normal.

    sample_weight : array-like of shape (n_samples,), default=None
        How much each row counts.

    Returns
    -------
    score : float
        Between 0 and 1; the share of outliers for random values.

    Examples
    --------
    >>> from skvae.metrics import outlier_average_precision_score
    >>> outlier_average_precision_score([1, -1, 1, 1], [0.2, -0.3, 0.5, 0.1])
    1.0
    """
    return float(
        average_precision_score(
            is_outlier(y_true), -np.asarray(decision), sample_weight=sample_weight
        )
    )


def outlier_roc_auc_score(
    y_true: ArrayLike, decision: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Compute the probability that an outlier has a lower value than a normal row.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        +1 for normal rows, -1 for outliers.

    decision : array-like of shape (n_samples,)
        Values of ``decision_function`` or ``score_samples``: higher is more normal.

    sample_weight : array-like of shape (n_samples,), default=None
        How much each row counts.

    Returns
    -------
    score : float
        Between 0 and 1; 0.5 for random values. NaN, with scikit-learn's warning, if
        ``y_true`` has one kind of rows only.

    Examples
    --------
    >>> from skvae.metrics import outlier_roc_auc_score
    >>> outlier_roc_auc_score([1, -1, 1, 1], [0.2, 0.1, 0.5, 0.0])
    0.6666666666666667
    """
    return float(
        roc_auc_score(is_outlier(y_true), -np.asarray(decision), sample_weight=sample_weight)
    )


def outlier_f1_score(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    """Compute the F1 score of the outliers.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        +1 for normal rows, -1 for outliers.

    y_pred : array-like of shape (n_samples,)
        The same, as predicted.

    sample_weight : array-like of shape (n_samples,), default=None
        How much each row counts.

    Returns
    -------
    score : float
        Between 0 and 1.

    Examples
    --------
    >>> from skvae.metrics import outlier_f1_score
    >>> outlier_f1_score([1, -1, 1, -1], [1, -1, 1, 1])
    0.6666666666666666
    """
    return float(f1_score(is_outlier(y_true), is_outlier(y_pred), sample_weight=sample_weight))


class _Strict:
    """A metric that ends a search if the labels are wrong."""

    def __init__(self, metric: Callable[..., float]) -> None:
        self.metric = metric
        self.__name__ = metric.__name__

    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        try:
            is_outlier(y_true)
        except ValueError as error:
            raise LabelsError(str(error)) from None
        return self.metric(y_true, y_pred, sample_weight=sample_weight)


#: :func:`~skvae.metrics.outlier_average_precision_score` for the argument ``scoring`` of a
#: search. It compares rankings, whatever the threshold.
average_precision_scorer = make_scorer(
    _Strict(outlier_average_precision_score), response_method="decision_function"
)
#: :func:`~skvae.metrics.outlier_roc_auc_score` for the argument ``scoring`` of a search. It
#: compares rankings, whatever the threshold.
roc_auc_scorer = make_scorer(_Strict(outlier_roc_auc_score), response_method="decision_function")
#: :func:`~skvae.metrics.outlier_f1_score` for the argument ``scoring`` of a search. It is the one
#: that looks at the threshold.
f1_scorer = make_scorer(_Strict(outlier_f1_score))
