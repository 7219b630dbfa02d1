"""A histogram of each row's values."""

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils.validation import check_is_fitted

from skvae._sklearn import Interval, StrOptions, fit_context
from skvae.failures import undone_on_failure
from skvae.rows import unit_floats, validate_fitted_rows, validate_rows

RULES = {"auto", "doane", "fd", "rice", "scott", "sqrt", "stone", "sturges"}
# Of a rule.
MOST_BINS = 1000
# Blocks of so many values stay in the processor's cache.
BLOCK_SIZE = 2**15


class DifferenceHistogram(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Transformer that counts how many of a row's values fall into each bin.

    The histogram of the differences of :class:`ReconstructionDifference` says how large they are
    and how often, and forgets where: a bump looks the same wherever on the curve it is.

    Parameters
    ----------
    bins : int or str, default=10
        The number of bins, all equally wide, or one of the rules of
        :func:`numpy.histogram_bin_edges`, such as 'auto' or 'fd', for the number of values
        that a row has.

    range : tuple of two floats or float in (0, 1], default=0.99
        The first and the last edge, or the share of the training values that lies between them,
        with as many beyond on either side. Values beyond count in the first and the last bin.

    Attributes
    ----------
    bin_edges_ : ndarray of shape (n_bins + 1,)
        The edges. A bin holds its lower edge, and the last one also its upper edge.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during :term:`fit`. Defined only when `X` has feature
        names that are all strings.

    See Also
    --------
    ReconstructionDifference : Computes the differences.
    sklearn.preprocessing.KBinsDiscretizer : Has bins for each column instead.

    Examples
    --------
    >>> from skvae.features import DifferenceHistogram
    >>> histogram = DifferenceHistogram(bins=4, range=(-1.0, 1.0))
    >>> histogram.fit_transform([[-0.7, 0.1, 0.2, 0.9], [0.0, 0.1, -5.0, 5.0]])
    array([[1., 0., 2., 1.],
           [1., 0., 2., 1.]])
    >>> histogram.bin_edges_
    array([-1. , -0.5,  0. ,  0.5,  1. ])
    """

    _parameter_constraints: dict = {
        "bins": [Interval(Integral, 1, None, closed="left"), StrOptions(RULES)],
        "range": [tuple, list, Interval(Real, 0, 1, closed="right")],
    }

    def __init__(
        self,
        *,
        bins: int | str = 10,
        range: float | tuple[float, float] = 0.99,
    ) -> None:
        self.bins = bins
        self.range = range

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Set the edges of the bins.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The training rows.

        y : Ignored
            Not used, present for API consistency by convention.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            If ``range`` is not two finite numbers, the lower one first.
        """
        with undone_on_failure(self):
            rows = validate_rows(self, X, reset=True)
            self._row_shape = rows.shape[1:]
            values = self._flat(rows)
            low, high = self._limits(values)
            n_bins = self._n_bins(values, low, high)
            # Equal values, and bins that floats cannot tell apart, get more room.
            lacking = n_bins * np.spacing(max(abs(low), abs(high))) - (high - low)
            if low == high or lacking > 0:
                margin = max(0.5, lacking) if low == high else lacking
                low, high = low - margin, high + margin
            self.bin_edges_ = np.linspace(low, high, n_bins + 1)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Count the values in each bin.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        counts : ndarray of shape (n_samples, n_bins)
            The counts. Those of a row add up to the number of features.
        """
        check_is_fitted(self)
        rows = self._flat(validate_fitted_rows(self, X, self._row_shape))
        edges = self.bin_edges_[1:-1].astype(rows.dtype)
        # A value is at or above an edge if it is so for the next number of its own type.
        rounded_down = edges < self.bin_edges_[1:-1]
        edges[rounded_down] = np.nextafter(edges[rounded_down], rows.dtype.type(np.inf))
        at_least = np.zeros((len(rows), len(edges) + 2))
        at_least[:, 0] = rows.shape[1]
        n_rows = max(1, BLOCK_SIZE // rows.shape[1])
        for start in range(0, len(rows), n_rows):
            block = slice(start, start + n_rows)
            for i, edge in enumerate(edges, start=1):
                at_least[block, i] = (rows[block] >= edge).sum(axis=1, dtype=np.uint32)
        return at_least[:, :-1] - at_least[:, 1:]

    def _n_bins(self, X: NDArray[Any], low: float, high: float) -> int:
        if not isinstance(self.bins, str):
            return int(self.bins)
        if low == high:
            return 1
        # As many values as a row has, since the rules count them, spread as all are. The rules
        # ask for no unit, and squares of numbers up to 1 are finite.
        values = np.quantile(X, np.linspace(0, 1, X.shape[1]))
        values = (values[(low <= values) & (values <= high)] - low) / (high - low)
        if self.bins in ("auto", "fd") and len(values):
            width = 2 * np.subtract(*np.quantile(values, [0.75, 0.25])) / np.cbrt(len(values))
            # One far value would ask for more bins than fit in memory. Of 'auto', newer versions
            # of numpy bound the number.
            if 0 < width * MOST_BINS < 1:
                bound = 2 * np.sqrt(len(values)) / np.ptp(values)
                return MOST_BINS if self.bins == "fd" else int(np.ceil(bound))
        return len(np.histogram_bin_edges(values, self.bins, (0, 1))) - 1

    def _limits(self, X: NDArray[Any]) -> tuple[float, float]:
        if isinstance(self.range, Real):
            outside = 1 - float(self.range)
            with np.errstate(over="ignore", invalid="ignore"):
                low, high = map(float, np.quantile(X, [outside / 2, 1 - outside / 2]))
                width = high - low
            if not np.isfinite(width):
                raise ValueError(
                    f"X has values from {X.min():g} to {X.max():g}, too far apart to be counted in "
                    "bins. Scale X."
                )
            return low, high
        try:
            limits = np.asarray(self.range, dtype=float)
        except (TypeError, ValueError):
            limits = np.empty(0)
        if limits.shape != (2,) or not np.isfinite(limits).all() or limits[0] >= limits[1]:
            raise ValueError(
                "range must be two finite numbers, the lower one first, or a share of the values, "
                f"got {self.range!r}."
            )
        return limits[0], limits[1]

    @staticmethod
    def _flat(rows: NDArray[Any]) -> NDArray[Any]:
        return unit_floats(rows).reshape(len(rows), -1)

    @property
    def _n_features_out(self) -> int:
        return len(self.bin_edges_) - 1
