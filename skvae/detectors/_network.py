"""A detector on a network: validate, train or score, set the offset."""

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial
from numbers import Integral, Real
from os import PathLike
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Tags, check_random_state, gen_batches
from sklearn.utils.validation import check_is_fitted

from skvae._sklearn import HasMethods, Interval, StrOptions, fit_context
from skvae.architectures import MLP, Conv1d, Conv2d
from skvae.detectors._threshold import ThresholdDetector
from skvae.failures import undone_on_failure
from skvae.likelihoods import Columns
from skvae.networks import Members, Network
from skvae.rows import (
    FEW_ROWS,
    WIDEST_TABLE,
    Cells,
    Table,
    are_all_equal,
    folds,
    held_out_rows,
    learn_table,
    validate_fitted_rows,
    validate_table,
)
from skvae.runtime.apply import RowFunction, apply_to_rows, batch_rows_for
from skvae.runtime.devices import choose_device, resolve_device
from skvae.runtime.recipe import Recipe, weights_of
from skvae.thresholds import pool_folds
from skvae.training.cache import remembered, train_to_arrays
from skvae.training.checkpoints import Checkpoint, checkpoint_in
from skvae.training.engine import Epochs, train_network
from skvae.training.members import train_members
from skvae.training.schedule import Schedule, Stopping, plan_schedule

N_MEMBERS = 3
LARGEST_LATENT_DIM = 32
# In batches.
ROWS_AT_ONCE = 16


