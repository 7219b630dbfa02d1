"""From the scores of cells to the scores of rows."""

import math
from collections.abc import Callable

from torch import Tensor

__all__ = ["share_of", "sum_worst"]


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
