"""From scores and an offset to answers, wherever the scores come from."""

from abc import ABCMeta, abstractmethod
from numbers import Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted

from skvae._sklearn import Interval, StrOptions, validate_parameter_constraints
from skvae.thresholds import offset_from_scores


class ThresholdDetector(OutlierMixin, BaseEstimator, metaclass=ABCMeta):
    """A detector whose outliers are the rows with a score below ``offset_``."""

    _parameter_constraints: dict = {
        "contamination": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right")],
    }

    contamination: float | Literal["auto"]
    offset_: float

    @abstractmethod
    def score_samples(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return how normal each row is."""

    def calibrate(
        self, X: ArrayLike, *, contamination: float | Literal["auto"] | None = None
    ) -> Self:
        """Set the offset from other rows than those of ``fit``, without training.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows with a share of outliers that is known, or can be assumed.

        contamination : 'auto' or float in (0, 0.5], default=None
            The share of outliers in ``X``, or ``None`` for the detector's own parameter,
            as it is now.

        Returns
        -------
        self : object
            The detector with a new ``offset_``.
        """
        check_is_fitted(self)
        if contamination is None:
            contamination = self.contamination
        self._validated({"contamination": contamination})
        self.offset_ = self._offset(self.score_samples(X), contamination)
        return self

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the scores less the offset.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        decision : ndarray of shape (n_samples,)
            Negative for outliers, zero and more for normal rows.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: ArrayLike) -> NDArray[np.int_]:
        """Tell outliers from normal rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        is_inlier : ndarray of shape (n_samples,) of int
            -1 for outliers, +1 for normal rows.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def _offset(self, scores: NDArray[np.float64], contamination: float | Literal["auto"]) -> float:
        return offset_from_scores(scores, contamination)

    def _validated(self, parameters: dict[str, Any]) -> dict[str, Any]:
        # They can be set after fit, which validates all of them.
        constraints = {name: self._parameter_constraints[name] for name in parameters}
        validate_parameter_constraints(constraints, parameters, caller_name=type(self).__name__)
        return parameters
