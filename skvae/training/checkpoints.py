"""The state of trainings that are not finished, in a folder."""

import os
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

__all__ = ["Checkpoint", "checkpoint_in"]

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
        """Write all states that are kept."""
        self._store.write()

    def remove(self) -> None:
        """Remove the file, of which nothing will go on."""
        self._store.remove()


def checkpoint_in(folder: str | PathLike[str], *training: Any) -> Checkpoint:
    """Return what a folder keeps of a training, which everything that it depends on tells.

    It is read when the training first asks for a state.

    Warns
    -----
    UserWarning
        If what was kept is harmed, or nothing can be kept there. That costs no training.
    """
    return Checkpoint(_Store(Path(folder), training))


class _Store:
    def __init__(self, folder: Path, training: tuple[Any, ...]) -> None:
        self.folder = folder
        self.training = training

    @cached_property
    def path(self) -> Path:
        return self.folder / f"{joblib.hash(self.training)}.pt"

    @cached_property
    def states(self) -> dict[str, Any]:
        states: dict[str, Any] = {}
        self.written = monotonic()
        try:
            if self.path.exists():
                content = self.path.read_bytes()
                checksum, payload = content[:CHECKSUM_SIZE], content[CHECKSUM_SIZE:]
                if sha256(payload).digest() == checksum:
                    states = torch.load(BytesIO(payload), weights_only=True)
                    return states
                warnings.warn(
                    f"The checkpoint {str(self.path)!r} is harmed, so that the training begins "
                    "anew.",
                    stacklevel=2,
                )
            # Else that nothing can be kept would be told when it is needed.
            self._write(states)
        except OSError as error:
            self._warn(error)
        return states

    def write(self) -> None:
        states = self.states
        # A folder that is not there is told the next time again, and not at once.
        self.written = monotonic()
        try:
            self._write(states)
        except OSError as error:
            self._warn(error)

    def remove(self) -> None:
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            self._warn(error)

    def _write(self, states: dict[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        payload = BytesIO()
        torch.save(_plain(states), payload)
        # Aside first, so that there is a whole file at any moment. Equal trainings may run at once.
        aside = self.path.with_suffix(f".{os.getpid()}.part")
        aside.write_bytes(sha256(payload.getvalue()).digest() + payload.getvalue())
        aside.replace(self.path)

    def _warn(self, error: OSError) -> None:
        warnings.warn(
            f"checkpoint={str(self.folder)!r} cannot keep a training: {error}", stacklevel=2
        )


def _plain(value: Any) -> Any:
    """Return what torch reads back without running anything."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value
