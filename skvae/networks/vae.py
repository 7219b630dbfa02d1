"""The variational autoencoder: a distribution of codes, and one of rows given a code."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Normal, StudentT

from skvae.networks.coders import build_coders
from skvae.networks.rows import mean_over_rows, sum_worst, support_weights

__all__ = ["LIKELIHOODS", "MIN_SIGMA", "SCORES", "VAE", "kl_divergence"]

# Below this a constant feature, which is reconstructed ever better, would drown the others.
MIN_SIGMA = 0.001
LOG_VARIANCE_RANGE = (-12.0, 6.0)
N_DRAWS = 16
# The fewest whole degrees of freedom with a variance.
STUDENT_T_DOF = 3


def gaussian(error: Tensor, log_sigma: Tensor) -> Tensor:
    """Return the log density of a normal distribution at a distance from its mean."""
    log_normaliser = log_sigma + 0.5 * math.log(2 * math.pi)
    scaled = error * torch.exp(-log_sigma)
    return torch.addcmul(-log_normaliser, scaled, scaled, value=-0.5)


def student_t(error: Tensor, log_sigma: Tensor) -> Tensor:
    """Return the log density of Student's t, three degrees of freedom, likewise."""
    dof = STUDENT_T_DOF
    log_beta = math.lgamma(dof / 2) + math.lgamma(0.5) - math.lgamma((dof + 1) / 2)
    log_normaliser = log_sigma + log_beta + 0.5 * math.log(dof)
    scaled = error * torch.exp(-log_sigma - 0.5 * math.log(dof))
    return torch.add(-log_normaliser, scaled.square().log1p(), alpha=-0.5 * (dof + 1))


