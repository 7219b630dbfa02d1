"""All parameters of a network in one tensor, where they can be."""

import torch
from torch import nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

__all__ = ["join_parameters", "separate_parameters"]


def join_parameters(network: nn.Module) -> list[nn.Parameter]:
    """Let the trained parameters of a network share one tensor, and their gradients another.

    An optimiser then updates one parameter instead of many. In a small network, whose
    arithmetic takes less time than the calls that start it, a step gets a tenth faster.
    Weight decay then also reaches parameters that get no gradient. The parameters become
    parts of the one that is returned, and ``backward`` adds to its gradient.

    Parameters that share memory, or have an order of memory of their own, as transposed and
    recurrent weights do, are returned as they are.
    """
    parameters = [p for p in network.parameters() if p.requires_grad]
    if not parameters:
        raise ValueError("The network has nothing to train: no parameter requires a gradient.")
    n_memories = len({p.untyped_storage().data_ptr() for p in parameters})
    if (
        n_memories < len(parameters)
        or not all(p.is_contiguous() for p in parameters)
        or any(isinstance(module, nn.RNNBase) for module in network.modules())
    ):
        return parameters
    joined = nn.Parameter(parameters_to_vector(parameters).detach())
    joined.grad = torch.zeros_like(joined)
    vector_to_parameters(joined.data, parameters)
    sizes = [p.numel() for p in parameters]
    for parameter, gradient in zip(parameters, joined.grad.split(sizes), strict=True):
        parameter.grad = gradient.view_as(parameter)
    return [joined]


def separate_parameters(network: nn.Module) -> None:
    """Give each trained parameter a memory of its own again, so that they can be joined anew."""
    for parameter in network.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.clone()
