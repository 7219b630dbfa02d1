"""How long to train, in which steps, at which rate, and on which rows."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Subset

from skvae.rows import folds, held_out_rows, n_held_out, subset

__all__ = ["Schedule", "Stopping", "auto_batch_size", "plan_schedule"]

# Enough for a small table, and one look at a very large one.
AUTO_STEPS = 2000
# Else a table of three rows would take as long as one of five hundred.
MOST_PASSES = 500
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
    """How a network is trained: ``support_fraction`` of each step's rows count in the loss.

    Of several members each leaves out one fold of the rows. A network alone leaves out the
    rows that are held out, if the schedule says so.
    """

    n_steps: int
    batch_size: int
    lr: float
    weight_decay: float = 0.0
    support_fraction: float = 1.0
    stopping: Stopping | None = None
    n_members: int = 1
    holds_out: bool = False
    rate_factor: float = 1.0

    def rate(self, step: int) -> float:
        """Return the learning rate of a step, which are counted from 0."""
        return self.lr * self.rate_factor * 0.5 * (1 + math.cos(math.pi * step / self.n_steps))

    def n_batches(self, n_rows: int) -> int:
        """Return the number of steps in a pass over so many rows."""
        n_rows -= n_held_out(n_rows) if self.holds_out else 0
        return math.ceil(n_trained(n_rows, self.stopping, self.n_members) / self.batch_size)

    def learned_rows(self, n_rows: int) -> NDArray[np.intp]:
        """Return the numbers of the rows that a network may learn from."""
        rows = np.arange(n_rows)
        return np.delete(rows, held_out_rows(n_rows)) if self.holds_out else rows

    def split(self, X: Any, seed: int) -> tuple[Subset[Any], Subset[Any] | None]:
        """Return the rows to train on, and those held out for validation, if any.

        The index of the rows has a column for each member, if there are several.
        """
        train, valid = self.learned_rows(len(X)), None
        if self.stopping is not None:
            n_valid = n_validated(len(train), self.stopping)
            if n_valid == len(train):
                raise ValueError(
                    f"validation_fraction={self.stopping.validation_fraction} leaves no row to "
                    f"train on: X has n_samples = {len(X)}. Lower it, or set early_stopping=False."
                )
            valid, train = np.split(np.random.RandomState(seed).permutation(train), [n_valid])
        if self.n_members > 1:
            fold = folds(len(X), self.n_members, seed)[train]
            of_members = [train[fold != member] for member in range(self.n_members)]
            if not all(map(len, of_members)):
                raise ValueError(
                    f"Of {self.n_members} networks that leave rows out, one has none to learn: "
                    f"X has n_samples = {len(X)}. Set n_estimators=1."
                )
            # The folds differ by one row at most.
            largest = max(map(len, of_members))
            train = np.column_stack([np.resize(rows, largest) for rows in of_members])
            valid = None if valid is None else np.column_stack([valid] * self.n_members)
        return subset(X, train), None if valid is None else subset(X, valid)


def plan_schedule(
    n_rows: int,
    *,
    max_epochs: int | Literal["auto"],
    max_steps: int | Literal["auto"],
    batch_size: int | Literal["auto"],
    lr: float,
    stopping: Stopping | None,
    n_members: int = 1,
    holds_out: bool = False,
    are_equal: bool = False,
    **settings: float,
) -> Schedule:
    """Return the schedule for a number of rows, with a number wherever it says 'auto'.

    Of rows that are all equal there is no more to learn than of one.
    """
    n_rows -= n_held_out(n_rows) if holds_out else 0
    n_train = max(1, n_trained(n_rows, stopping, n_members))
    n_all = max(1, n_trained(n_rows, stopping, 1))
    size = auto_batch_size(n_all) if batch_size == "auto" else int(batch_size)
    n_batches = math.ceil(n_train / size)
    n_steps = math.inf if max_steps == "auto" else max_steps
    rate_factor = 1.0
    if max_epochs != "auto":
        n_steps = min(n_steps, max_epochs * n_batches)
    elif max_steps == "auto":
        # Members have fewer rows to learn: between as many steps and as many passes.
        share = math.sqrt(n_batches / math.ceil(n_all / size))
        n_steps = math.ceil(share * AUTO_STEPS / n_batches) * n_batches
        n_steps = min(n_steps, MOST_PASSES * (1 if are_equal else n_batches))
        rate_factor = 1 / share
    if stopping is not None and max_epochs == "auto":
        patience = stopping.n_iter_no_change * math.ceil(SHORTEST_EPOCH / n_batches)
        stopping = Stopping(stopping.validation_fraction, patience, stopping.tol)
    return Schedule(
        int(n_steps),
        size,
        lr,
        rate_factor=rate_factor,
        stopping=stopping,
        n_members=n_members,
        holds_out=holds_out,
        **settings,
    )


def auto_batch_size(n_rows: int) -> int:
    """Return a size of batches that suits the number of rows to train on."""
    if n_rows <= SMALL_TABLE:
        return SMALL_BATCH
    return min(LARGEST_BATCH, max(USUAL_BATCH, n_rows // AUTO_STEPS))


def n_validated(n_rows: int, stopping: Stopping | None) -> int:
    """Return how many of the rows are set aside for validation."""
    return 0 if stopping is None else math.ceil(stopping.validation_fraction * n_rows)


def n_trained(n_rows: int, stopping: Stopping | None, n_members: int) -> int:
    """Return how many of the rows a network learns from, or each of several."""
    n_rows -= n_validated(n_rows, stopping)
    return n_rows if n_members == 1 else n_rows - n_rows // n_members
