"""From the features of a row to the row, and from rows to those that count."""

import math

import torch
from torch import Tensor

__all__ = ["mean_over_rows", "sum_worst", "support_weights"]


def sum_worst(feature_scores: Tensor, share: float) -> Tensor:
    """Add up the worst share of each row's feature scores.

    Parameters
    ----------
    feature_scores : Tensor of shape (n_rows, *input_shape)
        One score a feature, higher is more normal.

    share : float in (0, 1]
        The share of features, lowest scores first, that counts; at least one does.

    Returns
    -------
    scores : Tensor of shape (n_rows,)
        One score a row, higher is more normal.
    """
    scores = feature_scores.flatten(1)
    if share < 1:
        n_worst = max(1, _share_of(scores.shape[1], share))
        scores = scores.topk(n_worst, largest=False, sorted=True).values
    return scores.sum(1)


@torch.no_grad()
def support_weights(losses: Tensor, support_fraction: float) -> Tensor:
    """Weigh rows for a trimmed mean, from which the worst are left out.

    Parameters
    ----------
    losses : Tensor of shape (n_rows,)
        The loss of each row.

    support_fraction : float in [0.5, 1]
        The share of rows, lowest losses first, that counts; rounded up to whole rows, and
        with all that are equal to the last of them.

    Returns
    -------
    weights : Tensor of shape (n_rows,)
        The same weight for each row that counts, 0 for the others. They add up to 1.
    """
    n_support = _share_of(len(losses), support_fraction)
    # Weights, and not indices: in the product a loss that is not finite still shows.
    last = losses.topk(n_support, largest=False, sorted=True).values[-1]
    support = (losses <= last).to(losses.dtype)
    return support / support.sum()


def mean_over_rows(values: Tensor, weights: Tensor | None) -> Tensor:
    """Add up the values of each row, and return the mean of the sums, weighted or not.

    Parameters
    ----------
    values : Tensor of shape (n_rows, ...)
        What is added up.

    weights : Tensor of shape (n_rows,) or None
        The weights of the rows, which add up to 1, or None for equal ones.

    Returns
    -------
    mean : Tensor of shape ()
        The mean.
    """
    if weights is None:
        # One reduction, since each counts where the network is small.
        return values.sum() / len(values)
    # A decoder may compute in float64, and its weights be such.
    return values.flatten(1).sum(1) @ weights.to(values.dtype)


def _share_of(number: int, share: float) -> int:
    # Rounded first, since 0.07 * 100 is a little more than 7.
    return math.ceil(round(share * number, 6))
