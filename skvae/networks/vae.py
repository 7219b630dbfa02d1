"""The variational autoencoder: a distribution of latent codes, and one of rows given a code."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from skvae.likelihoods import Columns, Likelihood
from skvae.networks.autoencoder import Autoencoder
from skvae.networks.network import Term, Terms

__all__ = ["VAE", "auto_beta", "kl_divergence"]

LOG_VARIANCE_RANGE = (-12.0, 6.0)
N_DRAWS = 16
# Numbers have a scale, which falls while they are learned. A word is right or wrong, and would be
# copied through the code if that cost little.
BETA_OF_NUMBERS, BETA_OF_WORDS = 0.1, 1.0


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return KL(N(mean, variance) || N(0, 1)) in nats, element by element."""
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1.0)


def auto_beta(columns: Columns | None) -> float:
    """Return the weight of the divergence that suits the columns of a table, or images."""
    if columns is None:
        return BETA_OF_NUMBERS
    n_words = len(columns.n_categories)
    total = BETA_OF_NUMBERS * columns.n_numbers + BETA_OF_WORDS * n_words
    return total / (columns.n_numbers + n_words)


class VAE(Autoencoder):
    r"""Variational autoencoder with a diagonal Gaussian posterior.

    .. math::
        \mathrm{loss}(x) = -\log p(x | z) + \beta \, \mathrm{KL}(q(z | x) \,\|\, p(z)),
        \quad z \sim q(z | x)

    The scores have the divergence at a weight of 1, whatever ``beta``.
    """

    draws: Tensor

    def __init__(
        self,
        architecture: Any,
        input_shape: tuple[int, ...],
        latent_dim: int,
        likelihood: Callable[[tuple[int, ...]], Likelihood],
        beta: float,
        columns: Columns | None = None,
    ) -> None:
        super().__init__(architecture, input_shape, latent_dim, 2 * latent_dim, likelihood, columns)
        self.noise_dim = latent_dim
        self.beta = beta
        # Drawn once, in pairs that cancel, so that no score depends on fresh noise.
        draws = torch.randn(N_DRAWS // 2, latent_dim, dtype=torch.float32)
        self.register_buffer("draws", torch.cat([draws, -draws]))

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance of q(z | x), each of shape (n_rows, latent_dim)."""
        mean, log_variance = self.encoded_whole(x).chunk(2, dim=-1)
        return mean, log_variance.clamp(*LOG_VARIANCE_RANGE)

    def encode(self, x: Tensor) -> Tensor:
        """Return the posterior means of rows, (n_rows, latent_dim)."""
        return self.posterior(x)[0]

    def infer(self, x: Tensor, noise: Tensor | None) -> tuple[Tensor, Terms]:
        """Return draws from the posterior, its means without noise, and the divergence."""
        mean, log_variance = self.posterior(x)
        kl = Term(kl_divergence(mean, log_variance), self.beta)
        latent = mean if noise is None else mean + noise * torch.exp(0.5 * log_variance)
        return latent, {"kl": kl}

    def codes(self, x: Tensor, noise: Tensor) -> Iterator[Tensor]:
        """Yield one draw from the posterior of each row for each draw of noise."""
        mean, log_variance = self.posterior(x)
        deviation = torch.exp(0.5 * log_variance)
        for draw in noise:
            yield mean + draw * deviation

    def elbo(self, x: Tensor) -> Tensor:
        """Return log p(x | z) at the posterior mean less the divergence, cell by cell.

        The divergence belongs to no single cell: each bears an equal share, so that the
        cells of a row add up to its evidence lower bound.
        """
        mean, log_variance = self.posterior(x)
        log_density = self.likelihood.log_prob(x, self.decoder(mean), self.observed(x))
        kl = kl_divergence(mean, log_variance).sum(1) / math.prod(x.shape[1:])
        return log_density - kl.reshape(-1, *[1] * (x.ndim - 1))

    def reconstruction_probability(self, x: Tensor) -> Tensor:
        """Return the mean of log p(x | z) over draws of z from q(z | x), cell by cell."""
        observed = self.observed(x)
        log_likelihood = torch.zeros_like(x)
        for latent in self.codes(x, self.draws):
            log_likelihood += self.likelihood.log_prob(x, self.decoder(latent), observed)
        return log_likelihood / N_DRAWS

    def sample(self, n_rows: int) -> Tensor:
        """Return draws from p(x | z), each with its own draw of z from the prior."""
        latent = torch.randn(
            n_rows, self.noise_dim, dtype=self.draws.dtype, device=self.draws.device
        )
        return self.likelihood.sample(self.decoder(latent))
