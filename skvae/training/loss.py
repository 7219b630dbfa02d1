"""From the terms of each row to the loss of a step: the one place where rows are weighed."""

from functools import reduce

import torch
from torch import Tensor

from skvae.networks import Term, Terms
from skvae.networks.cells import share_of

__all__ = ["mean_terms", "support_weights"]


def mean_terms(terms: Terms, support_fraction: float = 1.0) -> dict[str, Tensor]:
    """Return the loss, the weighted sum of the terms' means over rows, and these means.

    With a ``support_fraction`` below 1 only this share of rows counts, lowest losses first.
    """
    weights = None
    if support_fraction < 1:
        terms = {name: Term(_sum_rows(values), weight) for name, (values, weight) in terms.items()}
        weights = support_weights(terms, support_fraction)
    means = {name: _mean_over_rows(term.values, weights) for name, term in terms.items()}
    weighted = [
        means[name] if term.weight == 1 else term.weight * means[name]
        for name, term in terms.items()
    ]
    loss = reduce(torch.add, weighted)
    return {"loss": loss, **means}


@torch.no_grad()
def support_weights(terms: Terms, support_fraction: float) -> Tensor:
    """Return equal weights for the rows with the lowest losses, and 0 for all others.

    The share of rows is rounded up, and all rows that are equal to the last of them count.
    The terms have one number a row, and the weights add up to 1.
    """
    losses = torch.stack([term.weight * term.values for term in terms.values()]).sum(0)
    n_support = share_of(len(losses), support_fraction)
    # Weights, and not indices: in the product a loss that is not finite still shows.
    last = losses.topk(n_support, largest=False, sorted=True).values[-1]
    support = (losses <= last).to(losses.dtype)
    return support / support.sum()


def _mean_over_rows(values: Tensor, weights: Tensor | None) -> Tensor:
    if weights is None:
        # One reduction, since each counts where the network is small.
        return values.sum() / len(values)
    # A decoder may compute in float64, and its weights be such.
    return _sum_rows(values) @ weights.to(values.dtype)


def _sum_rows(values: Tensor) -> Tensor:
    return values.flatten(1).sum(1) if values.ndim > 1 else values
