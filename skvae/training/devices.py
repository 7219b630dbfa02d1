"""Where the arithmetic happens."""

from typing import Any

import torch
from numpy.typing import NDArray
from torch import nn

from skvae.training.arithmetic import is_small_step
from skvae.training.seeds import isolated_seed

__all__ = ["choose_device", "resolve_device"]


def resolve_device(name: str) -> torch.device:
    """Return the torch device of a name, or say why there is none.

    Parameters
    ----------
    name : str
        'auto' for a CUDA device where there is one and the CPU otherwise, or the name of
        a torch device such as 'cpu', 'cuda', 'cuda:1' or 'mps'.

    Returns
    -------
    device : torch.device
        A device that is present.

    Raises
    ------
    ValueError
        If the name is unknown, or this machine has no such device.
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


def choose_device(
    name: str,
    network_class: type[nn.Module],
    arguments: dict[str, Any],
    X: NDArray[Any],
    batch_size: int,
) -> str:
    """Return the name of the device to train and score on.

    Parameters
    ----------
    name : str
        The name of a torch device, or 'auto' for a CUDA device where there is one and a
        step has enough work for it, and the CPU otherwise.

    network_class : type
        The class of the network.

    arguments : dict
        The arguments it is built with.

    X : ndarray of shape (n_samples, ...)
        The training rows.

    batch_size : int
        The number of rows in a step.

    Returns
    -------
    device : str
        The name of a device that is present.
    """
    device = resolve_device(name)
    if name == "auto" and device.type != "cpu":
        with isolated_seed(0, torch.device("cpu")):
            network = network_class(**arguments)
            if is_small_step(network, X, batch_size):
                return "cpu"
    return str(device)
