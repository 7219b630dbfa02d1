"""The detector on distances to small samples of the training rows."""

from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist
from sklearn.utils import Tags, check_random_state, gen_batches
from sklearn.utils.validation import check_is_fitted

from skvae._sklearn import Interval, StrOptions, fit_context
from skvae.detectors._threshold import ThresholdDetector
from skvae.failures import undone_on_failure
from skvae.rows import (
    FEW_ROWS,
    WIDEST_TABLE,
    Table,
    held_out_rows,
    learn_table,
    unit_floats,
    validate_fitted_rows,
    validate_table,
)

# Distances of so many pairs of rows stay in the processor's cache.
PAIRS_AT_ONCE = 2**17
# The squared distance of two words, as of two standardised numbers on average.
DIFFERENT_WORDS = 2.0
# Sums of its square stay finite.
LARGEST_VALUE = 1e150


class SamplingOutlierDetector(ThresholdDetector):
    r"""Outlier detector on distances to the nearest rows of small random samples.

    A row is odd if there are no training rows near it. A small sample holds few outliers, and
    these are rarely side by side. So outliers do not hide one another, as they do among the
    nearest of all rows [1]_. Nothing is trained.

    Five parameters matter most: ``contamination`` sets the threshold, ``n_estimators`` and
    ``max_samples`` say what rows are compared with, ``categorical_features`` names columns of
    words, and ``random_state`` makes it repeatable.

    Parameters
    ----------
    contamination : 'auto' or float in (0, 0.5], default='auto'
        The share of outliers, which sets the offset. 'auto' counts as outliers the rows that
        score more than 1.5 interquartile ranges below the first quartile of the scores of
        held-out rows, and at least the lowest 1 % of these.

    n_estimators : int, default=8
        The number of samples. With more of them the scores depend less on chance.

    max_samples : int, default=64
        The number of training rows in a sample, or all of them if there are fewer. A larger
        sample follows the normal rows more closely, and holds more of the outliers too.

    categorical_features : array-like, 'from_dtype' or None, default='from_dtype'
        The columns that hold words, or other values without an order: a mask, indices, or names
        of the columns of a frame. 'from_dtype' means the columns of a pandas or polars frame
        that hold strings, booleans or categories.

    random_state : int, RandomState instance or None, default=None
        The source of the samples. An int gives the same scores from each fit.

    Other Parameters
    ----------------
    threshold : {'auto', 'training', 'held_out'}, default='auto'
        Which rows set the offset. With 'training' it is ``contamination`` of the training rows.
        With 'held_out' it is at most ``contamination`` of new normal rows, which the scores of
        held-out rows tell, see ``calibrate``. 'auto' is 'held_out' for
        ``contamination='auto'``, and 'training' for a number, as in scikit-learn.

    standardize : 'auto' or bool, default='auto'
        Whether to centre columns of numbers, and scale them to a variance of 1, by the training
        rows. 'auto' means to if the rows are a frame, or an array with at most 200 features, and
        a network is an :class:`~skvae.MLP`. Images and curves are left as they are.

    Attributes
    ----------
    offset_ : float
        The threshold: ``decision_function = score_samples - offset_``.

    held_out_scores_ : ndarray of shape (n_held_out,)
        The scores that some or all training rows have as new rows, from models that did not
        learn them.

    held_out_indices_ : ndarray of shape (n_held_out,) of int
        Which training rows these are.

    samples_ : ndarray of shape (n_estimators, max_samples, n_features)
        The samples: standardised numbers first, and then the codes of words.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during :term:`fit`. Defined only when `X` has feature names that
        are all strings.

    See Also
    --------
    EnsembleOutlierDetector : Joins this detector with two networks.
    sklearn.neighbors.LocalOutlierFactor : Compares distances with those among neighbours.

    Notes
    -----
    The score of a row is

    .. math:: -\log \frac{1}{m} \sum_{i=1}^{m} \min_{s \in S_i} \lVert x - s \rVert

    with the samples :math:`S_1, \dots, S_m`. A row of the sample itself has a distance of 0. It
    takes the second nearest row instead, so that a training row scores as a new row would. Two
    different words are as far apart as two standardised numbers on average, at a squared distance
    of 2. A missing value of a row adds to its squared distances what a feature typically does,
    and one of a sample is the mean of its column.

    References
    ----------
    .. [1] M. Sugiyama and K. Borgwardt, "Rapid distance-based outlier detection via
       sampling", NIPS 2013.

    Examples
    --------
    A row between two clusters has ordinary features, but no neighbours:

    >>> from sklearn.datasets import make_blobs
    >>> from skvae import SamplingOutlierDetector
    >>> X, _ = make_blobs(500, centers=[[-3, 0], [3, 0]], cluster_std=0.5, random_state=0)
    >>> detector = SamplingOutlierDetector(contamination=0.02, random_state=0).fit(X)
    >>> detector.predict([[-3, 0], [0, 0], [3, 0]])
    array([ 1, -1,  1])
    """

    _parameter_constraints: dict = {
        **ThresholdDetector._parameter_constraints,
        "categorical_features": ["array-like", StrOptions({"from_dtype"}), None],
        "standardize": [StrOptions({"auto"}), "boolean"],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "max_samples": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    _table: Table | None

    def __init__(
        self,
        *,
        contamination: float | Literal["auto"] = "auto",
        threshold: Literal["auto", "training", "held_out"] = "auto",
        categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
        standardize: bool | Literal["auto"] = "auto",
        n_estimators: int = 8,
        max_samples: int = 64,
        random_state: int | RandomState | None = None,
    ) -> None:
        self.contamination = contamination
        self.threshold = threshold
        self.categorical_features = categorical_features
        self.standardize = standardize
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Draw the samples, and set the offset from scores of training or held-out rows.

        The order of the rows makes no difference in tables of at most 5,000 rows and 200 columns.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The training rows, of which most should be normal.

        y : Ignored
            Not used, present for API consistency by convention.

        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts. Whole numbers say how often: a row with a weight of 2 is
            there twice, and one with 0 is left out. Other weights, and those with a mean above
            10, are scaled to a mean of 1, and rounded up or down at random.

        Returns
        -------
        self : object
            The fitted detector.
        """
        with undone_on_failure(self):
            rows, self._table, numbers = learn_table(
                self, X, self.categorical_features, self._standardizes, sample_weight
            )
            self._row_shape = rows.shape[1:]
            random = check_random_state(self.random_state)
            size = min(self.max_samples, len(rows))
            drawn = [
                # A view would keep the permutation of all rows.
                random.choice(len(rows), size, replace=False).copy()
                for _ in range(self.n_estimators)
            ]
            samples = _points(rows[np.array(drawn).ravel()])
            self.samples_ = self._without_gaps(samples).reshape(len(drawn), size, -1)
            self._typical = 0.0
            few = len(rows) <= FEW_ROWS
            held_out = np.arange(len(rows)) if few else held_out_rows(len(rows))
            # A row of a sample is not its own neighbour, and so scores as a new row.
            known = rows[:] if few else rows[held_out]
            scores = self._score_samples(known)
            n_known = (~np.isnan(known)).reshape(len(known), -1).sum(axis=1)
            some = n_known > 0
            if some.any():
                self._typical = float(np.median(np.exp(-2 * scores[some]) / n_known[some]))
            if (n_known < known[0].size).any():
                scores = self._score_samples(known)
            self._set_threshold(held_out, scores, lambda: self._score_samples(rows))
            self._number_held_out(numbers)
        return self

    def score_samples(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return how normal each row is.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            Minus the log of the mean distance to the nearest row of each sample. The higher,
            the more normal. A row's score does not depend on other rows.
        """
        check_is_fitted(self)
        if self._table is not None:
            return self._score_samples(validate_table(self, X, self._table))
        return self._score_samples(validate_fitted_rows(self, X, self._row_shape))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _standardizes(self, row_shape: tuple[int, ...], is_frame: bool) -> bool:
        if self.standardize != "auto":
            return bool(self.standardize)
        return is_frame or row_shape[0] <= WIDEST_TABLE

    def _score_samples(self, X: NDArray[Any]) -> NDArray[np.float64]:
        n_samples, size, _ = self.samples_.shape
        distances = np.empty(len(X))
        for rows in gen_batches(len(X), max(1, PAIRS_AT_ONCE // (n_samples * size))):
            nearest = self._nearest_distances(_points(X[rows]))
            # np.mean would add those of a single row in another order.
            distances[rows] = sum(nearest.T) / n_samples
        return -np.log(np.maximum(distances, np.finfo(np.float64).tiny))

    def _nearest_distances(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the distance of each point to the nearest row of each sample."""
        n_samples, size, n_features = self.samples_.shape
        samples = self.samples_.reshape(-1, n_features)
        n_numbers = n_features if self._table is None else len(self._table.numbers)
        n_missing = np.isnan(points).sum(axis=1, keepdims=True)
        if n_numbers == n_features and not n_missing.any():
            distances = cdist(points, samples)
        else:
            distances = _mixed_distances(points, samples, n_numbers)
        distances = distances.reshape(len(points), n_samples, size)
        nearest: NDArray[np.float64] = distances.min(axis=2)
        equal = nearest == 0
        if size > 1 and equal.any():
            nearest[equal] = np.partition(distances[equal], 1, axis=1)[:, 1]
        if n_missing.any():
            gaps = np.sqrt(nearest**2 + self._typical * n_missing)
            nearest = np.where(n_missing > 0, gaps, nearest)
        return nearest

    def _without_gaps(self, samples: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return samples whose missing numbers are the means of their columns."""
        for column in samples.T[: None if self._table is None else len(self._table.numbers)]:
            missing = np.isnan(column)
            if missing.any():
                column[missing] = 0.0 if missing.all() else column[~missing].mean()
        return samples


def _points(X: NDArray[Any]) -> NDArray[np.float64]:
    points = unit_floats(X).reshape(len(X), -1).astype(np.float64)
    return np.clip(points, -LARGEST_VALUE, LARGEST_VALUE, out=points)


def _mixed_distances(
    points: NDArray[np.float64], samples: NDArray[np.float64], n_numbers: int
) -> NDArray[np.float64]:
    """Return distances over the features that are known of a point.

    Those from ``n_numbers`` on hold codes of words.
    """
    total = np.zeros((len(points), len(samples)))
    for j, (column, known) in enumerate(zip(points.T, samples.T, strict=True)):
        difference = column[:, None] - known
        if j < n_numbers:
            square = np.square(difference)
        else:
            # A word that the sample lacks is as likely as not another one.
            square = np.where(np.isnan(known), 1.0, DIFFERENT_WORDS * (difference != 0))
        total += np.where(np.isnan(column)[:, None], 0.0, square)
    return np.sqrt(total)
