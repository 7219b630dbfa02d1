"""The squared error as a likelihood."""

import math

import torch
from torch import Tensor

from skvae.likelihoods.base import Likelihood

__all__ = ["SquaredError"]


class SquaredError(Likelihood):
    """Minus the squared error: a normal distribution of variance 1/2, but for its constant."""

    def _nll(self, x: Tensor, outputs: Tensor) -> Tensor:
        return (x - outputs).square()

    def mean(self, outputs: Tensor) -> Tensor:
        """Return the expected rows: the outputs."""
        return outputs

    def sample(self, outputs: Tensor) -> Tensor:
        """Return one draw for each row."""
        return outputs + math.sqrt(0.5) * torch.randn_like(outputs)
