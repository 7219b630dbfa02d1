"""What is known of a detector: its settings, what its fit left, and the versions it ran with."""

import platform
import re
from importlib.metadata import version
from inspect import signature
from typing import Any, NamedTuple

from skvae._version import __version__

__all__ = ["Setting", "changed_settings", "fitted_facts", "trained_parts", "versions"]


class Setting(NamedTuple):
    """A parameter that differs from its default."""

    estimator: str
    name: str
    value: str
    default: str


def changed_settings(estimator: Any) -> list[Setting]:
    """Return the parameters of an estimator that differ from their defaults."""
    known = signature(type(estimator)).parameters
    settings = []
    for name, value in estimator.get_params(deep=False).items():
        default = known[name].default if name in known else None
        if repr(value) != repr(default):
            settings.append(
                Setting(type(estimator).__name__, name, _written(value), _written(default))
            )
    return settings


def trained_parts(detector: Any) -> dict[str, Any]:
    """Return the detector, or those within it, that trained for epochs, by name."""
    parts = {"": detector, **getattr(detector, "named_estimators_", {})}
    parts["detector"] = getattr(detector, "detector_", None)
    return {name: part for name, part in parts.items() if hasattr(part, "history_")}


def fitted_facts(detector: Any) -> dict[str, str]:
    """Return what the fit of a detector decided, in words."""
    facts = {}
    if hasattr(detector, "held_out_scores_"):
        facts["held-out rows"] = f"{len(detector.held_out_scores_):,}"
    for name, part in trained_parts(detector).items():
        of_part = f" of {name}" if name else ""
        facts[f"device{of_part}"] = str(part.device_)
        facts[f"epochs{of_part}"] = str(part.n_iter_)
    return facts


def versions() -> dict[str, str]:
    """Return the versions that can change a score."""
    of_packages = {name: version(name) for name in ("torch", "scikit-learn", "numpy")}
    return {"skvae": __version__, **of_packages, "Python": platform.python_version()}


def _written(value: Any) -> str:
    """Return a value on one line, without the place in memory that changes at each start."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", " ".join(repr(value).split()))
