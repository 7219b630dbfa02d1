"""The distributions of words."""

import math

import torch
from torch import Tensor

from skvae.likelihoods.base import Likelihood

__all__ = ["Categorical"]


class Categorical(Likelihood):
    r"""Cells that hold the codes of categories, of which the outputs are the logits.

    .. math::
        p(k) = (1 - K \epsilon) \, \mathrm{softmax}_k + \epsilon, \quad \epsilon = \frac{1}{n + K}

    of the :math:`K` categories of a column, by Laplace's rule: of :math:`n` rows none says that
    something is rarer. The last code of each column stands for all words that have none of their
    own, since training has seen them once or never. One of them is as likely as another, and
    there may be :math:`n + 1`.

    Parameters
    ----------
    n_categories : tuple of int
        How many codes each column has, 0, 1, 2 and so on.

    n_rows : int
        How many rows there are to learn from.
    """

    has_logit: Tensor
    place: Tensor
    log_floor: Tensor
    log_rest: Tensor
    rare: Tensor

    def __init__(self, n_categories: tuple[int, ...], n_rows: int) -> None:
        super().__init__((len(n_categories),))
        self.n_categories = n_categories
        self.log_n_words = math.log(n_rows + 1)
        counts = torch.tensor(n_categories, device="cpu").unsqueeze(1)
        codes = torch.arange(max(n_categories), device="cpu")
        floor = 1.0 / (n_rows + counts)
        # Where among the outputs the logit of each code is.
        place = (counts.cumsum(0) - counts + codes).clamp(max=sum(n_categories) - 1)
        for name, value in {
            "has_logit": codes < counts,
            "place": place.flatten(),
            "log_floor": floor.log(),
            "log_rest": torch.log1p(-counts * floor),
            "rare": codes == counts - 1,
        }.items():
            self.register_buffer(name, value, persistent=False)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """The shape of what the decoder returns for one row."""
        return (sum(self.n_categories),)

    def log_probabilities(self, outputs: Tensor) -> Tensor:
        """Return the log probability of each code, (n_rows, n_columns, max(n_categories)).

        Codes that a column does not have get its smallest.
        """
        logits = torch.where(
            self.has_logit,
            outputs.index_select(-1, self.place).unflatten(-1, self.has_logit.shape),
            -math.inf,
        )
        return torch.logaddexp(logits.log_softmax(-1) + self.log_rest, self.log_floor)

    def mean(self, outputs: Tensor) -> Tensor:
        """Return the most likely codes."""
        return self._known(outputs).argmax(-1).to(outputs.dtype)

    def sample(self, outputs: Tensor) -> Tensor:
        """Return one draw for each row."""
        known = self._known(outputs)
        codes: Tensor = torch.distributions.Categorical(logits=known).sample()
        return codes.to(outputs.dtype)

    def _nll(self, x: Tensor, outputs: Tensor) -> Tensor:
        codes = x.long().unsqueeze(-1)
        log_density = self._log_densities(outputs)
        return -log_density.gather(-1, codes).squeeze(-1)

    def _log_densities(self, outputs: Tensor) -> Tensor:
        return self.log_probabilities(outputs) - self.log_n_words * self.rare

    def _known(self, outputs: Tensor) -> Tensor:
        """Return the log probabilities, without the rare words where there are others."""
        known = self.has_logit & ~self.rare
        known = torch.where(known.any(-1, keepdim=True), known, self.rare)
        return self.log_probabilities(outputs).where(known, -math.inf)

    def _pairs(self, x: Tensor, outputs: Tensor) -> tuple[Tensor, Tensor]:
        # What is 1 where a word is, and how much of it is reconstructed.
        codes = x.long().unsqueeze(-1)
        probabilities = self.log_probabilities(outputs).gather(-1, codes).squeeze(-1).exp()
        return torch.ones_like(probabilities), probabilities
