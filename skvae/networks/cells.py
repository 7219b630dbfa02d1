"""From several values of cells to one, and from the scores of cells to those of rows."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from skvae.likelihoods import Columns

__all__ = ["agree", "filled", "share_of", "sum_worst"]


def agree(each: Sequence[Tensor], columns: Columns | None) -> Tensor:
    """Return the mean of numbers, and the most frequent of words, of several rows in one place."""
    rows = torch.stack(list(each))
    if columns is None or not columns.n_categories:
        return rows.mean(0)
    numbers, words = rows.tensor_split([columns.n_numbers], dim=-1)
    return torch.cat([numbers.mean(0), words.mode(0).values], dim=-1)


def filled(
    scores: Callable[[Tensor], Tensor], typical: float | Sequence[float], x: Tensor
) -> Tensor:
    """Score what has no value as is typical, neither for nor against a row.

    ``typical`` has a number for each cell if ``scores`` does, and else one for rows of which
    nothing is known.
    """
    found = scores(x)
    empty = x.isnan()
    return torch.where(empty if found.ndim > 1 else empty.all(1), found.new_tensor(typical), found)


def sum_worst(cell_scores: Callable[[Tensor], Tensor], share: float, x: Tensor) -> Tensor:
    """Add up the worst share of each row's cell scores, at least one, of which low is odd."""
    scores = cell_scores(x).flatten(1)
    if share < 1:
        n_worst = max(1, share_of(scores.shape[1], share))
        scores = scores.topk(n_worst, largest=False, sorted=True).values
    return scores.sum(1)


def share_of(number: int, share: float) -> int:
    """Return a share of a number, rounded up to a whole one."""
    # Rounded first, since 0.07 * 100 is a little more than 7.
    return math.ceil(round(share * number, 6))
