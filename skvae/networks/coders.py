"""An encoder and a decoder that fit together."""

from typing import Any

import torch
from torch import nn

__all__ = ["build_coders"]


def build_coders(
    architecture: Any,
    input_shape: tuple[int, ...],
    n_outputs: int,
    latent_dim: int,
    output_shape: tuple[int, ...],
) -> tuple[nn.Module, nn.Module]:
    """Let an architecture build its modules, and try them on a row.

    Raises
    ------
    ValueError
        If the architecture is a class, cannot build a module, or a module is missing, or what it
        returns has another shape than asked for.
    """
    if isinstance(architecture, type):
        raise ValueError(
            f"architecture must be an object, got the class {architecture.__name__}. Call it: "
            f"{architecture.__name__}()."
        )
    modules = []
    for name, arguments, given, wanted in [
        ("build_encoder", (input_shape, n_outputs), input_shape, (n_outputs,)),
        ("build_decoder", (latent_dim, output_shape), (latent_dim,), output_shape),
    ]:
        called = f"{type(architecture).__name__}.{name}"
        try:
            module = getattr(architecture, name)(*arguments)
        except (MemoryError, RuntimeError, TypeError) as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise ValueError(f"{called}{arguments} could not build a module: {reason}") from error
        if not isinstance(module, nn.Module):
            raise ValueError(f"{called} must return a torch module, got {module!r}.")
        zeros = torch.zeros(1, *given, dtype=torch.float32)
        with torch.no_grad():
            returned = tuple(module.float().eval()(zeros).shape[1:])
        module.train()
        if returned != tuple(wanted):
            raise ValueError(
                f"{called} must return a module from rows of shape {tuple(given)} to rows of shape "
                f"{tuple(wanted)}, but it returns rows of shape {returned}."
            )
        modules.append(module)
    encoder, decoder = modules
    return encoder, decoder
