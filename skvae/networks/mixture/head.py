"""The estimation network, and the mixture that follows from its memberships."""

import torch
from torch import Tensor, nn

from skvae.networks.mixture.gaussians import Kept, Mixture, Moments, stable_cholesky

__all__ = ["MixtureHead"]

# The width of the published estimation network.
N_HIDDEN = 10
# While training, moments are running means over about so many rows, the published batch.
RUNNING_ROWS = 1024


class MixtureHead(nn.Module):
    r"""A mixture of Gaussians over latent features, with an estimation network.

    The estimation network gives each row soft memberships. It starts at those of a first
    guess, a mixture :math:`\phi, N`, and learns what to add to them:

    .. math:: \gamma_k(z) \propto \phi_k N_k(z) \exp(f_k(z))

    The mixture is the most likely one given these memberships.
    """

    location: Tensor
    scale: Tensor

    def __init__(
        self, n_features: int, latent_dim: int, n_components: int, reg_covar: float
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.reg_covar = reg_covar
        self.register_buffer("location", torch.zeros(n_features, dtype=torch.float64))
        self.register_buffer("scale", torch.ones(n_features, dtype=torch.float64))
        standard = Mixture.standard(n_components, n_features)
        self.guess, self.fitted = Kept(standard), Kept(standard)
        self.running = Kept(standard.moments())
        last = nn.Linear(N_HIDDEN, n_components)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.estimator = nn.Sequential(nn.Linear(n_features, N_HIDDEN), nn.Tanh(), last).float()

    def start(self, location: Tensor, scale: Tensor, guess: Mixture) -> None:
        """Set the units of the features, and the guess that training starts at."""
        self.location.copy_(location)
        self.scale.copy_(scale)
        self.guess.value = guess
        self.running.value = guess.moments()

    def standardise(self, features: Tensor) -> Tensor:
        """Return features in the units of the mixtures."""
        return (features.double() - self.location) / self.scale

    def membership(self, features: Tensor) -> Tensor:
        """Return how much each row belongs to each Gaussian, (n_rows, n_components)."""
        return self._log_membership(self.standardise(features)).exp()

    def _log_membership(self, rows: Tensor) -> Tensor:
        logits: Tensor = self.estimator(rows.float())
        return (self.guess.value.log_joint(rows) + logits).log_softmax(1)

    def moments(self, features: Tensor) -> Moments:
        """Return the moments of rows, in the units of the mixtures."""
        rows = self.standardise(features)
        return Moments.of(rows, self._log_membership(rows).exp())

    def loss(self, features: Tensor) -> tuple[Tensor, Tensor]:
        r"""Return a bound on the energy of each row, and the code's inverse variances.

        The bound is tight where the memberships are those of the mixture:

        .. math:: E(z) \leq \sum_k \gamma_k \big(\log \gamma_k - \log \phi_k N_k(z)\big)

        The most likely mixture given the memberships is also what minimises the bound, so
        that no gradient has to go through it.
        """
        rows = self.standardise(features)
        log_membership = self._log_membership(rows)
        membership = log_membership.exp()
        moments = Moments.of(rows, membership)
        running = self.running.value
        if self.training:
            rate = min(1.0, len(rows) / RUNNING_ROWS)
            pairs = zip(running, moments, strict=True)
            running = Moments(*(old.lerp(new.detach(), rate) for old, new in pairs))
            self.running.value = running
        # The value is that of the running moments, and the gradient that of the batch.
        pairs = zip(running, moments, strict=True)
        moments = Moments(*(old + (new - new.detach()) for old, new in pairs))
        mixture = Mixture.from_moments(moments, self.reg_covar)
        log_joint = Mixture(*(part.detach() for part in mixture)).log_joint(rows)
        bound = (membership * (log_membership - log_joint)).sum(1)
        variances = mixture.covariances.diagonal(dim1=1, dim2=2)[:, : self.latent_dim]
        return bound.float(), variances.reciprocal().sum().float()

    def settle(self, moments: Moments) -> float:
        """Set the mixture to what follows from moments, and return the jitter it needed."""
        mixture = Mixture.from_moments(moments, self.reg_covar)
        factors, jitter = stable_cholesky(mixture.covariances)
        if jitter:
            mixture = mixture._replace(covariances=factors @ factors.mT)
        self.fitted.value = mixture
        return jitter

    def log_density(self, features: Tensor) -> Tensor:
        """Return the log density of rows in nats, minus their energy, in float64."""
        log_density = self.fitted.value.log_joint(self.standardise(features)).logsumexp(1)
        return log_density - self.scale.log().sum()
