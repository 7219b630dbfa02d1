"""The masked autoencoder: hide some cells of a row, and predict them from the others."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from skvae.likelihoods import Likelihood
from skvae.networks.ae import AE
from skvae.networks.network import Term, Terms

__all__ = ["MaskedAE"]

N_GROUPS = 4
# Few rows take less time than the calls of a pass, and so share one among the groups.
FEW_ROWS = 256


class MaskedAE(AE):
    r"""Autoencoder of flat rows, trained on the likelihood of cells that it cannot see.

    .. math:: \mathrm{loss}(x) = -\log p(x_H \,|\, d(e(x_V, H)))

    The hidden cells :math:`H` are drawn anew for each row of each step, and the encoder sees
    the visible ones :math:`V` and which they are. When rows are scored, each cell is hidden
    with a quarter of the others, ``n_partitions`` times, in groups that are drawn once.
    """

    hidden: Tensor

    def __init__(
        self,
        architecture: Any,
        input_shape: tuple[int, ...],
        latent_dim: int,
        likelihood: Callable[[tuple[int, ...]], Likelihood],
        masked_fraction: float,
        n_partitions: int,
    ) -> None:
        (n_cells,) = input_shape
        super().__init__(architecture, input_shape, latent_dim, likelihood, (2 * n_cells,))
        self.noise_dim = n_cells + 1
        self.masked_fraction = masked_fraction
        self.n_partitions = n_partitions
        # A power of two, as the numbers of rows in a batch are.
        n_groups = N_GROUPS if n_cells >= N_GROUPS else min(n_cells, 2)
        group = torch.arange(n_cells, device="cpu") % n_groups
        partitions = [group[torch.randperm(n_cells, device="cpu")] for _ in range(n_partitions)]
        groups = torch.arange(n_groups, device="cpu").unsqueeze(1)
        self.register_buffer("hidden", torch.cat([partition == groups for partition in partitions]))

    def terms(self, x: Tensor, noise: Tensor | None = None) -> Terms:
        """Return the named terms of the loss, without noise that of the scores."""
        if noise is None:
            return {"reconstruction": Term(-self.cell_scores(x))}
        hidden = self._draw_hidden(noise)
        outputs = self._outputs(x, hidden)
        return {"reconstruction": Term(self.likelihood.nll(x, outputs, hidden))}

    def encode(self, x: Tensor) -> Tensor:
        """Return the latent codes of rows of which nothing is hidden."""
        codes: Tensor = self.encoder(torch.cat([x, torch.ones_like(x)], dim=-1))
        return codes

    def reconstruct(self, x: Tensor) -> Tensor:
        """Return what each cell should be, given cells that it was hidden with none of."""
        expected = torch.zeros_like(x)
        for hidden, outputs in self._passes(x):
            expected += torch.where(hidden, self.likelihood.mean(outputs), 0.0)
        return expected / self.n_partitions

    def forward(self, x: Tensor) -> Tensor:
        """Return the reconstructions of rows of which nothing is hidden, in one pass."""
        outputs: Tensor = self.decoder(self.encode(x))
        return self.likelihood.mean(outputs)

    def cell_scores(self, x: Tensor) -> Tensor:
        """Return the log density of each cell in nats, given those that it was not hidden with."""
        log_density = torch.zeros_like(x)
        for hidden, outputs in self._passes(x):
            log_density += self.likelihood.log_prob(x, outputs, hidden)
        return log_density / self.n_partitions

    def _passes(self, x: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield what is hidden, and the decoder's outputs, for each group of each partition."""
        for groups in self.hidden.split(N_GROUPS if len(x) <= FEW_ROWS else 1):
            hidden = groups.repeat_interleave(len(x), dim=0)
            outputs = self._outputs(x.repeat(len(groups), 1), hidden)
            yield from zip(hidden.split(len(x)), outputs.split(len(x)), strict=True)

    def _outputs(self, x: Tensor, hidden: Tensor) -> Tensor:
        visible = (~hidden).to(x.dtype)
        outputs: Tensor = self.decoder(self.encoder(torch.cat([x * visible, visible], dim=-1)))
        return outputs

    def _draw_hidden(self, noise: Tensor) -> Tensor:
        # Each row has a share of its own, even around the mean, and the first number decides it.
        width = min(self.masked_fraction, 1 - self.masked_fraction)
        share = self.masked_fraction + width * (2 * torch.special.ndtr(noise[..., :1]) - 1)
        hidden: Tensor = noise[..., 1:] < torch.special.ndtri(share)
        return hidden
