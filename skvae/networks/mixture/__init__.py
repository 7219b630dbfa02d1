"""A mixture of Gaussians over what an autoencoder says of rows."""

from skvae.networks.mixture.features import RECONSTRUCTION_FEATURES
from skvae.networks.mixture.gaussians import (
    Mixture,
    Moments,
    Whitened,
    expectation_maximization,
)
from skvae.networks.mixture.head import MixtureHead
from skvae.networks.mixture.network import MixtureNetwork

__all__ = [
    "RECONSTRUCTION_FEATURES",
    "Mixture",
    "MixtureHead",
    "MixtureNetwork",
    "Moments",
    "Whitened",
    "expectation_maximization",
]
