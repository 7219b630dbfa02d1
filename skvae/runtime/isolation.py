"""Torch as a fit finds it: nothing but a seed decides, and no trace is left."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

__all__ = ["float32_by_default", "generators_of", "isolated"]

# torch's generators belong to the process: two threads that draw from them at once would
# get each other's numbers, and neither fit could be repeated.
_generators = threading.RLock()


@contextmanager
def isolated(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's generators and switch gradients on and autocasting off, for a while.

    Modules draw from torch's global generators when they are initialised, and some, such
    as dropout, when they are trained. Within this context all that follows from ``seed``,
    and all is afterwards as it was before.
    """
    generators = generators_of(device)
    with (
        _generators,
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autocast("cpu", enabled=False),
        torch.autocast(device.type, enabled=False),
    ):
        states = [generator.get_state() for generator in generators]
        try:
            for generator in generators:
                generator.manual_seed(seed)
            yield
        finally:
            for generator, state in zip(generators, states, strict=True):
                generator.set_state(state)


def generators_of(device: torch.device) -> list[torch.Generator]:
    """Return torch's own generators for the CPU and for a device."""
    generators = [torch.default_generator]
    if device.type == "cuda":
        torch.cuda.init()
        index = torch.cuda.current_device() if device.index is None else device.index
        generators.append(torch.cuda.default_generators[index])
    elif device.type == "mps":
        generators.append(torch.mps._get_default_mps_generator())
    return generators


class float32_by_default(TorchFunctionMode):
    """Within this context modules are built in float32, in this thread.

    Whatever torch's default type is, which belongs to the process, and would decide which
    random numbers a weight is drawn from.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func in (torch.empty, torch.zeros, torch.ones, torch.rand, torch.randn):
            kwargs["dtype"] = kwargs.get("dtype") or torch.float32
        return func(*args, **kwargs)
