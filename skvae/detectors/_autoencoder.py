"""A detector on an autoencoder alone, whose features add up to the score of a row."""

from abc import abstractmethod
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skvae._sklearn import Interval, StrOptions
from skvae.detectors._network import mean_of_members
from skvae.detectors._stream import StreamDetector
from skvae.networks.cells import filled, sum_worst
from skvae.runtime.apply import RowFunction

IMAGE_SUPPORT = 0.95
# So many training rows tell what is typical of a column.
TYPICAL_ROWS = 1000


class AutoencoderDetector(StreamDetector):
    """A detector that scores rows by their worst features, and may leave rows out."""

    _parameter_constraints: dict = {
        **StreamDetector._parameter_constraints,
        "n_estimators": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "top_features": [Interval(Real, 0, 1, closed="right")],
        "support_fraction": [StrOptions({"auto"}), Interval(Real, 0.5, 1, closed="both")],
    }

    _scored_by: ClassVar[tuple[str, ...]] = ("top_features",)

    @abstractmethod
    def _cell_scores(self, network: Any) -> dict[str, RowFunction]:
        """Return what scores the features of rows, for each kind of score."""

    def _kind(self) -> str:
        """Return the kind of score, for the parameters as they are now."""
        return "only"

    def feature_scores(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return how normal each feature of each row is, given all of the row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        scores : ndarray of the shape of X, of float32
            The higher, the more normal. With ``top_features=1.0`` the scores of a row add up
            to its score.
        """
        X = self._validate_fitted(X)
        return self._in_order(self._apply(mean_of_members(self._filled_scores, self.network_), X))

    def _row_scores(self, network: Any) -> RowFunction:
        (share,) = self._validated({"top_features": self.top_features}).values()
        return partial(sum_worst, self._filled_scores(network), share)

    def _filled_scores(self, network: Any) -> RowFunction:
        kind = self._kind()
        scores = self._cell_scores_of(kind, network)
        if self._table is None:
            return scores
        return partial(filled, scores, self._typical[kind])

    def _learn_typical(self, X: Any, held_out: NDArray[np.intp]) -> None:
        self._typical = self._typical_scores(X)

    def _typical_scores(self, X: Any) -> dict[str, list[float]]:
        """Return the mean score of the cells of each column, for each kind of score."""
        if self._table is None:
            return {}
        rows = X[np.linspace(0, len(X) - 1, min(len(X), TYPICAL_ROWS)).astype(np.intp)]
        typical = {}
        for kind in self._cell_scores(getattr(self.network_, "members", [self.network_])[0]):
            function = mean_of_members(partial(self._cell_scores_of, kind), self.network_)
            scores = np.where(np.isnan(rows), np.nan, self._apply(function, rows))
            known = ~np.isnan(scores)
            sums = np.sum(scores, axis=0, where=known, dtype=np.float64)
            typical[kind] = (sums / np.maximum(known.sum(0), 1)).tolist()
        return typical

    def _cell_scores_of(self, kind: str, network: Any) -> RowFunction:
        return self._cell_scores(network)[kind]

    def _support_fraction(self, row_shape: tuple[int, ...]) -> float:
        if self.support_fraction != "auto":
            return float(self.support_fraction)
        has_images = len(row_shape) > 1 or getattr(self.architecture, "image_shape", None)
        return IMAGE_SUPPORT if has_images else 1.0
