"""What a cache keeps of a training, and where."""

import os
import pickle
import warnings
from collections.abc import Callable
from hashlib import sha256
from os import PathLike
from typing import Any

from numpy.typing import NDArray
from sklearn.utils.validation import check_memory

from skvae.networks import Network
from skvae.runtime.recipe import Recipe, Weights, weights_of
from skvae.training.checkpoints import Checkpoint
from skvae.training.engine import Epochs
from skvae.training.schedule import Schedule

__all__ = ["remembered", "train_to_arrays"]


def remembered(
    memory: str | PathLike[str] | Any,
    function: Callable[..., Any],
    arguments: dict[str, Any],
    without_influence: dict[str, Any] | None = None,
) -> Any:
    """Return what a function returns, or a folder or joblib.Memory has kept of an equal call.

    Warns
    -----
    UserWarning
        If what was kept has changed since, or nothing can be kept there. The function is then
        called.
    """
    call = (function, arguments, without_influence or {})
    if memory is None:
        return function(**arguments, **call[2])
    try:
        place = check_memory(os.fspath(memory) if isinstance(memory, PathLike) else memory)
        if getattr(place, "location", place) is None:
            return function(**arguments, **call[2])
        keeping = place.cache(_packed, ignore=["without_influence"])
        payload, checksum = keeping(*call)
        if checksum is not None and sha256(payload).hexdigest() != checksum:
            warnings.warn(
                f"What memory={memory!r} has kept of a training was changed since, so that it is "
                "trained again.",
                stacklevel=2,
            )
            keeping.call_and_shelve(*call).clear()
            payload, checksum = keeping(*call)
    except _FunctionError as error:
        raise error.args[0] from None
    except OSError as error:
        warnings.warn(
            f"memory={memory!r} cannot keep or give back a training: {error}", stacklevel=2
        )
        return function(**arguments, **call[2])
    return payload if checksum is None else pickle.loads(payload)


class _FunctionError(Exception):
    """Holds an OSError of a function, which is none of the place."""


def _packed(
    function: Callable[..., Any], arguments: dict[str, Any], without_influence: dict[str, Any]
) -> tuple[Any, str | None]:
    """Return what a function returns as bytes with their checksum, or as it is without one."""
    try:
        returned = function(**arguments, **without_influence)
    except OSError as error:
        raise _FunctionError(error) from error
    try:
        payload = pickle.dumps(returned)
    except Exception:
        # joblib tells that it cannot keep it.
        return returned, None
    return payload, sha256(payload).hexdigest()


def train_to_arrays(
    train: Callable[..., tuple[Network, Epochs]],
    recipe: Recipe,
    X: NDArray[Any],
    schedule: Schedule,
    device: str,
    verbose: bool | int,
    checkpoint: Checkpoint | None = None,
) -> tuple[Weights, Epochs]:
    """Train a network, and return its state as plain arrays, and the history."""
    settings = {"device": device, "verbose": verbose, "checkpoint": checkpoint}
    network, history = train(recipe, X, schedule, **settings)
    return weights_of(network), history
