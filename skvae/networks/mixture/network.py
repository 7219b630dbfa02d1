"""An autoencoder with a mixture of Gaussians over its latent codes and reconstructions."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor

from skvae.networks.autoencoder import Autoencoder
from skvae.networks.mixture.features import RECONSTRUCTION_FEATURES
from skvae.networks.mixture.gaussians import Moments
from skvae.networks.mixture.head import MixtureHead
from skvae.networks.network import Network, Term, Terms

__all__ = ["MixtureNetwork"]

ReconstructionFeature: TypeAlias = str | Callable[[Tensor, Tensor], Tensor]


class MixtureNetwork(Network):
    r"""An autoencoder and a mixture of Gaussians over the latent features of its rows.

    .. math::
        \mathrm{loss} = \mathrm{loss_{autoencoder}} + w_E E(z) + w_C \sum_{kj} \Sigma_{kjj}^{-1}

    where :math:`z` are the latent features, the latent code and ``reconstruction_features``,
    the energy :math:`E` is minus their log density under the mixture, and :math:`j` counts the
    entries of the latent code. Where codes are drawn, ``n_draws`` of a row score it.
    """

    draws: Tensor

    def __init__(
        self,
        autoencoder: Callable[[], Autoencoder],
        latent_dim: int,
        reconstruction_features: Sequence[ReconstructionFeature],
        n_components: int,
        reg_covar: float,
        energy_weight: float,
        covariance_weight: float,
        n_draws: int = 1,
    ) -> None:
        super().__init__()
        self.autoencoder = autoencoder()
        self.noise_dim = self.autoencoder.noise_dim
        self.reconstruction_features = [
            feature if callable(feature) else RECONSTRUCTION_FEATURES[feature]
            for feature in reconstruction_features
        ]
        self.energy_weight = energy_weight
        self.covariance_weight = covariance_weight
        n_features = latent_dim + len(self.reconstruction_features)
        self.head = MixtureHead(n_features, latent_dim, n_components, reg_covar)
        # The same for all rows, and for all calls.
        self.register_buffer("draws", torch.randn(n_draws, latent_dim, dtype=torch.float32))

    def terms(self, x: Tensor, noise: Tensor | None = None) -> Terms:
        """Return the named terms of the loss."""
        latent, outputs, terms = self.autoencoder.run(x, noise)
        energy, covariance = self.head.loss(self._join(x, latent, outputs))
        return {
            **terms,
            "energy": Term(energy, self.energy_weight),
            # Of the batch as a whole, and so the same for each of its rows.
            "covariance": Term(covariance.expand(len(x)), self.covariance_weight),
        }

    def encode(self, x: Tensor) -> Tensor:
        """Return the latent codes of rows, (n_rows, latent_dim)."""
        return self.autoencoder.encode(x)

    def reconstruct(self, x: Tensor) -> Tensor:
        """Return the reconstructions of rows, in the shape of ``x``."""
        return self.autoencoder.reconstruct(x)

    def latent_features(self, x: Tensor) -> Tensor:
        """Return latent codes and reconstruction features of rows, (n_rows, n_features)."""
        return self._features(x, self.encode(x))

    def drawn_features(self, x: Tensor, noise: Tensor) -> Tensor:
        """Return the features of all draws of rows, (n_draws * n_rows, n_features).

        A mixture must not be fitted to the same noise for all rows: entries of the latent
        code that say nothing would have no more values than there are draws, and so be
        clusters. So ``noise`` is of shape (n_draws, n_rows, latent_dim).
        """
        return torch.cat([self._features(x, code) for code in self.autoencoder.codes(x, noise)])

    def moments(self, x: Tensor, noise: Tensor) -> Moments:
        """Return the moments of drawn features, as the memberships have it."""
        return self.head.moments(self.drawn_features(x, noise))

    def membership(self, x: Tensor) -> Tensor:
        """Return how much each row belongs to each Gaussian, (n_rows, n_components)."""
        return self._mean(self.head.membership, x)

    def log_density(self, x: Tensor) -> Tensor:
        """Return the log density of each row's latent features in nats, minus its energy."""
        # Rows far beyond all others have more than float32 holds.
        largest = torch.finfo(x.dtype).max
        return self._mean(self.head.log_density, x).clamp(min=-largest)

    def _mean(self, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        codes = self.autoencoder.codes(x, self.draws)
        return torch.stack([function(self._features(x, code)) for code in codes]).mean(0)

    def _features(self, x: Tensor, latent: Tensor) -> Tensor:
        return self._join(x, latent, self.autoencoder.decoder(latent))

    def _join(self, x: Tensor, latent: Tensor, outputs: Tensor) -> Tensor:
        observed = self.autoencoder.observed(x)
        pair = self.autoencoder.likelihood.pairs(x, outputs, observed)
        columns = [_column(feature, *pair) for feature in self.reconstruction_features]
        return torch.cat([latent, *columns], dim=1)


def _column(feature: Callable[[Tensor, Tensor], Any], x: Tensor, reconstruction: Tensor) -> Tensor:
    values = feature(x, reconstruction)
    if not isinstance(values, Tensor) or values.shape != (len(x),):
        found = getattr(values, "shape", type(values).__name__)
        raise ValueError(
            f"The reconstruction feature {feature!r} must return a tensor of one number for each "
            f"of the {len(x)} rows, but it returned {found}."
        )
    return values.unsqueeze(1)
