"""Distributions around the decoder's outputs, with one scale a cell."""

import math
from abc import abstractmethod

import torch
from torch import Tensor, nn
from torch.distributions import StudentT as StandardStudentT

from skvae.likelihoods.base import Likelihood

__all__ = ["MIN_SIGMA", "Gaussian", "LocationScale", "StudentT"]

# Below this a constant feature, which is reconstructed ever better, would drown the others.
MIN_SIGMA = 0.001


class LocationScale(Likelihood):
    """A distribution that the decoder's outputs move, and that sigma widens.

    Parameters
    ----------
    input_shape : tuple of int
        The shape of one row.

    sigma : float of at least 0.001, default=None
        The scale of all cells. ``None`` learns one for each cell of a row, beginning at 1.
    """

    def __init__(self, input_shape: tuple[int, ...], sigma: float | None = None) -> None:
        super().__init__(input_shape)
        log_sigma = torch.full(
            input_shape, math.log(1.0 if sigma is None else sigma), dtype=torch.float32
        )
        self.log_sigma = nn.Parameter(log_sigma, requires_grad=sigma is None)

    def mean(self, outputs: Tensor) -> Tensor:
        """Return the expected rows: the outputs."""
        return outputs

    def sample(self, outputs: Tensor) -> Tensor:
        """Return one draw for each row."""
        return outputs + self._draw(outputs) * self._limited_log_sigma().exp()

    def _limited_log_sigma(self) -> Tensor:
        return self.log_sigma.clamp(min=math.log(MIN_SIGMA))

    @abstractmethod
    def _draw(self, like: Tensor) -> Tensor:
        """Return draws with the location 0 and the scale 1."""


# torch.distributions has these densities too, but takes up to 1.8 times as long to score.
class Gaussian(LocationScale):
    """The normal distribution."""

    def _nll(self, x: Tensor, outputs: Tensor) -> Tensor:
        log_sigma = self._limited_log_sigma()
        log_normaliser = log_sigma + 0.5 * math.log(2 * math.pi)
        scaled = (x - outputs) * torch.exp(-log_sigma)
        return torch.addcmul(log_normaliser, scaled, scaled, value=0.5)

    def _draw(self, like: Tensor) -> Tensor:
        return torch.randn_like(like)


class StudentT(LocationScale):
    """Student's t distribution with three degrees of freedom, the fewest with a variance."""

    dof = 3

    def _nll(self, x: Tensor, outputs: Tensor) -> Tensor:
        log_sigma = self._limited_log_sigma()
        log_beta = math.lgamma(self.dof / 2) + math.lgamma(0.5) - math.lgamma((self.dof + 1) / 2)
        log_normaliser = log_sigma + log_beta + 0.5 * math.log(self.dof)
        scaled = (x - outputs) * torch.exp(-log_sigma - 0.5 * math.log(self.dof))
        return torch.add(log_normaliser, scaled.square().log1p(), alpha=0.5 * (self.dof + 1))

    def _draw(self, like: Tensor) -> Tensor:
        return StandardStudentT(like.new_tensor(self.dof)).sample(like.shape)
