"""Where the arithmetic happens."""

import torch

from skvae.runtime.arithmetic import is_small_step
from skvae.runtime.isolation import isolated
from skvae.runtime.recipe import Recipe

__all__ = ["choose_device", "resolve_device"]


def resolve_device(name: str) -> torch.device:
    """Return the torch device of a name, or say in a ValueError why there is none.

    'auto' is a CUDA device where there is one, and the CPU otherwise.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda", "mps"):
        raise ValueError(
            f"device={name!r} is unknown. Use 'auto', 'cpu', 'cuda', 'cuda:1' or 'mps'."
        )
    present = {
        "cpu": 1,
        "cuda": torch.cuda.device_count(),
        "mps": int(torch.backends.mps.is_available()),
    }[device.type]
    if (device.index or 0) >= present:
        raise ValueError(
            f"device={name!r} was asked for, but torch sees {present} {device.type} device(s) "
            "on this machine. Use device='auto' or device='cpu'."
        )
    return device


def choose_device(name: str, recipe: Recipe, row_shape: tuple[int, ...], batch_rows: int) -> str:
    """Return the name of the device to train and score on.

    'auto' is a CUDA device where there is one and a step has enough work for it, and the CPU
    otherwise.
    """
    device = resolve_device(name)
    if name == "auto" and device.type != "cpu":
        with isolated(recipe.seed, torch.device("cpu")):
            if is_small_step(recipe.build(), row_shape, batch_rows):
                return "cpu"
    return str(device)
