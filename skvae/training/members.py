"""Several networks of one kind, each trained on all rows but one fold."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from numpy.typing import NDArray

from skvae.networks import Network, StackedMembers, can_be_stacked
from skvae.rows import folds
from skvae.runtime.isolation import isolated
from skvae.runtime.recipe import Recipe, freeze
from skvae.training.checkpoints import Checkpoint
from skvae.training.engine import Epochs, run_epochs
from skvae.training.schedule import Schedule

__all__ = ["train_members"]


def train_members(
    train: Callable[..., tuple[Network, Epochs]],
    recipe: Recipe,
    X: NDArray[Any],
    schedule: Schedule,
    *,
    device: str,
    checkpoint: Checkpoint | None = None,
    **settings: Any,
) -> tuple[Network, Epochs]:
    """Train the members of a recipe for :class:`Members`: in one pass, or one after another.

    ``train`` trains one of them. The record of epochs is that of all members, or has one after
    another too, by number.
    """
    with isolated(recipe.seed, torch.device(device)):
        members: Any = recipe.build()
        if can_be_stacked(members.members[0]):
            stacked = StackedMembers(members).to(device)
            settings = {"seed": recipe.seed, "checkpoint": checkpoint, **settings}
            history = run_epochs(stacked, X, schedule, **settings)
            return freeze(stacked.unstack()), history
    fold = folds(len(X), schedule.n_members, recipe.seed)
    history = []
    for number, member in enumerate(members.members):
        # Built already: not all that a network draws then is part of its state.
        alone = Recipe(partial(_itself, member), {}, recipe.seed + number)
        own = None if checkpoint is None else checkpoint.part(f"member {number}")
        settings |= {"device": device, "checkpoint": own}
        _, epochs = train(alone, X[fold != number], replace(schedule, n_members=1), **settings)
        history += [{"member": number, **epoch} for epoch in epochs]
    return freeze(members.to(device)), history


def _itself(network: Network) -> Network:
    return network
