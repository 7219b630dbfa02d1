"""Several networks of one kind, each trained on all rows but one fold."""

from dataclasses import replace
from typing import Any

import torch
from numpy.typing import NDArray

from skvae.networks import Members, Network, can_be_stacked
from skvae.runtime.isolation import isolated
from skvae.runtime.recipe import Recipe, freeze
from skvae.training.engine import Epochs, train_network
from skvae.training.schedule import Schedule, folds

__all__ = ["train_members"]


def train_members(
    recipe: Recipe, X: NDArray[Any], schedule: Schedule, *, device: str, **settings: Any
) -> tuple[Network, Epochs]:
    """Train the members of a recipe for :class:`Members`: in one pass, or one after another.

    The record of epochs is that of all members, or has one after another too, by number.
    """
    with isolated(recipe.seed, torch.device("cpu")):
        network = recipe.build()
    assert isinstance(network, Members)
    if can_be_stacked(network.members[0]):
        return train_network(recipe, X, schedule, device=device, **settings)
    fold = folds(len(X), schedule.n_members, recipe.seed)
    history = []
    for number, build in enumerate(recipe.arguments["members"]):
        alone = Recipe(build, {}, recipe.seed + number)
        member, epochs = train_network(
            alone, X[fold != number], replace(schedule, n_members=1), device=device, **settings
        )
        network.members[number].load_state_dict(member.state_dict())
        history += [{"member": number, **epoch} for epoch in epochs]
    return freeze(network.to(device)), history
