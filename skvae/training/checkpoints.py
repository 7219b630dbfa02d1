"""The state of a training that is not finished, in a file."""

import warnings
from functools import cached_property
from hashlib import sha256
from io import BytesIO
from os import PathLike
from pathlib import Path
from time import monotonic
from typing import Any

import joblib
import numpy as np
import torch

__all__ = ["Checkpoint", "checkpoint_at"]

# At least so many seconds between two writings.
INTERVAL = 10.0
CHECKSUM_SIZE = sha256().digest_size


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
        self._store.states[self._name] = state
        if monotonic() - self._store.written > INTERVAL:
            self.write()

    def write(self) -> None:
        """Write all states that are kept.

        Warns
        -----
        UserWarning
            If they cannot be written, which costs no training.
        """
        try:
            self._store.write()
        except OSError as error:
            warnings.warn(f"A checkpoint cannot be written: {error}", stacklevel=2)

    def remove(self) -> None:
        """Remove the file, of which nothing will go on."""
        self._store.remove()


def checkpoint_at(path: str | PathLike[str], *training: Any) -> Checkpoint:
    """Return what a file keeps of a training, which everything that it depends on tells.

    It is read when the training first asks for a state. That raises a ValueError if the file
    keeps something else or is harmed, and an OSError if it can be neither read nor written.
    """
    return Checkpoint(_Store(Path(path), training))


class _Store:
    def __init__(self, path: Path, training: tuple[Any, ...]) -> None:
        self.path = path
        self.training = training

    @cached_property
    def key(self) -> str:
        key: str = joblib.hash(self.training)
        return key

    @cached_property
    def states(self) -> dict[str, Any]:
        if not self.path.exists():
            self._write({})
            return {}
        remedy = "Remove the file, or name another one."
        content = self.path.read_bytes()
        checksum, payload = content[:CHECKSUM_SIZE], content[CHECKSUM_SIZE:]
        if sha256(payload).digest() != checksum:
            raise ValueError(f"checkpoint={str(self.path)!r} is no checkpoint, or harmed. {remedy}")
        kept = torch.load(BytesIO(payload), weights_only=True)
        if kept["key"] != self.key:
            raise ValueError(
                f"checkpoint={str(self.path)!r} is of another training: its rows, a parameter or a "
                f"version was not the same. {remedy}"
            )
        self.written = monotonic()
        states: dict[str, Any] = kept["states"]
        return states

    def write(self) -> None:
        self._write(self.states)

    def remove(self) -> None:
        # What was not read may be of another training.
        if "states" in vars(self):
            self.path.unlink(missing_ok=True)

    def _write(self, states: dict[str, Any]) -> None:
        # A folder that is not there is told the next time again, and not at once.
        self.written = monotonic()
        payload = BytesIO()
        torch.save({"key": self.key, "states": _plain(states)}, payload)
        # Aside first, so that there is a whole file at any moment.
        aside = self.path.with_name(f"{self.path.name}.part")
        aside.write_bytes(sha256(payload.getvalue()).digest() + payload.getvalue())
        aside.replace(self.path)


def _plain(value: Any) -> Any:
    """Return what torch reads back without running anything."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value