class NetworkDetector(ThresholdDetector):
    """A detector that trains a network and scores rows by it.

    A subclass has a constructor and fills the hooks. Think twice before anything else comes
    here.
    """

    _parameter_constraints: dict = {
        **ThresholdDetector._parameter_constraints,
        "architecture": [HasMethods(["build_encoder", "build_decoder"]), None],
        "categorical_features": ["array-like", StrOptions({"from_dtype"}), None],
        "standardize": [StrOptions({"auto"}), "boolean"],
        "latent_dim": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "max_epochs": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "max_steps": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "callbacks": [list, tuple, None],
        "device": [str],
        "memory": [str, PathLike, HasMethods("cache"), None],
        "checkpoint": [str, PathLike, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }
    _train: ClassVar[Callable[..., tuple[Any, Epochs]]] = staticmethod(train_network)

    # Mixtures have no common scale, and one network each.
    n_estimators: int | Literal["auto"] = 1
    network_: Any
    _table: Table | None

    @abstractmethod
    def _network(self, input_shape: tuple[int, ...]) -> tuple[type[Network], dict[str, Any]]:
        """Return the class of the network, and its arguments for rows of a shape."""

    @abstractmethod
    def _row_scores(self, network: Any) -> RowFunction:
        """Return what scores rows by a network, for the parameters as they are now."""

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

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Train the network, and set the offset from scores of training or held-out rows.

        The order of the rows makes no difference in tables of at most 5,000 rows and 200 columns.
        If training fails or is interrupted, the detector is left as it was before.

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

        Raises
        ------
        FloatingPointError
            If the training diverges.
        """
        with undone_on_failure(self):
            rows, self._table, numbers = learn_table(
                self, X, self.categorical_features, self._standardizes, sample_weight
            )
            self._fit(rows)
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
            The higher, the more normal. A row's score does not depend on other rows.
        """
        return self._score_samples(self._validate_fitted(X))

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

    def reconstruct(self, X: ArrayLike) -> Any:
        """Return the rows as the network reconstructs them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        X_reconstructed : ndarray of the shape of X, of float32, or frame
            The reconstructions, in the units of ``X``; those of bytes from 0 to 1. A word is the
            most likely one. They are a frame if ``fit`` got one, and else an array, of objects
            if there are words.
        """
        rows = self._validate_fitted(X)
        reconstructed = self._apply(self.network_.reconstruct, rows)
        return reconstructed if self._table is None else self._table.values(reconstructed, X)

    def encode(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return the latent codes of rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        codes : ndarray of shape (n_samples, latent_dim) of float32
            The latent codes; for a variational network the means of the posterior.
        """
        X = self._validate_fitted(X)
        return self._apply(self.network_.encode, X)

    def _fit(self, X: NDArray[Any]) -> None:
        self._row_shape = X.shape[1:]
        self._recipe = self._new_recipe()
        train = self._train
        n_members = self._n_members(X)
        if n_members > 1:
            members = (partial(self._recipe.network_class, **self._recipe.arguments),) * n_members
            self._recipe = Recipe(Members, {"members": members}, self._recipe.seed)
            train = partial(train_members, self._train)
        schedule = self._schedule(X, n_members=n_members, holds_out=n_members == 1)
        self.device_ = self._chosen_device(schedule, X)
        if self.memory is not None and not isinstance(self.random_state, Integral):
            raise ValueError("memory needs an int as random_state, to find the training again.")
        training: dict[str, Any] = {
            "train": train,
            "recipe": self._recipe,
            "X": X,
            "schedule": schedule,
            "device": self.device_,
        }
        if self.memory is not None or self.checkpoint is not None:
            # Equal rows in another order of memory are the same to training, not to joblib.
            training["X"] = X.contiguous() if isinstance(X, Cells) else np.ascontiguousarray(X)
        checkpoint = self._checkpoint(training)
        settings: dict[str, Any] = {"verbose": self.verbose, "checkpoint": checkpoint}
        try:
            if self.memory is None or self.callbacks:
                settings |= {"device": self.device_, "callbacks": self.callbacks or ()}
                self.network_, self.history_ = train(self._recipe, X, schedule, **settings)
            else:
                known = remembered(self.memory, train_to_arrays, training, settings)
                self.network_ = self._recipe.rebuild(known[0], self.device_)
                self.history_ = known[1]
        except FloatingPointError:
            # It would diverge again.
            if checkpoint is not None:
                checkpoint.remove()
            raise
        # Members that are trained one after another count from 1 again.
        self.n_iter_ = max(epoch["epoch"] for epoch in self.history_)
        # Not score_samples, which would validate a second time and miss feature names.
        self._set_threshold(*self._held_out(X), lambda: self._score_samples(X))
        if checkpoint is not None:
            checkpoint.remove()

    def _new_recipe(self) -> Recipe:
        network_class, arguments = self._network(self._row_shape)
        # A copy, since the user may change the architecture in place after the fit.
        return Recipe(network_class, deepcopy(arguments), self._seed())

    def _schedule(self, X: NDArray[Any], **settings: Any) -> Schedule:
        stopping = None
        if self.early_stopping:
            stopping = Stopping(self.validation_fraction, self.n_iter_no_change, self.tol)
        settings = {"max_steps": self.max_steps, **settings}
        return plan_schedule(
            len(X),
            max_epochs=self.max_epochs,
            batch_size=self.batch_size,
            lr=float(self.lr),
            weight_decay=float(self.weight_decay),
            support_fraction=self._support_fraction(self._row_shape),
            stopping=stopping,
            are_equal=are_all_equal(X),
            **settings,
        )

    def _chosen_device(self, schedule: Schedule, X: NDArray[Any]) -> str:
        batch_rows = min(schedule.batch_size, len(X))
        return choose_device(self.device, self._recipe, self._row_shape, batch_rows)

    def _checkpoint(self, training: dict[str, Any]) -> Checkpoint | None:
        if self.checkpoint is None:
            return None
        if self.callbacks:
            raise ValueError("checkpoint does not work with callbacks. Leave one of them out.")
        if not isinstance(self.random_state, Integral):
            raise ValueError("checkpoint needs an int as random_state, to go on as it was.")
        return checkpoint_in(self.checkpoint, training)

    def _n_members(self, X: NDArray[Any]) -> int:
        n_members = self.n_estimators
        if n_members == "auto":
            few_rows = len(X) <= FEW_ROWS and self._are_tables(X.shape[1:])
            return min(N_MEMBERS, len(X)) if few_rows else 1
        if n_members > len(X):
            raise ValueError(
                f"n_estimators={n_members} networks leave out one fold of the rows each, but X has "
                f"n_samples = {len(X)}. Lower it."
            )
        return n_members

    def _are_tables(self, row_shape: tuple[int, ...]) -> bool:
        has_few_features = len(row_shape) == 1 and row_shape[0] <= WIDEST_TABLE
        return has_few_features and isinstance(self._architecture(), MLP)

    def _standardizes(self, row_shape: tuple[int, ...], is_frame: bool) -> bool:
        if self.standardize != "auto":
            return bool(self.standardize)
        if is_frame:
            return isinstance(self._architecture(), MLP)
        return self._are_tables(row_shape)

    def _columns(self) -> Columns | None:
        table = self._table
        if table is None:
            return None
        return Columns(len(table.numbers), table.n_categories, table.n_rows, table.has_gaps)

    def _architecture(self) -> Any:
        return MLP() if self.architecture is None else self.architecture

    def _held_out(self, X: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the rows that a network did not learn, and their scores by it."""
        if not isinstance(self.network_, Members):
            rows = held_out_rows(len(X))
            self._learn_typical(X, rows)
            return rows, self._scores_of_some(X, rows)
        members = self.network_.members
        fold = folds(len(X), len(members), self._recipe.seed)
        self._learn_typical(X, np.arange(len(X)))
        scores = np.empty(len(X))
        for number, member in enumerate(members):
            left_out = fold == number
            scores[left_out] = self._apply(self._row_scores(member), X[left_out])
        return np.arange(len(X)), pool_folds(scores, fold)

    def _learn_typical(self, X: NDArray[Any], held_out: NDArray[np.intp]) -> None:
        """Learn what a gap scores, for which ``held_out`` rows have not been learned."""

    def _scores_of_some(self, X: NDArray[Any], rows: NDArray[np.intp]) -> NDArray[np.float64]:
        # Not X[rows] at once, which may not fit in memory.
        size = ROWS_AT_ONCE * batch_rows_for(X.shape[1:])
        parts = [rows[part] for part in gen_batches(len(rows), size)]
        return np.concatenate([self._score_samples(X[part]) for part in parts])

    def _support_fraction(self, row_shape: tuple[int, ...]) -> float:
        return 1.0

    def _score_samples(self, X: NDArray[Any]) -> NDArray[np.float64]:
        return self._apply(self._scores_of(self.network_), X).astype(np.float64)

    def _scores_of(self, network: Network) -> RowFunction:
        return mean_of_members(self._row_scores, network)

    def _apply(self, function: RowFunction, X: NDArray[Any]) -> NDArray[np.float32]:
        return apply_to_rows(function, self.network_, X, self.device_)

    def _validate_fitted(self, X: ArrayLike) -> NDArray[Any]:
        check_is_fitted(self)
        if self._table is not None:
            return validate_table(self, X, self._table)
        return validate_fitted_rows(self, X, self._row_shape)

    def _in_order(self, cells: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what belongs to the cells of rows in the order of the columns."""
        return cells if self._table is None else cells[:, self._table.order]

    def _check_rows(self) -> None:
        table, shape = self._table, self._row_shape
        is_shape = isinstance(shape, tuple) and all(isinstance(n, int) for n in shape)
        if not is_shape or not isinstance(table, Table | None):
            raise TypeError(f"its rows are of shape {shape!r}, in the table {table!r}.")

    def _autoencoder_arguments(self, input_shape: tuple[int, ...]) -> dict[str, Any]:
        latent_dim, columns = self.latent_dim, self._columns()
        if latent_dim == "auto":
            n_categories = 0 if columns is None else sum(columns.n_categories)
            latent_dim = min(math.prod(input_shape) + n_categories, LARGEST_LATENT_DIM)
        return {
            "architecture": self._architecture(),
            "input_shape": input_shape,
            "latent_dim": latent_dim,
            "columns": columns,
        }

    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        # Convolutions have no place for a gap.
        tags.input_tags.allow_nan = not isinstance(self._architecture(), Conv1d | Conv2d)
        return tags

    def _state(self) -> dict[str, Any]:
        # Plain arrays instead of a torch module: any pickle, skops too, can show what it
        # holds, and what was trained on a GPU loads where there is none.
        state = super()._state()
        if "network_" in state:
            state["network_"] = weights_of(self.network_)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "network_" in state:
            try:
                resolve_device(self.device_)
            except (TypeError, ValueError):
                self.device_ = "cpu"
            try:
                self._check_rows()
                self.network_ = self._recipe.rebuild(state["network_"], self.device_)
            except (AttributeError, TypeError, ValueError, RuntimeError) as error:
                raise ValueError(
                    f"The network of this {type(self).__name__} cannot be built again: {error}"
                ) from error


def mean_of_members(function_of: Callable[[Any], RowFunction], network: Any) -> RowFunction:
    """Return the mean of a function of each member, or that of a network alone."""
    if not isinstance(network, Members):
        return function_of(network)
    return partial(_mean, [function_of(member) for member in network.members])


def _mean(functions: Sequence[RowFunction], x: Any) -> Any:
    return sum(function(x) for function in functions) / len(functions)
