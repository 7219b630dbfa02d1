"""A detector on an autoencoder alone, whose features add up to the score of a row."""

from abc import abstractmethod
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skvae._sklearn import Interval, StrOptions
from skvae.detectors._network import NetworkDetector
from skvae.networks.cells import sum_worst
from skvae.runtime.apply import RowFunction

IMAGE_SUPPORT = 0.95


class AutoencoderDetector(NetworkDetector):
    """A detector that scores rows by their worst features, and may leave rows out."""

    _parameter_constraints: dict = {
        **NetworkDetector._parameter_constraints,
        "n_estimators": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "top_features": [Interval(Real, 0, 1, closed="right")],
        "support_fraction": [StrOptions({"auto"}), Interval(Real, 0.5, 1, closed="both")],
    }

    _scored_by: ClassVar[tuple[str, ...]] = ("top_features",)

    @abstractmethod
    def _cell_scores(self, network: Any) -> RowFunction:
        """Return what scores the features of rows, for the parameters as they are now."""

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
        return self._apply(self._mean_of_members(self._cell_scores), X)

    def _row_scores(self, network: Any) -> RowFunction:
        (share,) = self._validated({"top_features": self.top_features}).values()
        return partial(sum_worst, self._cell_scores(network), share)

    def _support_fraction(self, row_shape: tuple[int, ...]) -> float:
        if self.support_fraction != "auto":
            return float(self.support_fraction)
        has_images = len(row_shape) > 1 or getattr(self.architecture, "image_shape", None)
        return IMAGE_SUPPORT if has_images else 1.0
