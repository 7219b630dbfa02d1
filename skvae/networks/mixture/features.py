"""Reconstruction features: what a reconstruction says about a row as a whole, one number a row."""

import math

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

__all__ = ["RECONSTRUCTION_FEATURES"]


def euclidean(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Return the distance between rows and their reconstructions."""
    # The root alone has an infinite slope at zero.
    squares = (x - reconstruction).flatten(1).square().sum(1)
    return squares.clamp(min=torch.finfo(x.dtype).tiny).sqrt()


def relative_euclidean(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Return that distance divided by the length of the row, with one more coordinate."""
    lengths: Tensor = torch.linalg.vector_norm(_with_coordinate(x), dim=1)
    return euclidean(x, reconstruction) / lengths


def cosine(x: Tensor, reconstruction: Tensor) -> Tensor:
    """Return the cosine of the angle between rows and reconstructions, with one more coordinate."""
    return cosine_similarity(_with_coordinate(x), _with_coordinate(reconstruction))


RECONSTRUCTION_FEATURES = {
    "euclidean": euclidean,
    "relative_euclidean": relative_euclidean,
    "cosine": cosine,
}


def _with_coordinate(x: Tensor) -> Tensor:
    # As large as a standardised row is long. Without it, directions and ratios would make an
    # anomaly of a row near the origin, where they mean nothing.
    flat = x.flatten(1)
    return torch.cat([flat, torch.full_like(flat[:, :1], math.sqrt(flat.shape[1]))], dim=1)
