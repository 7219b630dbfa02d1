"""The detector that learns from labelled outliers."""

import warnings
from numbers import Integral, Real
from typing import Any, Literal, Self

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from sklearn import config_context
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array, check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skvae._sklearn import HasMethods, Interval, fit_context
from skvae.detectors._ae import AEOutlierDetector
from skvae.detectors._threshold import ThresholdDetector
from skvae.failures import undone_on_failure
from skvae.features import DifferenceHistogram, ReconstructionDifference
from skvae.labels import is_outlier
from skvae.rows import training_rows, validate_rows
from skvae.seeding import seeded_clone
from skvae.thresholds import offset_from_scores

# A classifier needs sharper reconstructions than the detector's own defaults give of curves.
LR, MAX_STEPS = 4e-3, 4000
N_FOLDS = 5
N_DIGITS = 12


def _scores_as_new_rows(
    classifier: Any, histograms: NDArray[Any], labels: NDArray[np.int_]
) -> NDArray[np.float64]:
    """Return the scores of rows by classifiers that learned from the others.

    Where a label is too rare to leave any of its rows out, they are those of the classifier.
    """
    proba = hasattr(classifier, "predict_proba")
    method = "predict_proba" if proba else "decision_function"
    _, counts = np.unique(labels, return_counts=True)
    n_folds = min(N_FOLDS, *counts)
    scores = None
    if n_folds > 1:
        y = labels if len(counts) > 1 else None
        try:
            scores = cross_val_predict(classifier, histograms, y, cv=n_folds, method=method)
        except ValueError as error:
            warnings.warn(
                f"{type(classifier).__name__} cannot be fitted to a part of the {len(labels)} rows "
                f"({error}). So held-out scores, and p-values with them, are those of rows that it "
                "has learned.",
                stacklevel=2,
            )
    if scores is None:
        scores = getattr(classifier, method)(histograms)
    return scores[:, 1].astype(np.float64) if proba else _decisions(classifier, scores)


def _decisions(classifier: Any, decisions: NDArray[Any]) -> NDArray[np.float64]:
    decisions = decisions.astype(np.float64)
    # Two forests of equal rows differ in the last digits.
    return decisions.round(N_DIGITS) if isinstance(classifier, IsolationForest) else decisions


def _has_predict_proba(detector: "ReconstructionHistogramClassifier") -> bool:
    if hasattr(detector, "pipeline_"):
        return hasattr(detector.pipeline_[-1], "predict_proba")
    return detector.classifier is None or hasattr(detector.classifier, "predict_proba")


