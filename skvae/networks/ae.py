"""The autoencoder: squeeze a row through a small latent code, and see what is lost."""

from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor

from skvae.likelihoods import Columns, Likelihood, SquaredError
from skvae.networks.autoencoder import Autoencoder
from skvae.networks.network import Terms

__all__ = ["AE"]


class AE(Autoencoder):
    r"""Autoencoder with one latent code for each row, trained on the likelihood alone.

    .. math:: \mathrm{loss}(x) = -\log p(x \,|\, d(e(x)))
    """

    def __init__(
        self,
        architecture: Any,
        input_shape: tuple[int, ...],
        latent_dim: int,
        likelihood: Callable[[tuple[int, ...]], Likelihood] = SquaredError,
        columns: Columns | None = None,
        shows_visible: bool = False,
    ) -> None:
        super().__init__(
            architecture, input_shape, latent_dim, latent_dim, likelihood, columns, shows_visible
        )

    def encode(self, x: Tensor) -> Tensor:
        """Return the latent codes of rows, (n_rows, latent_dim)."""
        return self.encoded_whole(x)

    def infer(self, x: Tensor, noise: Tensor | None) -> tuple[Tensor, Terms]:
        """Return the latent codes of rows, which bring no terms."""
        return self.encode(x), {}

    def codes(self, x: Tensor, noise: Tensor) -> Iterator[Tensor]:
        """Yield the latent codes of rows, whatever the noise."""
        yield self.encode(x)

    def cell_scores(self, x: Tensor) -> Tensor:
        """Return minus the squared error of each cell, in the shape of ``x``."""
        return self.reconstruction(x)
