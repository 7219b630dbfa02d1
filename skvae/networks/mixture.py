"""Autoencoders with a mixture of Gaussians over their codes and reconstructions."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from skvae.networks.autoencoder import AutoEncoder
from skvae.networks.gaussians import Moments
from skvae.networks.latent_mixture import LatentMixture
from skvae.networks.reconstruction_features import RECONSTRUCTION_FEATURES
from skvae.networks.vae import VAE

__all__ = ["MixtureAutoEncoder", "MixtureVAE", "join_latent_features"]

ReconstructionFeatures: TypeAlias = Sequence[str | Callable[[Tensor, Tensor], Tensor]]


def join_latent_features(
    code: Tensor, x: Tensor, reconstruction: Tensor, reconstruction_features: ReconstructionFeatures
) -> Tensor:
    """Return codes side by side with what their reconstructions say about the rows."""
    functions = [
        feature if callable(feature) else RECONSTRUCTION_FEATURES[feature]
        for feature in reconstruction_features
    ]
    columns = [function(x, reconstruction).unsqueeze(1) for function in functions]
    return torch.cat([code, *columns], dim=1)


class _Mixture(nn.Module):
    r"""What a mixture of Gaussians adds to an autoencoder.

    .. math::
        \mathrm{loss} = \mathrm{loss_{autoencoder}} + w_E E(z) + w_C \sum_{kj} \Sigma_{kjj}^{-1}

    where :math:`z` are the latent features, the energy :math:`E` is minus their log density
    under the mixture, and :math:`j` counts the entries of the code.

    Parameters
    ----------
    latent_dim : int
        The size of the code.

    reconstruction_features : sequence of str or callable
        What joins the code in the latent features.

    n_components : int
        The number of Gaussians.

    reg_covar : float
        Keeps variances off zero, as a share of a feature's variance over all rows.

    energy_weight, covariance_weight : float
        The weights of the energy and of the inverse variances in the loss.

    **autoencoder
        What the autoencoder is built with.
    """

    encode: Callable[[Tensor], Tensor]
    decoder: nn.Module
    restore: Callable[[Tensor], tuple[Tensor, Tensor, dict[str, Tensor]]]

    def __init__(
        self,
        *,
        latent_dim: int,
        reconstruction_features: ReconstructionFeatures,
        n_components: int,
        reg_covar: float,
        energy_weight: float,
        covariance_weight: float,
        **autoencoder: Any,
    ) -> None:
        super().__init__(latent_dim=latent_dim, **autoencoder)
        self.reconstruction_features = reconstruction_features
        self.energy_weight = energy_weight
        self.covariance_weight = covariance_weight
        n_features = latent_dim + len(reconstruction_features)
        self.latent_mixture = LatentMixture(n_features, latent_dim, n_components, reg_covar)

    def loss(self, x: Tensor) -> dict[str, Tensor]:
        """Return the named parts of the loss, each a mean over rows."""
        code, reconstruction, parts = self.restore(x)
        features = join_latent_features(code, x, reconstruction, self.reconstruction_features)
        energy, covariance = self.latent_mixture.loss(features)
        loss = parts["loss"] + self.energy_weight * energy + self.covariance_weight * covariance
        return {
            "reconstruction": parts["loss"],
            **parts,
            "loss": loss,
            "energy": energy,
            "covariance": covariance,
        }

    def codes(self, x: Tensor, *, fresh: bool = False) -> Iterator[Tensor]:
        """Yield the codes of rows, as often as the scores are a mean over them.

        If they are drawn, then with noise that is the same for all rows, or with fresh
        noise for each, as while training.
        """
        yield self.encode(x)

    def latent_features(self, x: Tensor) -> Tensor:
        """Return code and reconstruction features of rows, (n_rows, n_features)."""
        return self._features(x, self.encode(x))

    def _features(self, x: Tensor, code: Tensor) -> Tensor:
        return join_latent_features(code, x, self.decoder(code), self.reconstruction_features)

    def _mean(self, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        return torch.stack([function(self._features(x, code)) for code in self.codes(x)]).mean(0)

    def drawn_features(self, x: Tensor) -> Tensor:
        """Return the features of all codes of rows, (n_codes * n_rows, n_features)."""
        return torch.cat([self._features(x, code) for code in self.codes(x, fresh=True)])

    def moments(self, x: Tensor) -> Moments:
        """Return the moments of the features of all codes of rows, as memberships have it."""
        return self.latent_mixture.moments(self.drawn_features(x))

    def membership(self, x: Tensor) -> Tensor:
        """Return how much each row belongs to each Gaussian, (n_rows, n_components)."""
        return self._mean(self.latent_mixture.membership, x)

    def row_scores(self, x: Tensor) -> Tensor:
        """Return minus the energy of each row, in nats."""
        # Rows far beyond all others have more than float32 holds.
        largest = torch.finfo(x.dtype).max
        return self._mean(self.latent_mixture.log_density, x).clamp(min=-largest)


# The scores of a mixture leave no choice, and so take nothing but the rows.
class MixtureAutoEncoder(_Mixture, AutoEncoder):  # type: ignore[misc]
    """Autoencoder with a mixture of Gaussians over its latent features."""


class MixtureVAE(_Mixture, VAE):  # type: ignore[misc]
    """Variational autoencoder with a mixture over the features of sampled codes.

    Parameters
    ----------
    samples : int
        From how many codes of a row its features are computed, outside of training.

    **arguments
        Those of the mixture and of the variational autoencoder.
    """

    code_noise: Tensor

    def __init__(self, *, samples: int, latent_dim: int, **arguments: Any) -> None:
        super().__init__(latent_dim=latent_dim, **arguments)
        noise = torch.randn(samples, latent_dim, dtype=torch.float32)
        self.register_buffer("code_noise", noise)

    def codes(self, x: Tensor, *, fresh: bool = False) -> Iterator[Tensor]:
        """Yield draws from the posterior of rows, with the same noise for each or fresh noise.

        A mixture must not be fitted to the same noise for all rows: entries of the code that
        say nothing would have no more values than there are draws, and so be clusters.
        """
        mean, log_variance = self.posterior(x)
        deviation = torch.exp(0.5 * log_variance)
        for noise in self.code_noise:
            yield mean + (torch.randn_like(mean) if fresh else noise) * deviation

    def feature_scores(self, x: Tensor) -> Tensor:  # type: ignore[override]
        """Return minus the squared error of each feature, in the shape of ``x``."""
        return self.reconstruction(x)
