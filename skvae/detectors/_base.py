"""The template of detectors on a network: validate, train or score, set the offset."""

import math
import os
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from itertools import chain
from numbers import Integral, Real
from os import PathLike
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, check_memory

from skvae.architectures import MLP
from skvae.detectors._threshold import ThresholdDetector
from skvae.failures import undone_on_failure
from skvae.training.auto import auto_batch_size
from skvae.training.devices import choose_device, resolve_device
from skvae.training.engine import VERSIONS, Stopping, train_network
from skvae.training.scoring import apply_to_rows
from skvae.training.weights import Weights, build_network, weights_of
from skvae.validation import validate_fitted_rows, validate_rows


class BaseDetector(ThresholdDetector):
    """What a detector does with its network.

    A subclass has a constructor, names the class of its network, and says what the
    network is built and scored with. Think twice before anything else comes here.
    """

    _parameter_constraints: dict = {
        **ThresholdDetector._parameter_constraints,
        "architecture": [HasMethods(["build_encoder", "build_decoder"]), None],
        "latent_dim": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "max_epochs": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "device": [str],
        "memory": [str, PathLike, HasMethods("cache"), None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    _network_class: type
    network_: Any
    _recipe: dict[str, Any]

    def _network_arguments(self, input_shape: tuple[int, ...]) -> dict[str, Any]:
        """Return what the network is built with, for rows of a shape."""
        latent_dim = self.latent_dim
        if latent_dim == "auto":
            latent_dim = min(math.prod(input_shape), 32)
        return {
            "architecture": MLP() if self.architecture is None else self.architecture,
            "input_shape": input_shape,
            "latent_dim": latent_dim,
        }

    def _score_arguments(self) -> dict[str, Any]:
        """Return what the network's ``feature_scores`` takes beside the rows."""
        return {}

    def _row_score_arguments(self) -> dict[str, Any]:
        """Return what the network's ``row_scores`` takes beside the rows."""
        return self._score_arguments()

    def set_params(self, **params: Any) -> Self:
        """Set parameters of this detector and of its architecture.

        Parameters
        ----------
        **params : dict
            Parameter names and values. ``architecture__...`` sets a parameter of the
            architecture, of a new :class:`~skvae.MLP` if there is none yet.

        Returns
        -------
        self : object
            The detector.
        """
        nested = any(name.startswith("architecture__") for name in params)
        if nested and params.get("architecture", self.architecture) is None:
            params["architecture"] = MLP()
        return super().set_params(**params)

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Train the network, and set the offset from the scores of the training rows.

        If training fails or is interrupted, the detector is left as it was before.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The training rows, of which most should be normal. Scale them first, for
            instance with :class:`~sklearn.preprocessing.StandardScaler`.

        y : Ignored
            Not used, present for API consistency by convention.

        Returns
        -------
        self : object
            The fitted detector.

        Raises
        ------
        FloatingPointError
            If the training diverges.
        """
        with undone_on_failure(self):
            self._fit(validate_rows(self, X, reset=True, ensure_min_samples=2))
        return self

    def _fit(self, X: NDArray[Any]) -> None:
        # A copy, since the user may change the architecture in place after the fit.
        arguments = deepcopy(self._network_arguments(X.shape[1:]))
        stopping, n_train = None, len(X)
        if self.early_stopping:
            stopping = Stopping(self.validation_fraction, self.n_iter_no_change, self.tol)
            n_train -= stopping.n_held_out(len(X))
        batch_size = auto_batch_size(n_train) if self.batch_size == "auto" else int(self.batch_size)
        device = choose_device(self.device, self._network_class, arguments, X, batch_size)
        seed = self._seed()
        memory = os.fspath(self.memory) if isinstance(self.memory, PathLike) else self.memory
        if memory is not None:
            # Equal rows in another order of memory are the same to training, not to joblib.
            X = np.ascontiguousarray(X)
        train = partial(
            check_memory(memory).cache(train_network, ignore=["verbose"]),
            seed=seed,
            device=device,
            max_epochs=self.max_epochs,
            batch_size=batch_size,
            lr=float(self.lr),
            weight_decay=float(self.weight_decay),
            stopping=stopping,
            versions=VERSIONS,
            verbose=self.verbose,
        )
        weights, history = self._train(train, arguments, X, seed=seed, device=device)
        self._recipe = {"arguments": arguments, "seed": seed}
        self.network_ = self._build_network(weights, device)
        self.device_ = device
        self.history_ = history
        self.n_iter_ = len(history)
        # Not score_samples, which would validate a second time and miss feature names.
        self.offset_ = self._offset(self._score_samples(X), self.contamination)

    def _train(
        self,
        train: Callable[..., tuple[Weights, list[dict[str, float]]]],
        arguments: dict[str, Any],
        X: NDArray[Any],
        *,
        seed: int,
        device: str,
    ) -> tuple[Weights, list[dict[str, float]]]:
        """Return the weights of the network and the history of its training."""
        return train(self._network_class, arguments, X)

    def score_samples(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return how normal each row is.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            The higher, the more normal. A row's score does not depend on other rows.
        """
        return self._score_samples(self._validate_fitted(X))

    def _score_samples(self, X: NDArray[Any]) -> NDArray[np.float64]:
        arguments = self._validated(self._row_score_arguments())
        score = partial(self.network_.row_scores, **arguments)
        return self._apply(score, X).astype(np.float64)

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Return the mean of the scores, by which a search needs no labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows, all or most of them normal.

        y : Ignored
            Not used, present for API consistency by convention.

        Returns
        -------
        score : float
            The higher, the better the network knows such rows.
        """
        return float(np.mean(self.score_samples(X)))

    def feature_scores(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return how normal each feature of each row is, given all of the row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        scores : ndarray of the shape of X, of float32
            The higher, the more normal: the lowest is what made the row odd. With
            ``top_features=1.0`` the scores of a row add up to its score.
        """
        X = self._validate_fitted(X)
        arguments = self._validated(self._score_arguments())
        return self._apply(partial(self.network_.feature_scores, **arguments), X)

    def reconstruct(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return the rows as the network gives them back.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        X_reconstructed : ndarray of the shape of X, of float32
            The reconstructions, in the units of ``X``; those of bytes from 0 to 1.
        """
        X = self._validate_fitted(X)
        return self._apply(self.network_, X)

    def encode(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return the codes of rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        codes : ndarray of shape (n_samples, latent_dim) of float32
            The codes; for a variational network the means of the posterior.
        """
        X = self._validate_fitted(X)
        return self._apply(self.network_.encode, X)

    def _apply(self, function: Callable[..., Any], X: NDArray[Any]) -> NDArray[np.float32]:
        tensors = chain(self.network_.parameters(), self.network_.buffers())
        return apply_to_rows(function, X, self.device_, shared=tensors)

    def _validate_fitted(self, X: ArrayLike) -> NDArray[Any]:
        check_is_fitted(self)
        return validate_fitted_rows(self, X, self._recipe["arguments"]["input_shape"])

    def _build_network(self, weights: Any, device: str) -> Any:
        return build_network(self._network_class, weights=weights, device=device, **self._recipe)

    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def __getstate__(self) -> dict[str, Any]:
        # Plain arrays instead of a torch module: any pickle, skops too, can show what it
        # holds, and what was trained on a GPU loads where there is none.
        state = dict(super().__getstate__())
        if "network_" in state:
            state["network_"] = weights_of(self.network_)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "network_" in state:
            try:
                resolve_device(self.device_)
            except ValueError:
                self.device_ = "cpu"
            self.network_ = self._build_network(state["network_"], self.device_)
