"""What a cache keeps of a training."""

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from skvae.networks import Network
from skvae.runtime.recipe import Recipe, Weights, weights_of
from skvae.training.engine import Epochs
from skvae.training.schedule import Schedule

__all__ = ["train_to_arrays"]


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
