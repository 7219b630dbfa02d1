"""How many threads share the arithmetic of a batch."""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

__all__ = ["multiply_adds", "single_thread"]

# A thread of Python that starts while another is within would take 1 for the usual number.
_lock = threading.Lock()
_n_users = 0
_n_threads = 1


@contextmanager
def single_thread() -> Iterator[None]:
    """Let torch use one thread, and as many as before afterwards."""
    global _n_users, _n_threads
    with _lock:
        if _n_users == 0:
            _n_threads = torch.get_num_threads()
        _n_users += 1
    torch.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            _n_users -= 1
            torch.set_num_threads(_n_threads)


def multiply_adds(network: nn.Module, input_shape: tuple[int, ...]) -> float:
    """Count the multiplications in the layers of a network for one row.

    Parameters
    ----------
    network : torch.nn.Module
        The network.

    input_shape : tuple of int
        The shape of one row.

    Returns
    -------
    count : float
        Each weight of a linear or convolutional layer counts once for each place that it
        is applied to. If other layers have most of the weights, the count is not known,
        and infinite.
    """
    counts = []

    def count(layer: Any, inputs: Any, output: torch.Tensor) -> None:
        n_channels = layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels
        counts.append(layer.weight.numel() * output[0].numel() // n_channels)

    layers = [m for m in network.modules() if isinstance(m, nn.Linear | nn.modules.conv._ConvNd)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    training = network.training
    with torch.no_grad():
        network.eval()(torch.zeros(1, *input_shape, dtype=torch.float32))
    network.train(training)
    for hook in hooks:
        hook.remove()
    n_counted = sum(p.numel() for layer in layers for p in layer.parameters())
    n_others = sum(p.numel() for p in network.parameters()) - n_counted
    return math.inf if n_others > n_counted else sum(counts)
