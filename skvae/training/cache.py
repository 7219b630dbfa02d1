"""What a cache keeps of a training, and where."""

import os
from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any

from numpy.typing import NDArray
from sklearn.utils.validation import check_memory

from skvae.networks import Network
from skvae.runtime.recipe import Recipe, Weights, weights_of
from skvae.training.engine import Epochs
from skvae.training.schedule import Schedule

__all__ = ["cached", "train_to_arrays"]


def cached(
    function: Callable[..., Any],
    memory: str | PathLike[str] | Any,
    ignore: Sequence[str] | None = None,
) -> Callable[..., Any]:
    """Return a function that keeps what it returns in a folder, or in a joblib.Memory."""
    path = os.fspath(memory) if isinstance(memory, PathLike) else memory
    keeping: Callable[..., Any] = check_memory(path).cache(function, ignore=ignore)
    return keeping


def train_to_arrays(
    train: Callable[..., tuple[Network, Epochs]],
    recipe: Recipe,
    X: NDArray[Any],
    schedule: Schedule,
    device: str,
    verbose: bool | int,
) -> tuple[Weights, Epochs]:
    """Train a network, and return its state as plain arrays, and the history."""
    network, history = train(recipe, X, schedule, device=device, verbose=verbose)
    return weights_of(network), history
