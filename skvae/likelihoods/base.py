"""What every likelihood can say."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

__all__ = ["Likelihood"]


class Likelihood(nn.Module, ABC):
    """The distribution of the cells of a row, given what a decoder returns for it.

    Parameters
    ----------
    input_shape : tuple of int
        The shape of one row.
    """

    def __init__(self, input_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.input_shape = input_shape

    @property
    def output_shape(self) -> tuple[int, ...]:
        """The shape of what the decoder returns for one row."""
        return self.input_shape

    def log_prob(self, x: Tensor, outputs: Tensor, observed: Tensor | None = None) -> Tensor:
        """Return the log density of each cell in nats, in the shape of ``x``.

        Parameters
        ----------
        x : Tensor of shape (n_rows, *input_shape)
            The rows.

        outputs : Tensor of shape (n_rows, *output_shape)
            What the decoder returned.

        observed : Tensor of bool in the shape of x, default=None
            Where there is a value. All other cells, NaN or not, have a log density of 0.
        """
        return -self.nll(x, outputs, observed)

    def nll(self, x: Tensor, outputs: Tensor, observed: Tensor | None = None) -> Tensor:
        """Return minus the log density of each cell, which training makes small."""
        if observed is None:
            return self._nll(x, outputs)
        # Before the density too: the gradient at NaN would be NaN, even times zero.
        nll = self._nll(torch.where(observed, x, 0.0), outputs)
        return torch.where(observed, nll, 0.0)

    def pairs(
        self, x: Tensor, outputs: Tensor, observed: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return rows and their reconstructions as numbers that can be compared.

        Both are 0 where there is no value.
        """
        if observed is None:
            return self._pairs(x, outputs)
        row, reconstruction = self._pairs(torch.where(observed, x, 0.0), outputs)
        return torch.where(observed, row, 0.0), torch.where(observed, reconstruction, 0.0)

    def _pairs(self, x: Tensor, outputs: Tensor) -> tuple[Tensor, Tensor]:
        return x, self.mean(outputs)

    @abstractmethod
    def _nll(self, x: Tensor, outputs: Tensor) -> Tensor:
        """Return minus the log density of each cell of complete rows."""

    @abstractmethod
    def mean(self, outputs: Tensor) -> Tensor:
        """Return the expected rows, (n_rows, *input_shape)."""

    @abstractmethod
    def sample(self, outputs: Tensor) -> Tensor:
        """Return one draw for each row, (n_rows, *input_shape), from torch's generator."""
