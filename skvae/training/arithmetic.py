"""How much arithmetic a step has."""

import math
from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

__all__ = ["is_small_step", "multiply_adds"]

# Multiplications in the forward pass of a batch. Below, a second thread gains little, and
# costs much where another process wants its core; a GPU would mostly wait for Python.
SMALL_STEP = 5e7


def is_small_step(network: nn.Module, X: NDArray[Any], batch_size: int) -> bool:
    """Tell whether a step has too little work for a second thread, or for a GPU.

    Parameters
    ----------
    network : torch.nn.Module
        The network.

    X : ndarray of shape (n_samples, ...)
        The training rows.

    batch_size : int
        The number of rows in a step.

    Returns
    -------
    is_small : bool
        Whether the forward pass of a batch takes fewer than 5e7 multiplications.
    """
    return min(batch_size, len(X)) * multiply_adds(network, X.shape[1:]) < SMALL_STEP


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
