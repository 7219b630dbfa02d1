"""How long to train, in which steps, at which rate, and on which rows."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from torch.utils.data import Subset

from skvae.rows import subset

__all__ = ["Schedule", "Stopping", "auto_batch_size", "plan_schedule"]

# Enough for a small table, and one look at a very large one.
AUTO_STEPS = 2000
# The fewer rows, the sooner a network learns each by heart; small batches put that off.
SMALL_TABLE, SMALL_BATCH = 500, 8
USUAL_BATCH, LARGEST_BATCH = 64, 256
# Epochs of fewer steps are too short to judge: patience counts some together as one.
SHORTEST_EPOCH = 20


@dataclass(frozen=True)
class Stopping:
    """When to stop early: the names and meanings are those of scikit-learn's MLP."""

    validation_fraction: float
    n_iter_no_change: int
    tol: float


@dataclass(frozen=True)
class Schedule:
    """How a network is trained: ``support_fraction`` of each step's rows count in the loss."""

    n_steps: int
    batch_size: int
    lr: float
    weight_decay: float = 0.0
    support_fraction: float = 1.0
    stopping: Stopping | None = None

    def rate(self, step: int) -> float:
        """Return the learning rate of a step, which are counted from 0."""
        return self.lr * 0.5 * (1 + math.cos(math.pi * step / self.n_steps))

    def n_batches(self, n_rows: int) -> int:
        """Return the number of steps in a pass over so many rows."""
        return math.ceil((n_rows - n_held_out(n_rows, self.stopping)) / self.batch_size)

    def split(self, X: Any, seed: int) -> tuple[Subset[Any], Subset[Any] | None]:
        """Return the rows to train on, and those held out for validation, if any."""
        index = np.arange(len(X))
        if self.stopping is None:
            return subset(X, index), None
        n_valid = n_held_out(len(X), self.stopping)
        if n_valid == len(X):
            raise ValueError(
                f"validation_fraction={self.stopping.validation_fraction} leaves no row to train "
                f"on: X has n_samples = {len(X)}. Lower it, or set early_stopping=False."
            )
        index = np.random.RandomState(seed).permutation(index)
        return subset(X, index[n_valid:]), subset(X, index[:n_valid])


def plan_schedule(
    n_rows: int,
    *,
    max_epochs: int | Literal["auto"],
    max_steps: int | Literal["auto"],
    batch_size: int | Literal["auto"],
    stopping: Stopping | None,
    **settings: float,
) -> Schedule:
    """Return the schedule for a number of rows, with a number wherever it says 'auto'."""
    n_train = max(1, n_rows - n_held_out(n_rows, stopping))
    size = auto_batch_size(n_train) if batch_size == "auto" else int(batch_size)
    n_batches = math.ceil(n_train / size)
    n_steps = math.inf if max_steps == "auto" else max_steps
    if max_epochs != "auto":
        n_steps = min(n_steps, max_epochs * n_batches)
    elif max_steps == "auto":
        n_steps = math.ceil(AUTO_STEPS / n_batches) * n_batches
    if stopping is not None and max_epochs == "auto":
        patience = stopping.n_iter_no_change * math.ceil(SHORTEST_EPOCH / n_batches)
        stopping = Stopping(stopping.validation_fraction, patience, stopping.tol)
    return Schedule(int(n_steps), size, stopping=stopping, **settings)


def auto_batch_size(n_rows: int) -> int:
    """Return a size of batches that suits the number of rows to train on."""
    if n_rows <= SMALL_TABLE:
        return SMALL_BATCH
    return min(LARGEST_BATCH, max(USUAL_BATCH, n_rows // AUTO_STEPS))


def n_held_out(n_rows: int, stopping: Stopping | None) -> int:
    """Return how many of the rows are set aside for validation."""
    return 0 if stopping is None else math.ceil(stopping.validation_fraction * n_rows)
