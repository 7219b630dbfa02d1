"""The template of detectors on a mixture of Gaussians over latent features."""

import warnings
from collections.abc import Callable
from math import ceil
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from skvae.detectors._base import BaseDetector
from skvae.networks.reconstruction_features import RECONSTRUCTION_FEATURES
from skvae.training.mixtures import draw_features, fit_mixture
from skvae.training.weights import Weights, build_network, weights_of

# As shares of the first stage's. More of it moves the codes without telling outliers better.
SECOND_STAGE_EPOCHS, SECOND_STAGE_LR = 0.25, 0.3
# The first guess needs no more rows, which scikit-learn takes all at once.
GUESS_ROWS = 10_000
N_GUESSES = 3
SMALLEST_GUESS_REG_COVAR = 1e-6
# A feature that varies less, beside its mean, is constant but for float32's rounding.
CONSTANT = 1e-6


class MixtureDetector(BaseDetector):
    """What such detectors have in common: the training in two stages, and the mixture."""

    _parameter_constraints: dict = {
        **BaseDetector._parameter_constraints,
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "reconstruction_features": [tuple, list],
        "reg_covar": [Interval(Real, 0, None, closed="left")],
        "energy_weight": [Interval(Real, 0, None, closed="left")],
        "covariance_weight": [Interval(Real, 0, None, closed="left")],
    }
    _autoencoder_class: type

    def _autoencoder_arguments(self, input_shape: tuple[int, ...]) -> dict[str, Any]:
        """Return what the autoencoder alone is built with."""
        return super()._network_arguments(input_shape)

    def _network_arguments(self, input_shape: tuple[int, ...]) -> dict[str, Any]:
        for feature in self.reconstruction_features:
            if not callable(feature) and feature not in RECONSTRUCTION_FEATURES:
                raise ValueError(
                    f"reconstruction_features holds {feature!r}. Each must be one of "
                    f"{sorted(RECONSTRUCTION_FEATURES)} or a function of two tensors."
                )
        return {
            **self._autoencoder_arguments(input_shape),
            "reconstruction_features": tuple(self.reconstruction_features),
            "n_components": self.n_components,
            "reg_covar": float(self.reg_covar),
            "energy_weight": float(self.energy_weight),
            "covariance_weight": float(self.covariance_weight),
        }

    def _train(
        self,
        train: Callable[..., tuple[Weights, list[dict[str, float]]]],
        arguments: dict[str, Any],
        X: NDArray[Any],
        *,
        seed: int,
        device: str,
    ) -> tuple[Weights, list[dict[str, float]]]:
        if self.n_components > len(X):
            raise ValueError(
                f"n_components={self.n_components} is more than the rows to fit: X has n_samples = "
                f"{len(X)}. Lower it."
            )
        if device.startswith("mps"):
            raise ValueError(
                f"device={device!r} has no float64, which mixtures are computed in. Use 'cpu'."
            )
        names = self._autoencoder_arguments(X.shape[1:])
        autoencoder = {name: arguments[name] for name in names}
        weights, history = train(self._autoencoder_class, autoencoder, X)
        weights = {**weights, **self._guess(weights, arguments, X, seed=seed, device=device)}
        weights, more = train(
            self._network_class,
            arguments,
            X,
            initial=weights,
            max_epochs=ceil(SECOND_STAGE_EPOCHS * len(history)),
            lr=SECOND_STAGE_LR * float(self.lr),
        )
        more = [{**record, "epoch": record["epoch"] + len(history)} for record in more]
        network = build_network(self._network_class, arguments, weights, seed=seed, device=device)
        jitter = fit_mixture(network, X, seed=seed, device=device)
        if jitter:
            warnings.warn(
                f"A covariance of the mixture was not positive definite until {jitter:g} times the "
                f"variances was added. Raise reg_covar (now {self.reg_covar:g}).",
                stacklevel=5,
            )
        return weights_of(network), history + more

    def _guess(
        self,
        weights: Weights,
        arguments: dict[str, Any],
        X: NDArray[Any],
        *,
        seed: int,
        device: str,
    ) -> Weights:
        """Return the weights of a mixture over the latent features of an autoencoder."""
        network = build_network(
            self._network_class, arguments, weights, seed=seed, device=device, strict=False
        )
        random_state = check_random_state(seed)
        rows = _some(len(X), random_state)
        features = draw_features(network, X, rows, seed=seed, device=device)
        features = features[_some(len(features), random_state)]
        location, scale = features.mean(axis=0), features.std(axis=0)
        scale[scale < CONSTANT * np.maximum(1, abs(location))] = 1.0
        mixture = GaussianMixture(
            self.n_components,
            reg_covar=max(self.reg_covar, SMALLEST_GUESS_REG_COVAR),
            n_init=N_GUESSES,
            random_state=random_state,
        )
        with warnings.catch_warnings(), config_context(array_api_dispatch=False):
            # It only has to be a beginning, and components may well coincide.
            warnings.simplefilter("ignore", ConvergenceWarning)
            # On one thread, since its last digits depend on their number.
            with threadpool_limits(1):
                mixture.fit((features - location) / scale)
        guess = {
            "location": location,
            "scale": scale,
            "guess.weights": mixture.weights_,
            "guess.means": mixture.means_,
            "guess.covariances": mixture.covariances_,
        }
        return {f"latent_mixture.{name}": value for name, value in guess.items()}

    @property
    def mixture_(self) -> Bunch:
        """The mixture, in the units of the latent features.

        With the attributes ``weights``, of shape (n_components,), ``means``, of shape
        (n_components, n_latent_features), and ``covariances``, of shape
        (n_components, n_latent_features, n_latent_features).
        """
        check_is_fitted(self)
        state = weights_of(self.network_.latent_mixture)
        location, scale = state["location"], state["scale"]
        return Bunch(
            weights=state["fitted.weights"],
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
        """Return the codes of rows, and what their reconstructions say.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        features : ndarray of shape (n_samples, n_latent_features) of float32
            The code in the first ``latent_dim`` columns, then one column for each of
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
            In squared units of ``X``; the lowest is restored worst. They do not add up to
            the score of the row, which is that of its latent features.
        """
        return super().feature_scores(X)


def _some(n_rows: int, random_state: RandomState) -> NDArray[np.intp]:
    if n_rows <= GUESS_ROWS:
        return np.arange(n_rows)
    return np.sort(random_state.choice(n_rows, GUESS_ROWS, replace=False))
