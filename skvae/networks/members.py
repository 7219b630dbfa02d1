"""Several networks of one kind, which are trained in one pass and answer together."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from skvae.likelihoods import Categorical, Gaussian, NumbersAndWords, SquaredError, StudentT
from skvae.networks.ae import AE
from skvae.networks.cells import agree
from skvae.networks.inputs import Inputs
from skvae.networks.masked_ae import MaskedAE
from skvae.networks.network import Network, Term, Terms
from skvae.networks.vae import VAE

__all__ = ["Members", "StackedMembers", "can_be_stacked"]

# What treats the axes before the last ones alike, and so takes an axis of members in front.
STACKABLE = {
    *(AE, MaskedAE, VAE, Inputs, NumbersAndWords, Categorical, Gaussian, SquaredError, StudentT),
    *(
        nn.ModuleList,
        nn.Sequential,
        nn.Linear,
        nn.Embedding,
        nn.Identity,
        nn.Dropout,
        nn.ELU,
        nn.GELU,
        nn.LeakyReLU,
        nn.ReLU,
        nn.SiLU,
        nn.Sigmoid,
        nn.Tanh,
    ),
}


class Members(Network):
    """Networks of one kind, each of which learns from rows of its own.

    ``members`` build them, one after the other. In their terms a row of ``x`` holds one row
    for each member, (n_rows, n_members, *input_shape).
    """

    def __init__(self, members: Sequence[Callable[[], Network]]) -> None:
        super().__init__()
        networks = [member() for member in members]
        self.members: Any = nn.ModuleList(networks)
        self.noise_dim = len(networks) * networks[0].noise_dim

    def terms(self, x: Tensor, noise: Tensor | None = None) -> Terms:
        """Return the terms of the members' rows, one member after the other."""
        rows = x.unbind(1)
        draws: Sequence[Tensor | None] = [None] * len(self.members)
        if noise is not None:
            draws = noise.reshape(len(x), len(self.members), -1).unbind(1)
        each = [
            member.terms(*given) for member, *given in zip(self.members, rows, draws, strict=True)
        ]
        return {
            name: Term(torch.cat([terms[name].values for terms in each]), term.weight)
            for name, term in each[0].items()
        }

    def encode(self, x: Tensor) -> Tensor:
        """Return the latent codes of the first member, (n_rows, latent_dim)."""
        codes: Tensor = self.members[0].encode(x)
        return codes

    def reconstruct(self, x: Tensor) -> Tensor:
        """Return what the members' reconstructions agree on, in the shape of ``x``."""
        each = [member.reconstruct(x) for member in self.members]
        return agree(each, getattr(self.members[0], "columns", None))

    def sample(self, n_rows: int) -> Tensor:
        """Return draws from the members in turn."""
        drawn = torch.stack([member.sample(n_rows) for member in self.members])
        rows = torch.arange(n_rows)
        return drawn[rows % len(self.members), rows]


class StackedMembers(Network):
    """Members that are trained in one pass, with one product for each of their layers.

    Its parameters are those of the members, stacked, and ``unstack`` returns what they have
    learned. A pass takes less time than as many passes through each of them.
    """

    def __init__(self, members: Members) -> None:
        super().__init__()
        # In a tuple, since these parameters are not what is trained.
        self._members = (members,)
        self.noise_dim = members.noise_dim
        self.network = deepcopy(members.members[0])
        for name, module in self.network.named_modules():
            each = [member.get_submodule(name) for member in members.members]
            for parameter in dict(module.named_parameters(recurse=False)):
                values = torch.stack([getattr(one, parameter).detach() for one in each])
                # Weights are the factors of products; what else there is belongs to each row.
                values = values if values.ndim > 2 else values.unsqueeze(1)
                trained = getattr(module, parameter).requires_grad
                setattr(module, parameter, nn.Parameter(values, requires_grad=trained))
            if type(module) in STACKED:
                module.__class__ = STACKED[type(module)]

    def terms(self, x: Tensor, noise: Tensor | None = None) -> Terms:
        """Return the terms of the members' rows, one member after the other."""
        if noise is None and not self.training:
            return self.unstack().terms(x)
        n_members = len(self._members[0].members)
        if noise is not None:
            noise = noise.reshape(len(x), n_members, -1).transpose(0, 1)
        terms = self.network.terms(x.transpose(0, 1), noise)
        return {name: Term(term.values.flatten(0, 1), term.weight) for name, term in terms.items()}

    def encode(self, x: Tensor) -> Tensor:
        """Return the latent codes of the first member, (n_rows, latent_dim)."""
        return self.unstack().encode(x)

    def reconstruct(self, x: Tensor) -> Tensor:
        """Return what the members' reconstructions agree on, in the shape of ``x``."""
        return self.unstack().reconstruct(x)

    @torch.no_grad()
    def unstack(self) -> Members:
        """Return the members as they are now, in the mode of this network."""
        (members,) = self._members
        parameters = dict(self.network.named_parameters())
        for k, member in enumerate(members.members):
            for name, value in member.named_parameters():
                value.copy_(parameters[name][k].view_as(value))
        device = next(self.network.parameters()).device
        return members.to(device).train(self.training)


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


class _StackedEmbedding(nn.Embedding):
    """The embeddings of all members."""

    def forward(self, input: Tensor) -> Tensor:
        members = torch.arange(len(input), device=input.device).unsqueeze(1)
        return self.weight[members, input]


STACKED: dict[type[nn.Module], type[nn.Module]] = {
    nn.Linear: _StackedLinear,
    nn.Embedding: _StackedEmbedding,
}
