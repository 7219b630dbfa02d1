"""The masked autoencoder: hide some cells of a row, and predict them from the others."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from skvae.likelihoods import Columns, Likelihood
from skvae.networks.ae import AE
from skvae.networks.cells import agree
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
        columns: Columns | None = None,
    ) -> None:
        (n_cells,) = input_shape
        columns = columns or Columns(n_cells)
        super().__init__(architecture, input_shape, latent_dim, likelihood, columns, True)
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
        hidden, observed = self._draw_hidden(noise), self.observed(x)
        outputs = self._outputs(x, hidden, observed)
        asked = hidden if observed is None else hidden & observed
        return {"reconstruction": Term(self.likelihood.nll(x, outputs, asked))}

    def reconstruct(self, x: Tensor) -> Tensor:
        """Return what each cell should be, given cells that it was hidden with none of."""
        expected = [torch.zeros_like(x) for _ in range(self.n_partitions)]
        for number, hidden, outputs in self._passes(x):
            expected[number] += torch.where(hidden, self.likelihood.mean(outputs), 0.0)
        return agree(expected, self.columns)

    def forward(self, x: Tensor) -> Tensor:
        """Return the reconstructions of rows of which nothing is hidden, in one pass."""
        outputs: Tensor = self.decoder(self.encode(x))
        return self.likelihood.mean(outputs)

    def cell_scores(self, x: Tensor) -> Tensor:
        """Return the log density of each cell in nats, given those that it was not hidden with."""
        observed = self.observed(x)
        log_density = torch.zeros_like(x)
        for _, hidden, outputs in self._passes(x):
            cells = self.likelihood.log_prob(x, outputs, observed)
            log_density += torch.where(hidden, cells, 0.0)
        return log_density / self.n_partitions

    def _passes(self, x: Tensor) -> Iterator[tuple[int, Tensor, Tensor]]:
        """Yield the number of a partition, what is hidden, and the decoder's outputs."""
        observed = self.observed(x)
        is_small = torch.compiler.is_exporting() or len(x) <= FEW_ROWS
        n_groups = len(self.hidden) // self.n_partitions
        number = 0
        together = N_GROUPS if is_small else 1
        for start in range(0, len(self.hidden), together):
            groups = self.hidden[start : start + together]
            shape = (len(groups), *x.shape)
            hidden = groups.unsqueeze(1).expand(shape)
            seen = None if observed is None else observed.expand(shape).flatten(0, 1)
            outputs = self._outputs(x.expand(shape).flatten(0, 1), hidden.flatten(0, 1), seen)
            for k in range(len(groups)):
                yield number // n_groups, hidden[k], outputs.unflatten(0, shape[:2])[k]
                number += 1

    def _outputs(self, x: Tensor, hidden: Tensor, observed: Tensor | None) -> Tensor:
        visible = ~hidden if observed is None else ~hidden & observed
        outputs: Tensor = self.decoder(self.encoded(x, visible))
        return outputs

    def _draw_hidden(self, noise: Tensor) -> Tensor:
        # Each row has a share of its own, even around the mean, and the first number decides it.
        width = min(self.masked_fraction, 1 - self.masked_fraction)
        share = self.masked_fraction + width * (2 * torch.special.ndtr(noise[..., :1]) - 1)
        hidden: Tensor = noise[..., 1:] < torch.special.ndtri(share)
        return hidden
