"""Reconstruction features: what a reconstruction says about a row as a whole, one number a row."""

import math

import torch
from torch import Tensor

__all__ = ["RECONSTRUCTION_FEATURES"]

# A row or reconstruction shorter than a tenth of a standardised row counts as that long: to be
# near the origin, where directions and ratios mean nothing, is no anomaly.
SHORTEST = 0.1


def euclidean(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Return the distance between rows and their reconstructions."""
    return _norm(x - reconstruction)


def relative_euclidean(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Return that distance divided by the length of the row."""
    return euclidean(x, reconstruction) / _length(x)


def cosine(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Return the cosine of the angle between rows and their reconstructions."""
    product = (x * reconstruction).flatten(1).sum(1)
    return product / (_length(x) * _length(reconstruction))


RECONSTRUCTION_FEATURES = {
    "euclidean": euclidean,
    "relative_euclidean": relative_euclidean,
    "cosine": cosine,
}


def _norm(x: Tensor) -> Tensor:
    # The root alone has an infinite slope at zero.
    return x.flatten(1).square().sum(1).clamp(min=torch.finfo(x.dtype).tiny).sqrt()


def _length(x: Tensor) -> Tensor:
    return _norm(x).clamp(min=SHORTEST * math.sqrt(math.prod(x.shape[1:])))
