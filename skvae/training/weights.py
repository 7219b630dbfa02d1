"""A network's state as plain arrays, and the network again."""

from typing import Any, TypeAlias

import torch
from numpy.typing import NDArray
from torch import nn

from skvae.training.seeds import isolated_seed

__all__ = ["Weights", "build_network", "load_weights", "weights_of"]

Weights: TypeAlias = dict[str, NDArray[Any]]


def weights_of(network: nn.Module) -> Weights:
    """Return a network's state as plain arrays, whatever its device."""
    return {name: value.cpu().numpy() for name, value in network.state_dict().items()}


def load_weights(network: nn.Module, weights: Weights, *, strict: bool = True) -> None:
    """Give a network its state; unless ``strict`` only what ``weights`` has of it."""
    state = {name: torch.tensor(value) for name, value in weights.items()}
    network.load_state_dict(state, strict=strict)


def build_network(
    network_class: type[nn.Module],
    arguments: dict[str, Any],
    weights: Weights,
    *,
    seed: int,
    device: str,
    strict: bool = True,
) -> nn.Module:
    """Build a trained network again from its weights.

    Parameters
    ----------
    network_class : type
        The class of the network.

    arguments : dict
        The arguments it was built with.

    weights : dict of str to ndarray
        The network's state.

    seed : int
        The seed it was trained with. What a module draws when it is built, and does not
        keep in its state, is then drawn alike.

    device : str
        The name of the torch device to put it on.

    strict : bool, default=True
        Whether ``weights`` must hold all of the state.

    Returns
    -------
    network : torch.nn.Module
        The network in evaluation mode, which no longer needs gradients.
    """
    with isolated_seed(seed, torch.device("cpu")):
        network = network_class(**arguments)
    load_weights(network, weights, strict=strict)
    return network.to(device).eval().requires_grad_(False)
