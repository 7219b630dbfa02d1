"""The contract of a network: what training and scoring ask of it."""

from abc import ABC, abstractmethod
from typing import NamedTuple, TypeAlias

from torch import Tensor, nn

__all__ = ["Network", "Term", "Terms"]


class Term(NamedTuple):
    """A part of the loss: what each row adds to it, and its weight.

    ``values`` has the shape (n_rows, ...). Those of a row add up to what the row adds.
    """

    values: Tensor
    weight: float = 1.0


Terms: TypeAlias = dict[str, Term]


class Network(nn.Module, ABC):
    """A module that is trained on its terms.

    All methods return rows in the order of ``x``, a float32 Tensor of shape
    (n_rows, *input_shape), and none of those here draws a random number.
    """

    # The standard normal numbers that the terms of one row need in training.
    noise_dim: int = 0

    @abstractmethod
    def terms(self, x: Tensor, noise: Tensor | None = None) -> Terms:
        """Return the named terms of the loss.

        Parameters
        ----------
        x : Tensor of shape (n_rows, *input_shape)
            The rows.

        noise : Tensor of shape (n_rows, noise_dim), default=None
            Standard normal numbers, or ``None`` for terms without noise.
        """

    @abstractmethod
    def encode(self, x: Tensor) -> Tensor:
        """Return the latent codes of rows, (n_rows, latent_dim)."""

    @abstractmethod
    def reconstruct(self, x: Tensor) -> Tensor:
        """Return the reconstructions of rows, in the shape of ``x``."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the reconstructions of rows."""
        return self.reconstruct(x)