class ReconstructionHistogramClassifier(ThresholdDetector):
    """Outlier detector that learns from labels which reconstruction errors matter.

    A network is trained on normal rows only. The signed differences between other rows and
    their reconstructions become one histogram for each row, and a classifier learns to tell
    the histograms of normal rows from those of outliers. A histogram forgets where the
    differences were: a few labelled outliers are enough, and a bump is found wherever it is.

    Five parameters matter most: ``detector`` and ``classifier`` do the work, ``bins`` sets how
    finely the differences are sorted, ``held_out_fraction`` what the classifier learns from,
    and ``random_state`` makes it repeatable.

    Parameters
    ----------
    detector : object, default=None
        The detector with ``reconstruct``. ``None`` means an
        :class:`~skvae.AEOutlierDetector` with a learning rate of 4e-3 and 4,000 steps, which
        hides nothing and leaves out no rows of a step.

    classifier : object, default=None
        The classifier, with ``predict_proba`` or ``decision_function``. ``None`` means a
        :class:`~sklearn.ensemble.RandomForestClassifier`.

    bins : int or str, default=10
        The number of bins, or a rule: see :class:`~skvae.features.DifferenceHistogram`.

    held_out_fraction : float in (0, 1), default=0.2
        The share of the normal rows that the detector is not fitted to. The classifier
        learns from them and all outliers, since the network reconstructs the rows that it was
        trained on better than new ones. So the classifier sees a larger share of outliers than
        there is in ``X``, and finds more of them at the price of more false alarms.

    random_state : int, RandomState instance or None, default=None
        Governs which rows are held out, and the detector and the classifier where they
        have no random state of their own.

    Other Parameters
    ----------------
    range : tuple of two floats or float in (0, 1], default=0.99
        The limits of the histograms, or the share of the differences that lies between
        them.

    outlier_label : int or str, default=-1
        The label of outliers in ``y``. With -1, normal rows must have +1; with another
        one, all other labels are those of normal rows.

    contamination : 'auto' or float in (0, 0.5], default='auto'
        The share of outliers, which sets the offset. 'auto' is a probability of 0.5, or a
        decision function of 0. Without labels, it is the same as in
        :class:`~skvae.AEOutlierDetector`.

    threshold : {'auto', 'training', 'held_out'}, default='auto'
        Which rows set the offset. With 'training' it is ``contamination`` of the training rows.
        With 'held_out' it is at most ``contamination`` of new normal rows, which the scores of
        held-out rows tell, see ``calibrate``. 'auto' is 'held_out' for
        ``contamination='auto'``, and 'training' for a number, as in scikit-learn.

    Attributes
    ----------
    offset_ : float
        The threshold: ``decision_function = score_samples - offset_``.

    held_out_scores_ : ndarray of shape (n_held_out,)
        The scores that some or all training rows have as new rows, from models that did not
        learn them.

    held_out_indices_ : ndarray of shape (n_held_out,) of int
        Which training rows these are.

    pipeline_ : Pipeline
        The fitted steps 'difference', 'histogram' and 'classifier'. Without its last step
        it makes histograms of rows: ``pipeline_[:-1].transform(X)``.

    detector_ : object
        The fitted detector.

    classes_ : ndarray of shape (2,)
        The labels of the columns of ``predict_proba``: -1 and 1.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during :term:`fit`. Defined only when `X` has feature
        names that are all strings.

    See Also
    --------
    skvae.features.ReconstructionDifference : The first step, for pipelines of your own.
    AEOutlierDetector : Needs no labels.

    Notes
    -----
    Without labels, an :class:`~sklearn.ensemble.IsolationForest` is used instead of the
    classifier: it needs no covariance, which is singular for counts with a constant sum.
    Compare with the score of the detector itself.

    Use ``cv=StratifiedKFold(shuffle=True)`` in searches, so that each fold has outliers. Where
    labels other than +1 and -1 come with an ``outlier_label``, ``predict`` still gives +1 and
    -1, and only ``score`` compares them: scikit-learn's ``roc_auc`` would be inverted. Use
    ``1 - 2 * y`` before a search.

    Examples
    --------
    >>> from skvae import ReconstructionHistogramClassifier
    >>> from skvae.datasets import make_bumps
    >>> X, y = make_bumps(500, 50, random_state=0)
    >>> X_new, y_new = make_bumps(100, 100, random_state=1)
    >>> detector = ReconstructionHistogramClassifier(random_state=0).fit(X, y)
    >>> round(detector.score(X_new, y_new), 1)
    0.9
    """

    _parameter_constraints: dict = {
        **ThresholdDetector._parameter_constraints,
        "detector": [HasMethods(["fit", "reconstruct"]), None],
        "classifier": [
            HasMethods(["fit", "predict_proba"]),
            HasMethods(["fit", "decision_function"]),
            None,
        ],
        **DifferenceHistogram._parameter_constraints,
        "held_out_fraction": [Interval(Real, 0, 1, closed="neither")],
        "outlier_label": [Integral, str],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        detector: Any = None,
        classifier: Any = None,
        bins: int | str = 10,
        range: float | tuple[float, float] = 0.99,
        held_out_fraction: float = 0.2,
        outlier_label: int | str = -1,
        contamination: float | Literal["auto"] = "auto",
        threshold: Literal["auto", "training", "held_out"] = "auto",
        random_state: int | RandomState | None = None,
    ) -> None:
        self.detector = detector
        self.classifier = classifier
        self.bins = bins
        self.range = range
        self.held_out_fraction = held_out_fraction
        self.outlier_label = outlier_label
        self.contamination = contamination
        self.threshold = threshold
        self.random_state = random_state

    # The detector and the classifier are validated by their own fits.
    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train the network on normal rows, and the classifier on what it has not seen.

        If it fails or is interrupted, the detector is left as it was before.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The training rows.

        y : array-like of shape (n_samples,), default=None
            The labels: +1 for normal rows, -1 for outliers, or as ``outlier_label`` says.
            With ``None`` all rows count as normal.

        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts. Whole numbers say how often: a row with a weight of 2 is
            there twice, and one with 0 is left out. Other weights, and those with a mean above
            10, are scaled to a mean of 1, and rounded up or down at random.

        Returns
        -------
        self : object
            The fitted detector.

        Raises
        ------
        ValueError
            If ``y`` has other labels, no outlier, or less than three normal rows.
        FloatingPointError
            If the training diverges.
        """
        with undone_on_failure(self):
            if y is None:
                rows = validate_rows(self, X, reset=True, ensure_min_samples=3)
                outlier = np.zeros(len(rows), dtype=np.bool_)
            else:
                rows, labels = validate_rows(self, X, y, reset=True, ensure_min_samples=2)
                outlier = self._is_outlier(labels)
            rows, numbers = training_rows(rows, sample_weight, self.random_state, outlier)
            outlier = outlier[numbers]
            if y is not None and not outlier.any():
                found = np.unique(labels[numbers])[:5].tolist()
                raise ValueError(
                    f"y has no outlier to learn from: {self.outlier_label!r} is not among its "
                    f"labels, {found}. Without labels, leave y out."
                )
            self._fit(rows, outlier)
            self._number_held_out(numbers)
        return self

    def _fit(self, X: NDArray[Any], outlier: NDArray[np.bool_]) -> None:
        rng = check_random_state(self.random_state)
        normal = rng.permutation(np.flatnonzero(~outlier))
        n_held_out = min(max(1, round(self.held_out_fraction * len(normal))), len(normal) - 2)
        if n_held_out < 1:
            raise ValueError(
                f"y has {len(normal)} normal rows, but at least 3 are needed: two to train the "
                "detector, and one to be held out for the classifier."
            )
        odd = rng.permutation(np.flatnonzero(outlier))
        trained, others = normal[n_held_out:], np.r_[normal[:n_held_out], odd]
        detector, classifier = self.detector, self.classifier
        if detector is None:
            detector = AEOutlierDetector(
                standardize=False,
                masked_fraction=0.0,
                lr=LR,
                max_steps=MAX_STEPS,
                support_fraction=1.0,
            )
        if not outlier.any():
            classifier = IsolationForest()
        elif classifier is None:
            classifier = RandomForestClassifier()
        difference = ReconstructionDifference(seeded_clone(detector, rng))
        # Fitted to one row, only to find a bad range before the training.
        histogram = DifferenceHistogram(bins=self.bins, range=self.range).fit(X[:1])
        classifier = seeded_clone(classifier, rng)
        with config_context(transform_output="default"):
            difference.fit(X[trained])
            differences = difference.transform(X[others])
            histograms = histogram.fit(differences).transform(differences)
            labels = np.where(outlier[others], -1, 1)
            classifier.fit(histograms, labels)
            as_new = _scores_as_new_rows(classifier, histograms, labels)
        self.pipeline_ = Pipeline(
            [("difference", difference), ("histogram", histogram), ("classifier", classifier)]
        )
        self.classes_ = np.array([-1, 1])
        self._set_threshold(
            others[:n_held_out], as_new[:n_held_out], lambda: self._score_samples(X)
        )

    def fit_predict(
        self,
        X: ArrayLike,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> NDArray[np.int_]:
        """Fit, and tell outliers from normal rows among the training rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The training rows.

        y : array-like of shape (n_samples,), default=None
            As in ``fit``.

        sample_weight : array-like of shape (n_samples,), default=None
            As in ``fit``.

        Returns
        -------
        is_inlier : ndarray of shape (n_samples,) of int
            -1 for outliers, +1 for normal rows.
        """
        return self.fit(X, y, sample_weight).predict(X)

    @property
    def detector_(self) -> Any:
        """The fitted detector."""
        return self.pipeline_["difference"].detector_

    def score_samples(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return how normal each row is.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            The higher, the more normal: the probability of +1, or the decision function of
            a classifier without probabilities, or, fitted without labels, that of the
            IsolationForest.
        """
        check_is_fitted(self)
        return self._score_samples(validate_rows(self, X, reset=False))

    def _score_samples(self, X: NDArray[Any]) -> NDArray[np.float64]:
        with config_context(transform_output="default"):
            if _has_predict_proba(self):
                return self.pipeline_.predict_proba(X)[:, 1]
            return _decisions(self.pipeline_[-1], self.pipeline_.decision_function(X))

    def _offset(self, scores: NDArray[np.float64], contamination: float | Literal["auto"]) -> float:
        if contamination != "auto" or isinstance(self.pipeline_[-1], IsolationForest):
            return offset_from_scores(scores, contamination)
        return 0.5 if _has_predict_proba(self) else 0.0

    @available_if(_has_predict_proba)
    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the classifier's probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, 2)
            That the row is an outlier, and that it is normal.
        """
        probability = self.score_samples(X)
        return np.c_[1 - probability, probability]

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """Return the share of rows with the right answer.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        y : array-like of shape (n_samples,)
            Their labels, as in ``fit``.

        Returns
        -------
        accuracy : float
            Between 0 and 1.
        """
        labels = check_array(y, ensure_2d=False, dtype=None)
        return float(accuracy_score(self._is_outlier(labels), self.predict(X) == -1))

    def _is_outlier(self, y: NDArray[Any]) -> NDArray[np.bool_]:
        return is_outlier(y) if self.outlier_label == -1 else y == self.outlier_label
