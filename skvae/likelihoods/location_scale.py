"""Distributions around the decoder's outputs, with a scale for each cell."""

import math
from abc import abstractmethod

import torch
from torch import Tensor, nn
from torch.distributions import StudentT as StandardStudentT

from skvae.likelihoods.base import Likelihood

__all__ = ["MAX_SIGMA", "MIN_SIGMA", "Gaussian", "LocationScale", "StudentT"]

# Below this a constant feature, which is reconstructed ever better, would drown the others.
MIN_SIGMA = 0.001
# What is drawn with it stays within float32.
MAX_SIGMA = 1e12
# How far the scale of a cell can be from that of its column, both ways: a factor of 7.4.
LARGEST_LOG_RATIO = 2.0


class LocationScale(Likelihood):
    """A distribution that the decoder's outputs move, and that sigma widens.

    Parameters
    ----------
    input_shape : tuple of int
        The shape of one row.

    sigma : float of at least 0.001, default=None
        The scale of all cells. ``None`` learns one for each cell of a row, beginning at 1.

    heteroscedastic : bool, default=False
        Whether the decoder tells of each cell by how much its scale differs from sigma, too.
        Its outputs are then locations and logs of ratios, one after the other.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        sigma: float | None = None,
        heteroscedastic: bool = False,
    ) -> None:
        super().__init__(input_shape)
        self.heteroscedastic = heteroscedastic
        log_sigma = torch.full(
            input_shape, math.log(1.0 if sigma is None else sigma), dtype=torch.float32
        )
        self.log_sigma = nn.Parameter(log_sigma, requires_grad=sigma is None)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """The shape of what the decoder returns for one row."""
        return (2, *self.input_shape) if self.heteroscedastic else self.input_shape

    def mean(self, outputs: Tensor) -> Tensor:
        """Return the expected rows: the locations."""
        return self._location_and_log_scale(outputs)[0]

    def sample(self, outputs: Tensor) -> Tensor:
        """Return one draw for each row."""
        location, log_scale = self._location_and_log_scale(outputs)
        return location + self._draw(location) * log_scale.exp()

    def _location_and_log_scale(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        smallest = math.log(MIN_SIGMA)
        if not self.heteroscedastic:
            return outputs, self.log_sigma.clamp(min=smallest)
        location, log_ratio = outputs.unbind(-1 - len(self.input_shape))
        log_ratio = log_ratio.clamp(-LARGEST_LOG_RATIO, LARGEST_LOG_RATIO)
        return location, (self.log_sigma + log_ratio).clamp(min=smallest)

    @abstractmethod
    def _draw(self, like: Tensor) -> Tensor:
        """Return draws with the location 0 and the scale 1."""


# torch.distributions has these densities too, but takes up to 1.8 times as long to score.
class Gaussian(LocationScale):
    """The normal distribution."""

    def _nll(self, x: Tensor, outputs: Tensor) -> Tensor:
        location, log_scale = self._location_and_log_scale(outputs)
        log_normaliser = log_scale + 0.5 * math.log(2 * math.pi)
        scaled = (x - location) * torch.exp(-log_scale)
        return torch.addcmul(log_normaliser, scaled, scaled, value=0.5)

    def _draw(self, like: Tensor) -> Tensor:
        return torch.randn_like(like)


class StudentT(LocationScale):
    """Student's t distribution with three degrees of freedom, the fewest with a variance."""

    dof = 3

    def _nll(self, x: Tensor, outputs: Tensor) -> Tensor:
        location, log_scale = self._location_and_log_scale(outputs)
        log_beta = math.lgamma(self.dof / 2) + math.lgamma(0.5) - math.lgamma((self.dof + 1) / 2)
        log_normaliser = log_scale + log_beta + 0.5 * math.log(self.dof)
        scaled = (x - location) * torch.exp(-log_scale - 0.5 * math.log(self.dof))
        return torch.add(log_normaliser, scaled.square().log1p(), alpha=0.5 * (self.dof + 1))

    def _draw(self, like: Tensor) -> Tensor:
        return StandardStudentT(like.new_tensor(self.dof)).sample(like.shape)