# torch.distributions has these densities too, but takes up to 1.8 times as long to score.
LIKELIHOODS = {"gaussian": gaussian, "student_t": student_t}
NOISE = {gaussian: Normal(0.0, 1.0), student_t: StudentT(float(STUDENT_T_DOF))}


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return KL(N(mean, variance) || N(0, 1)) in nats, element by element."""
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1.0)


class VAE(nn.Module):
    r"""Variational autoencoder with a diagonal Gaussian posterior.

    .. math::
        \mathrm{loss}(x) = -\log p(x | z) + \beta \, \mathrm{KL}(q(z | x) \,\|\, p(z)),
        \quad z \sim q(z | x)

    Parameters
    ----------
    architecture : object
        Builds the encoder and the decoder.

    input_shape : tuple of int
        The shape of one row.

    latent_dim : int
        The size of the code.

    likelihood : {'gaussian', 'student_t'}
        The distribution of a feature around its reconstruction.

    sigma : float or None
        The scale of that distribution, at least 0.001, or None to learn one a feature.

    beta : float
        The weight of the divergence in the loss. The scores have it at 1.

    support_fraction : float in [0.5, 1], default=1.0
        The share of rows, those with the lowest losses, that the loss is a mean over.
    """

    noise: Tensor

    def __init__(
        self,
        architecture: Any,
        input_shape: tuple[int, ...],
        latent_dim: int,
        likelihood: str,
        sigma: float | None,
        beta: float,
        support_fraction: float = 1.0,
    ) -> None:
        super().__init__()
        self.encoder, self.decoder = build_coders(
            architecture, input_shape, n_outputs=2 * latent_dim, latent_dim=latent_dim
        )
        self.log_density = LIKELIHOODS[likelihood]
        log_sigma = torch.full(
            input_shape, math.log(1.0 if sigma is None else sigma), dtype=torch.float32
        )
        self.log_sigma = nn.Parameter(log_sigma, requires_grad=sigma is None)
        self.beta = beta
        self.support_fraction = support_fraction
        # Drawn once, in pairs that cancel, so that no score depends on fresh noise.
        noise = torch.randn(N_DRAWS // 2, latent_dim, dtype=torch.float32)
        self.register_buffer("noise", torch.cat([noise, -noise]))

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance of q(z | x), each of shape (n_rows, latent_dim)."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return mean, log_variance.clamp(*LOG_VARIANCE_RANGE)

    def encode(self, x: Tensor) -> Tensor:
        """Return the posterior means of rows, of shape (n_rows, latent_dim)."""
        return self.posterior(x)[0]

    def forward(self, x: Tensor) -> Tensor:
        """Return the reconstructions of rows from their posterior means."""
        return self.decoder(self.encode(x))

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """Return log p(x | z) in nats for each feature, in the shape of ``x``."""
        return self.log_density(x - self.decoder(z), self._limited_log_sigma())

    def _limited_log_sigma(self) -> Tensor:
        return self.log_sigma.clamp(min=math.log(MIN_SIGMA))

    def restore(self, x: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Return codes, reconstructions and the named parts of the loss, in nats.

        While training the codes are drawn from the posterior, else they are its means.
        """
        mean, log_variance = self.posterior(x)
        z = mean
        if self.training:
            z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        restored = self.decoder(z)
        log_likelihood = self.log_density(x - restored, self._limited_log_sigma())
        divergence = kl_divergence(mean, log_variance)
        weights = None
        if self.support_fraction < 1:
            losses = self.beta * divergence.sum(1) - log_likelihood.flatten(1).sum(1)
            weights = support_weights(losses, self.support_fraction)
        reconstruction = -mean_over_rows(log_likelihood, weights)
        kl = mean_over_rows(divergence, weights)
        loss = reconstruction + self.beta * kl
        return z, restored, {"loss": loss, "reconstruction": reconstruction, "kl": kl}

    def loss(self, x: Tensor) -> dict[str, Tensor]:
        """Return the named parts of the loss, each a mean over the rows that count, in nats."""
        return self.restore(x)[-1]

    def elbo(self, x: Tensor) -> Tensor:
        """Return log p(x | z) at the posterior mean less the divergence, by feature.

        The divergence belongs to no single feature: each bears an equal share, so that
        the features of a row add up to its evidence lower bound.
        """
        mean, log_variance = self.posterior(x)
        log_likelihood = self.log_likelihood(x, mean)
        kl = kl_divergence(mean, log_variance).sum(1) / math.prod(x.shape[1:])
        return log_likelihood - kl.reshape(-1, *[1] * (x.ndim - 1))

    def reconstruction(self, x: Tensor) -> Tensor:
        """Return minus the squared error of each feature."""
        return -(x - self(x)).square()

    def reconstruction_probability(self, x: Tensor) -> Tensor:
        """Return the mean of log p(x | z) over draws of z from q(z | x), by feature."""
        mean, log_variance = self.posterior(x)
        deviation = torch.exp(0.5 * log_variance)
        log_likelihood = torch.zeros_like(x)
        for draw in self.noise:
            log_likelihood += self.log_likelihood(x, mean + draw * deviation)
        return log_likelihood / N_DRAWS

    def feature_scores(self, x: Tensor, score: str) -> Tensor:
        """Return the named score of each feature, in the shape of ``x``."""
        return SCORES[score](self, x)

    def row_scores(self, x: Tensor, score: str, top_features: float) -> Tensor:
        """Return one score a row, the sum of its worst feature scores."""
        return sum_worst(self.feature_scores(x, score), top_features)

    def sample(self, n_rows: int) -> Tensor:
        """Return draws from p(x | z), each with its own draw of z from the prior."""
        location = self.decoder(torch.randn(n_rows, self.noise.shape[1], device=self.noise.device))
        noise = NOISE[self.log_density].sample(location.shape).to(location)
        return location + noise * self._limited_log_sigma().exp()


SCORES = {
    "elbo": VAE.elbo,
    "reconstruction": VAE.reconstruction,
    "reconstruction_probability": VAE.reconstruction_probability,
}
