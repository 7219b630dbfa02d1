"""How a network is built, and built again from what it has learned."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from skvae._version import __version__
from skvae.networks import Network
from skvae.runtime.isolation import float32_by_default, isolated
from skvae.runtime.products import align_products

__all__ = ["Recipe", "Weights", "freeze", "weights_of"]

Weights: TypeAlias = dict[str, NDArray[Any]]

VERSIONS = f"skvae {__version__}, torch {torch.__version__}"


@dataclass(frozen=True)
class Recipe:
    """All that a network follows from, before it has seen a row.

    The seed governs what is drawn when it is built and trained. By the versions of the code
    that trains it a cache of networks tells releases apart.
    """

    network_class: Callable[..., Network]
    arguments: dict[str, Any]
    seed: int
    versions: str = VERSIONS

    def build(self, weights: Weights | None = None) -> Network:
        """Return the untrained network, on the CPU, or one with weights that it has learned.

        Call it where torch is isolated.
        """
        with torch.device("cpu"), float32_by_default():
            network = self.network_class(**self.arguments)
        if weights is not None:
            network.load_state_dict({name: torch.tensor(w) for name, w in weights.items()})
        return network

    def rebuild(self, weights: Weights, device: str) -> Network:
        """Return the trained network, with all that it drew when it was first built.

        Raises
        ------
        ValueError
            If the weights are not those of such a network, or not finite.
        """
        # A file that was tampered with may name any class.
        if not (isinstance(self.network_class, type) and issubclass(self.network_class, Network)):
            raise TypeError(f"{self.network_class!r} is no network of skvae.")
        with isolated(self.seed, torch.device("cpu")):
            network = self.build()
        expected = weights_of(network)
        for name in sorted(set(expected) | set(weights)):
            if name not in weights or name not in expected:
                raise ValueError(f"{name} is {'missing' if name in expected else 'unknown'}.")
            value, like = weights[name], expected[name]
            if value.shape != like.shape or value.dtype != like.dtype:
                raise ValueError(
                    f"{name} is of shape {value.shape} and {value.dtype}, but should be of shape "
                    f"{like.shape} and {like.dtype}."
                )
            if not np.isfinite(value).all():
                raise ValueError(f"{name} has values that are not finite.")
        state = {name: torch.tensor(value, device="cpu") for name, value in weights.items()}
        network.load_state_dict(state)
        return freeze(network.to(device))


def weights_of(network: nn.Module) -> Weights:
    """Return a network's state as plain arrays, whatever its device."""
    return {name: value.cpu().numpy() for name, value in network.state_dict().items()}


def freeze(network: Network) -> Network:
    """Return a trained network ready to score: without noise and gradients, and aligned."""
    network.eval().requires_grad_(False)
    align_products(network)
    for parameter in network.parameters():
        parameter.grad = None
    return network
