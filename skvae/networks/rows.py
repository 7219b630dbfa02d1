"""From the scores of a row's features to the score of the row."""

import math

from torch import Tensor

__all__ = ["sum_worst"]


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
        # Rounded first, since 0.07 * 100 is a little more than 7.
        n_worst = max(1, math.ceil(round(share * scores.shape[1], 6)))
        scores = scores.topk(n_worst, largest=False, sorted=True).values
    return scores.sum(1)
