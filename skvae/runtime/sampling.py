"""Rows drawn from a network."""

import numpy as np
import torch
from numpy.typing import NDArray

from skvae.networks import VAE
from skvae.runtime.isolation import isolated

__all__ = ["sample_network"]


def sample_network(network: VAE, n_rows: int, *, seed: int, device: str) -> NDArray[np.float32]:
    """Return rows drawn from a network that can, the same ones for the same seed."""
    with isolated(seed, torch.device(device)), torch.inference_mode():
        return network.sample(n_rows).cpu().numpy()
