"""Networks: torch modules that say what each row adds to the loss, and score rows."""

from skvae.networks.ae import AE
from skvae.networks.autoencoder import Autoencoder, Pass
from skvae.networks.masked_ae import MaskedAE
from skvae.networks.members import Members, StackedMembers, can_be_stacked
from skvae.networks.mixture import MixtureNetwork
from skvae.networks.network import Network, Term, Terms
from skvae.networks.vae import VAE, auto_beta

__all__ = [
    "AE",
    "VAE",
    "Autoencoder",
    "MaskedAE",
    "Members",
    "MixtureNetwork",
    "Network",
    "Pass",
    "StackedMembers",
    "Term",
    "Terms",
    "auto_beta",
    "can_be_stacked",
]
