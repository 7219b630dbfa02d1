"""Several networks of one kind, which are trained in one pass and answer together."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from skvae.likelihoods import Gaussian, SquaredError, StudentT
from skvae.networks.ae import AE
from skvae.networks.masked_ae import MaskedAE
from skvae.networks.network import Network, Term, Terms
from skvae.networks.vae import VAE

__all__ = ["Members", "can_be_stacked"]

# What treats the axes before the last ones alike, and so takes an axis of members in front.
STACKABLE = {
    *(AE, MaskedAE, VAE, Gaussian, SquaredError, StudentT, nn.Sequential, nn.Linear, nn.Identity),
    *(nn.Dropout, nn.ELU, nn.GELU, nn.LeakyReLU, nn.ReLU, nn.SiLU, nn.Sigmoid, nn.Tanh),
}


class Members(Network):
    """Networks of one kind, each of which learns from rows of its own.

    ``members`` build them, one after the other. In training a row of ``x`` holds one row for
    each member, (n_rows, n_members, *input_shape). A pass through all of them has one product
    for each of their layers, and so takes less time than as many passes.
    """

    def __init__(self, members: Sequence[Callable[[], Network]]) -> None:
        super().__init__()
        networks = [member() for member in members]
        self.members: Any = nn.ModuleList(networks)
        self.noise_dim = len(networks) * networks[0].noise_dim
        # In a tuple, since it is no part of the network: its parameters are never used.
        self._stacked = (_Stacked(networks[0]),)

    def terms(self, x: Tensor, noise: Tensor | None = None) -> Terms:
        """Return the means of the members' terms."""
        rows = x.transpose(0, 1)
        draws = None
        if noise is not None:
            draws = noise.reshape(len(x), len(self.members), -1).transpose(0, 1)
        if self.training:
            terms = functional_call(self._stacked[0], self._parameters_of_all(), (rows, draws))
            return {name: Term(term.values.mean(0), term.weight) for name, term in terms.items()}
        each = [member.terms(rows[k]) for k, member in enumerate(self.members)]
        return {
            name: Term(torch.stack([terms[name].values for terms in each]).mean(0), term.weight)
            for name, term in each[0].items()
        }

    def encode(self, x: Tensor) -> Tensor:
        """Return the latent codes of all members, (n_rows, n_members * latent_dim)."""
        return torch.cat([member.encode(x) for member in self.members], dim=1)

    def reconstruct(self, x: Tensor) -> Tensor:
        """Return the mean of the members' reconstructions, in the shape of ``x``."""
        return torch.stack([member.reconstruct(x) for member in self.members]).mean(0)

    def sample(self, n_rows: int) -> Tensor:
        """Return draws from the members in turn."""
        drawn = torch.stack([member.sample(n_rows) for member in self.members])
        rows = torch.arange(n_rows)
        return drawn[rows % len(self.members), rows]

    def _parameters_of_all(self) -> dict[str, Tensor]:
        parameters = [dict(member.named_parameters()) for member in self.members]
        stacked = {}
        for name in parameters[0]:
            values = torch.stack([of_member[name] for of_member in parameters])
            # Weights are the factors of products; what else there is belongs to each row.
            stacked[f"network.{name}"] = values if values.ndim > 2 else values.unsqueeze(1)
        return stacked


def can_be_stacked(network: Network) -> bool:
    """Tell whether a network's layers, and those of others like it, can be one product each."""
    return all(
        type(module) in STACKABLE or (isinstance(module, nn.Unflatten) and module.dim == -1)
        for module in network.modules()
    )


class _StackedLinear(nn.Linear):
    """The linear layers of all members."""

    def forward(self, input: Tensor) -> Tensor:
        return torch.baddbmm(self.bias, input, self.weight.transpose(1, 2))


class _Stacked(nn.Module):
    """What is called with the parameters of all members."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = deepcopy(network)
        for module in self.network.modules():
            if type(module) is nn.Linear:
                module.__class__ = _StackedLinear

    def forward(self, x: Tensor, noise: Tensor | None) -> Terms:
        return self.network.terms(x, noise)
