"""From scores and an offset to answers, wherever the scores come from."""

from abc import ABCMeta, abstractmethod
from collections.abc import Callable
from numbers import Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.validation import check_is_fitted

from skvae._sklearn import Interval, StrOptions, validate_parameter_constraints
from skvae.files import checked, signed
from skvae.labels import is_outlier
from skvae.thresholds import (
    conformal_offset,
    conformal_p_values,
    labelled_offset,
    offset_from_scores,
)

SHARE = Interval(Real, 0, 0.5, closed="right")


class ThresholdDetector(OutlierMixin, BaseEstimator, metaclass=ABCMeta):
    """A detector whose outliers are the rows with a score below ``offset_``."""

    _parameter_constraints: dict = {
        "contamination": [StrOptions({"auto"}), SHARE],
        "threshold": [StrOptions({"auto", "training", "held_out"})],
    }

    # The parameters that change scores after a fit.
    _scored_by: ClassVar[tuple[str, ...]] = ()

    contamination: float | Literal["auto"]
    threshold: Literal["auto", "training", "held_out"]
    offset_: float
    held_out_scores_: NDArray[np.float64]
    held_out_indices_: NDArray[np.intp]

    @abstractmethod
    def score_samples(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return how normal each row is."""

    def calibrate(
        self,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        *,
        contamination: float | Literal["auto"] | None = None,
        false_positive_rate: float | None = None,
    ) -> Self:
        """Set the offset from rows that were not trained on, and change nothing else.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), default=None
            The rows. For the last step of a pipeline they are transformed first:
            ``pipeline[-1].calibrate(pipeline[:-1].transform(X))``. ``None`` means those that
            ``fit`` held out, and needs a ``false_positive_rate``.

        y : array-like of shape (n_samples,), default=None
            The labels of ``X``, if they are known: +1 for normal rows and -1 for outliers.

        contamination : 'auto' or float in (0, 0.5], default=None
            The share of outliers in ``X``, which are then below the offset, or 'auto' for
            those that are beyond the bulk. If nothing but ``X`` is given, it is the
            detector's own parameter.

        false_positive_rate : float in (0, 0.5], default=None
            The largest share of new normal rows to be below the offset, on average. All of
            ``X`` are then normal rows, or those that ``y`` says are.

        Returns
        -------
        self : object
            The detector with a new ``offset_``. With labels alone it is the one with the
            highest F1 for the outliers of ``X``.

        Raises
        ------
        ValueError
            If arguments do not go together, ``y`` has other labels or only one of them, or
            there are no rows and a parameter has changed the scores since ``fit``.

        Warns
        -----
        UserWarning
            If the rows are too few for the rate, or equal scores keep the number of outliers
            from what was asked for.
        """
        check_is_fitted(self)
        if contamination is not None and (false_positive_rate is not None or y is not None):
            other = "y" if false_positive_rate is None else "false_positive_rate"
            raise ValueError(f"calibrate takes contamination or {other}, but got both.")
        if X is None and (y is not None or false_positive_rate is None):
            raise ValueError("calibrate needs rows, X, or a false_positive_rate without labels.")
        if false_positive_rate is not None:
            self._validated({"false_positive_rate": false_positive_rate})
        elif y is None:
            contamination = self.contamination if contamination is None else contamination
            self._validated({"contamination": contamination})
        scores = self._known_held_out_scores() if X is None else self.score_samples(X)
        normal = np.ones(len(scores), dtype=np.bool_)
        if y is not None:
            labels = column_or_1d(y)
            check_consistent_length(scores, labels)
            normal = ~self._is_outlier(labels)
            if not normal.any() or (normal.all() and false_positive_rate is None):
                raise ValueError(
                    f"y has only the label {labels[0]}, but calibrate needs normal rows and "
                    "outliers. Without labels, leave y out."
                )
        if false_positive_rate is not None:
            offset = float(conformal_offset(scores[normal], false_positive_rate))
        elif contamination is not None:
            offset = self._offset(scores, contamination)
        else:
            offset = labelled_offset(scores, ~normal)
        self._set_offset(offset)
        return self

    def p_values(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return how often a normal row would score as low as each row.

        They are conformal p-values [1]_: the rank of the score among those of the rows that
        ``fit`` held out. Of new rows that are exchangeable with these, at most a share ``a`` has
        a p-value of at most ``a``, on average over fits. If there are outliers among the
        training rows, p-values are too large, and so on the safe side. To look for outliers in
        many rows at once, adjust the p-values first with
        :func:`scipy.stats.false_discovery_control`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            New rows. Those of ``fit`` were trained on, and get larger p-values than new ones.

        Returns
        -------
        p_values : ndarray of shape (n_samples,)
            Low for outliers, at most 1 and in steps of 1 / (number of held-out rows + 1),
            which is the lowest, too.

        Raises
        ------
        ValueError
            If a parameter has changed the scores since ``fit``.

        References
        ----------
        .. [1] S. Bates et al., "Testing for outliers with conformal p-values", The Annals of
           Statistics 51, 2023. :doi:`10.1214/22-AOS2244`
        """
        scores = self.score_samples(X)
        return conformal_p_values(self._known_held_out_scores(), scores)

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

        Raises
        ------
        ValueError
            If a parameter has changed the scores since the offset was set.
        """
        return self.score_samples(X) - self._known_offset()

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

    def _set_threshold(
        self,
        held_out_indices: NDArray[np.intp],
        held_out_scores: NDArray[np.float64],
        training_scores: Callable[[], NDArray[np.float64]],
    ) -> None:
        self.held_out_indices_, self.held_out_scores_ = held_out_indices, held_out_scores
        self._held_out_by = self._score_parameters()
        if self.threshold == "training" or (
            self.threshold == "auto" and self.contamination != "auto"
        ):
            offset = self._offset(training_scores(), self.contamination)
        elif self.contamination == "auto":
            offset = self._offset(held_out_scores, self.contamination)
        else:
            offset = float(conformal_offset(held_out_scores, self.contamination))
        self._set_offset(offset)

    def _number_held_out(self, numbers: NDArray[np.intp]) -> None:
        """Tell which rows were held out, by the numbers that learned rows have in ``X``."""
        held_out = numbers[self.held_out_indices_]
        order = np.argsort(held_out, kind="stable")
        self.held_out_indices_ = held_out[order]
        self.held_out_scores_ = self.held_out_scores_[order]

    def _is_outlier(self, y: NDArray[Any]) -> NDArray[np.bool_]:
        return is_outlier(y)

    def _set_offset(self, offset: float) -> None:
        self.offset_, self._offset_by = offset, self._score_parameters()

    def _known_offset(self) -> float:
        self._check_scores(self._offset_by, "offset_ is", "Call calibrate with other rows")
        return self.offset_

    def _known_held_out_scores(self) -> NDArray[np.float64]:
        self._check_scores(self._held_out_by, "held_out_scores_ are", "Fit again")
        return self.held_out_scores_

    def _score_parameters(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._scored_by}

    def _check_scores(self, known: dict[str, Any], what: str, remedy: str) -> None:
        now = self._score_parameters()
        for name, value in known.items():
            if value != now[name]:
                raise ValueError(
                    f"{what} of scores by {name}={value!r}, which is now {now[name]!r}. "
                    f"{remedy}, or set the parameter back."
                )

    def _offset(self, scores: NDArray[np.float64], contamination: float | Literal["auto"]) -> float:
        return offset_from_scores(scores, contamination)

    def __getstate__(self) -> dict[str, Any]:
        return signed(self._state())

    def _state(self) -> dict[str, Any]:
        return dict(super().__getstate__())

    def __setstate__(self, state: dict[str, Any]) -> None:
        name = type(self).__name__
        state = checked(state, name)
        offset = state.get("offset_", 0.0)
        if not isinstance(offset, Real) or not np.isfinite(float(offset)):
            raise ValueError(
                f"This {name} was changed after it was saved: offset_ is {offset!r}, and no finite "
                "number."
            )
        super().__setstate__(state)

    def _validated(self, parameters: dict[str, Any]) -> dict[str, Any]:
        # They can be set after fit, which validates all of them.
        known = {**self._parameter_constraints, "false_positive_rate": [SHARE]}
        constraints = {name: known[name] for name in parameters}
        validate_parameter_constraints(constraints, parameters, caller_name=type(self).__name__)
        return parameters
