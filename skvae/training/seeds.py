"""Randomness that starts from a seed and leaves no trace."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["isolated_seed"]

# torch's generators belong to the process: two threads that draw from them at once would
# get each other's numbers, and neither fit could be repeated.
_generators = threading.RLock()


@contextmanager
def isolated_seed(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's generators, and put their state back at the end.

    Modules draw from torch's global generators when they are initialised, and some, such
    as dropout, when they are trained. Within this context all that follows from ``seed``.

    Parameters
    ----------
    seed : int
        The seed.

    device : torch.device
        The device whose generator is used beside the CPU's.
    """
    generators = [torch.random.default_generator]
    if device.type == "cuda":
        torch.cuda.init()
        index = torch.cuda.current_device() if device.index is None else device.index
        generators.append(torch.cuda.default_generators[index])
    elif device.type == "mps":
        generators.append(torch.mps._get_default_mps_generator())
    with _generators:
        states = [generator.get_state() for generator in generators]
        try:
            for generator in generators:
                generator.manual_seed(seed)
            yield
        finally:
            for generator, state in zip(generators, states, strict=True):
                generator.set_state(state)
