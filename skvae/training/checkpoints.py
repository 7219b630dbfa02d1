"""The state of a training that is not finished, in a file."""

import os
from os import PathLike
from pathlib import Path
from time import monotonic
from typing import Any

import joblib
import numpy as np
import torch

__all__ = ["Checkpoint", "open_checkpoint"]

# At least so many seconds between two writings.
INTERVAL = 10.0


class Checkpoint:
    """What is kept of one part of a training: a network, or the second stage of it.

    Parameters
    ----------
    store : _Store
        The file, which the parts of a training share.

    name : str
        The name of the part.
    """

    def __init__(self, store: "_Store", name: str = "") -> None:
        self._store = store
        self._name = name

    def part(self, name: str) -> "Checkpoint":
        """Return what is kept of a part of this part."""
        return Checkpoint(self._store, f"{self._name}/{name}")

    @property
    def state(self) -> dict[str, Any] | None:
        """The last state that was kept, if there is one."""
        state: dict[str, Any] | None = self._store.states.get(self._name)
        return state

    def keep(self, state: dict[str, Any]) -> None:
        """Keep a state, and write it if the last writing was some time ago."""
        self._store.states[self._name] = _plain(state)
        if monotonic() - self._store.written > INTERVAL:
            self._store.write()

    def write(self) -> None:
        """Write all states that are kept."""
        self._store.write()

    def remove(self) -> None:
        """Remove the file, since the training is finished."""
        self._store.path.unlink(missing_ok=True)


def open_checkpoint(path: str | PathLike[str], *training: Any) -> Checkpoint:
    """Return what a file keeps of a training, which everything that it depends on tells.

    Raises
    ------
    ValueError
        If the file is there, and keeps something else.

    OSError
        If it can be neither read nor written.
    """
    return Checkpoint(_Store(Path(path), joblib.hash(training)))


class _Store:
    def __init__(self, path: Path, key: str) -> None:
        self.path = path
        self.key = key
        self.states: dict[str, Any] = {}
        if not path.exists():
            self.write()
            return
        remedy = "Remove the file, or name another one."
        try:
            kept = torch.load(path, weights_only=True)
            other = kept["key"] != key
            self.states = kept["states"]
        except OSError:
            raise
        except Exception as error:
            raise ValueError(f"checkpoint={str(path)!r} is no checkpoint. {remedy}") from error
        if other:
            raise ValueError(
                f"checkpoint={str(path)!r} is of another training: its rows, a parameter or a "
                f"version was not the same. {remedy}"
            )
        self.written = monotonic()

    def write(self) -> None:
        # Aside first, so that there is a whole file at any moment.
        aside = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        try:
            torch.save({"key": self.key, "states": self.states}, aside)
            os.replace(aside, self.path)
        finally:
            aside.unlink(missing_ok=True)
        self.written = monotonic()


def _plain(value: Any) -> Any:
    """Return what torch reads back without running anything."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value
