"""Rows drawn from a network."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skvae.training.seeds import isolated_seed

__all__ = ["sample_network"]


def sample_network(network: Any, n_rows: int, *, seed: int, device: str) -> NDArray[np.float32]:
    """Return rows drawn from a network that can, the same ones for the same seed."""
    with isolated_seed(seed, torch.device(device)), torch.inference_mode():
        rows: torch.Tensor = network.sample(n_rows)
        return rows.cpu().numpy()
