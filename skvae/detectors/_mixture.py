"""A detector on a mixture of Gaussians over latent features."""

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from skvae._sklearn import Interval
from skvae.detectors._stream import StreamDetector
from skvae.networks import Autoencoder, MixtureNetwork, Network
from skvae.networks.cells import filled
from skvae.networks.mixture import RECONSTRUCTION_FEATURES
from skvae.rows import n_held_out
from skvae.runtime.apply import RowFunction
from skvae.runtime.recipe import weights_of
from skvae.training.mixture import train_mixture


class MixtureDetector(StreamDetector):
    """A detector that trains in two stages, and scores rows by a mixture."""

    _parameter_constraints: dict = {
        **StreamDetector._parameter_constraints,
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "reconstruction_features": [tuple, list],
        "reg_covar": [Interval(Real, 0, None, closed="left")],
        "energy_weight": [Interval(Real, 0, None, closed="left")],
        "covariance_weight": [Interval(Real, 0, None, closed="left")],
    }
    _train = staticmethod(train_mixture)

    @abstractmethod
    def _autoencoder(self) -> Callable[..., Autoencoder]:
        """Return what builds the autoencoder from the arguments that all of them have."""

    @property
    def mixture_(self) -> Bunch:
        """The mixture, in the units of the latent features.

        With the attributes ``weights``, of shape (n_components,), ``means``, of shape
        (n_components, n_latent_features), and ``covariances``, of shape
        (n_components, n_latent_features, n_latent_features).
        """
        check_is_fitted(self)
        state = weights_of(self.network_.head)
        location, scale = state["location"], state["scale"]
        return Bunch(
            weights=state["fitted.weights"].copy(),
            means=state["fitted.means"] * scale + location,
            covariances=state["fitted.covariances"] * np.outer(scale, scale),
        )

    def membership(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return how much each row belongs to each Gaussian, by the estimation network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        membership : ndarray of shape (n_samples, n_components) of float32
            Shares that add up to one in each row.
        """
        X = self._validate_fitted(X)
        return self._apply(self.network_.membership, X)

    def latent_features(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return the latent codes of rows, and what their reconstructions say.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        features : ndarray of shape (n_samples, n_latent_features) of float32
            The latent code in the first ``latent_dim`` columns, then one column for each of
            ``reconstruction_features``. Those of a variational network are of the mean
            code; its mixture is over drawn codes.
        """
        X = self._validate_fitted(X)
        return self._apply(self.network_.latent_features, X)

    def feature_scores(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return minus the squared error of each feature's reconstruction.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        scores : ndarray of the shape of X, of float32
            In squared units of what the network sees: standardised columns of tables, and images
            and curves as they are. The network reconstructs the lowest worst. They do not
            add up to the score of the row, which is that of its latent features.
        """
        X = self._validate_fitted(X)
        return self._in_order(self._apply(self.network_.autoencoder.reconstruction, X))

    def _network(self, input_shape: tuple[int, ...]) -> tuple[type[Network], dict[str, Any]]:
        for feature in self.reconstruction_features:
            if not callable(feature) and feature not in RECONSTRUCTION_FEATURES:
                raise ValueError(
                    f"reconstruction_features holds {feature!r}. Each must be one of "
                    f"{sorted(RECONSTRUCTION_FEATURES)} or a function of two tensors."
                )
        autoencoder = self._autoencoder_arguments(input_shape)
        return MixtureNetwork, {
            "autoencoder": partial(self._autoencoder(), **autoencoder),
            "latent_dim": autoencoder["latent_dim"],
            "reconstruction_features": tuple(self.reconstruction_features),
            "n_components": self.n_components,
            "reg_covar": float(self.reg_covar),
            "energy_weight": float(self.energy_weight),
            "covariance_weight": float(self.covariance_weight),
            "n_draws": getattr(self, "samples", 1),
        }

    def _fit(self, X: NDArray[Any]) -> None:
        n_learned = len(X) - n_held_out(len(X))
        if self.n_components > n_learned:
            raise ValueError(
                f"n_components={self.n_components}, but only {n_learned} of the n_samples = "
                f"{len(X)} rows are trained on. Lower it."
            )
        if self.device.startswith("mps"):
            raise ValueError(
                f"device={self.device!r} has no float64, which mixtures are computed in. Use 'cpu'."
            )
        super()._fit(X)

    def _row_scores(self, network: Any) -> RowFunction:
        if self._table is None:
            return network.log_density
        return partial(filled, network.log_density, self._typical)

    def _learn_typical(self, X: Any, held_out: NDArray[np.intp]) -> None:
        # What a row of which nothing is known scores.
        self._typical = 0.0
        self._typical = float(np.median(self._scores_of_some(X, held_out)))
