"""The autoencoder: squeeze a row through a small code, and see what is lost."""

from typing import Any

from torch import Tensor, nn

from skvae.networks.coders import build_coders
from skvae.networks.rows import mean_over_rows, sum_worst, support_weights

__all__ = ["AutoEncoder"]


class AutoEncoder(nn.Module):
    r"""Autoencoder that minimises the squared error of its reconstruction.

    .. math:: \mathrm{loss}(x) = \sum_j \big(x_j - d(e(x))_j\big)^2

    Parameters
    ----------
    architecture : object
        Builds the encoder and the decoder.

    input_shape : tuple of int
        The shape of one row.

    latent_dim : int
        The size of the code.

    support_fraction : float in [0.5, 1], default=1.0
        The share of rows, those with the lowest losses, that the loss is a mean over.
    """

    def __init__(
        self,
        architecture: Any,
        input_shape: tuple[int, ...],
        latent_dim: int,
        support_fraction: float = 1.0,
    ) -> None:
        super().__init__()
        self.support_fraction = support_fraction
        self.encoder, self.decoder = build_coders(
            architecture, input_shape, n_outputs=latent_dim, latent_dim=latent_dim
        )

    def encode(self, x: Tensor) -> Tensor:
        """Return the codes of rows, of shape (n_rows, latent_dim)."""
        return self.encoder(x)

    def forward(self, x: Tensor) -> Tensor:
        """Return the reconstructions of rows, in the shape of ``x``."""
        return self.decoder(self.encode(x))

    def restore(self, x: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Return codes, reconstructions and the named parts of the loss."""
        code = self.encode(x)
        reconstruction = self.decoder(code)
        errors = (x - reconstruction).square()
        weights = None
        if self.support_fraction < 1:
            weights = support_weights(errors.flatten(1).sum(1), self.support_fraction)
        return code, reconstruction, {"loss": mean_over_rows(errors, weights)}

    def loss(self, x: Tensor) -> dict[str, Tensor]:
        """Return the named parts of the loss, each a mean over the rows that count."""
        return self.restore(x)[-1]

    def feature_scores(self, x: Tensor) -> Tensor:
        """Return minus the squared error of each feature, in the shape of ``x``."""
        return -(x - self(x)).square()

    def row_scores(self, x: Tensor, top_features: float) -> Tensor:
        """Return one score a row, the sum of its worst feature scores."""
        return sum_worst(self.feature_scores(x), top_features)
