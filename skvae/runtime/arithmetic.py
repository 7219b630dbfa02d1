"""How much arithmetic a step has."""

import math

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

__all__ = ["is_small_step", "multiply_adds"]

# Multiplications in the forward pass of a batch. Below, a second thread gains little, and
# costs much where another process wants its core; a GPU would mostly wait for Python.
SMALL_STEP = 5e7


def is_small_step(network: nn.Module, row_shape: tuple[int, ...], batch_rows: int) -> bool:
    """Tell whether a step has too little work for a second thread, or for a GPU."""
    return batch_rows * multiply_adds(network, row_shape) < SMALL_STEP


def multiply_adds(network: nn.Module, row_shape: tuple[int, ...]) -> float:
    """Count the multiplications in the matrix products and convolutions of one row.

    If there are none that torch's counter knows, the count is infinite.
    """
    training, device = network.training, next(network.parameters()).device
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network.eval()(torch.zeros(1, *row_shape, dtype=torch.float32, device=device))
    network.train(training)
    flops: int = counter.get_total_flops()
    return flops / 2 or math.inf
