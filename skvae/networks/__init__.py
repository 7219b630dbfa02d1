"""The maths: torch modules that define their loss, their errors and their scores."""

from skvae.networks.autoencoder import AutoEncoder
from skvae.networks.mixture import MixtureAutoEncoder, MixtureVAE
from skvae.networks.vae import VAE

__all__ = ["VAE", "AutoEncoder", "MixtureAutoEncoder", "MixtureVAE"]
