"""From scores to the offset below which a row is an outlier, and to p-values."""

import math
import warnings
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve

__all__ = [
    "conformal_offset",
    "conformal_p_values",
    "labelled_offset",
    "offset_from_scores",
    "pool_folds",
]

TINY = np.finfo(np.float64).tiny
FEWEST_IN_FOLD, LARGEST_STRETCH = 10, 2.0


def offset_from_scores(
    scores: NDArray[np.float64], contamination: float | Literal["auto"]
) -> float:
    """Return the offset that a contamination asks for.

    A float is the share of rows that get a score below the offset. 'auto' counts the bulk of
    the scores as normal: outliers are below Tukey's lower fence, which is 1.5 interquartile
    ranges below the first quartile, and at least the lowest 1 %, with all rows that share the
    lowest score if these are at most a tenth.

    Warns
    -----
    UserWarning
        If equal scores keep the number of outliers at least a tenth, and at least one
        row, from what was asked for.
    """
    if contamination == "auto":
        lowest, first, third = np.percentile(scores, [1, 25, 75])
        offset = float(max(lowest, first - 1.5 * (third - first)))
        above = scores[scores > offset]
        if scores.min() == offset and len(above) >= 0.9 * len(scores):
            offset = float(above.min())
        n_wanted = max(float(np.count_nonzero(scores < offset)), 0.01 * len(scores))
    else:
        offset = float(np.percentile(scores, 100.0 * contamination))
        n_wanted = contamination * len(scores)
    n_outliers = np.count_nonzero(scores < offset)
    if abs(n_outliers - n_wanted) >= max(1.0, 0.1 * n_wanted):
        warnings.warn(
            f"contamination={contamination!r} asks for {n_wanted:g} outliers among "
            f"{len(scores)} rows, but {n_outliers} are below the offset, since many have the "
            "same score.",
            stacklevel=3,
        )
    return offset


def conformal_offset(
    held_out_scores: NDArray[np.float64], false_positive_rate: float
) -> NDArray[np.float64]:
    """Return the offset that at most this share of new normal rows score below, on average.

    It is the k-th lowest score of n held-out rows, with k = floor(rate * (n + 1)), so that the rows
    with a p-value of at most the rate are below it. Scores of shape (n_rows, ...) have an offset in
    each place.

    Warns
    -----
    UserWarning
        If the rows are too few for the rate. The offset is then their lowest score.
    """
    n_rows = len(held_out_scores)
    # Rounded first, since 0.07 * 100 is a little more than 7.
    k = math.floor(round(false_positive_rate * (n_rows + 1), 6))
    if k < 1:
        n_needed = math.ceil(round(1 / false_positive_rate, 6)) - 1
        warnings.warn(
            f"A share of {false_positive_rate:g} of new normal rows needs the scores of {n_needed} "
            f"held-out rows, but there are {n_rows}. Rows below all of them are flagged, up to "
            f"{1 / (n_rows + 1):.2g} of new normal ones. Give more rows, or raise the share.",
            stacklevel=3,
        )
    offset: NDArray[np.float64] = np.partition(held_out_scores, max(k, 1) - 1, axis=0)[
        max(k, 1) - 1
    ]
    return offset


def conformal_p_values(
    held_out_scores: NDArray[np.float64], scores: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the share of held-out rows, and of the row itself, that score as low as each row."""
    n_not_above = np.searchsorted(np.sort(held_out_scores), scores, side="right")
    return (1 + n_not_above) / (len(held_out_scores) + 1)


def labelled_offset(scores: NDArray[np.float64], outlier: NDArray[np.bool_]) -> float:
    """Return the offset with the highest F1 for the outliers, among labelled rows.

    It lies halfway between two scores, as the threshold of a decision tree does.
    """
    precision, recall, thresholds = precision_recall_curve(outlier, -scores)
    f1 = precision * recall / np.maximum(precision + recall, TINY)
    last = -thresholds[np.argmax(f1[:-1])]
    above = scores[scores > last]
    halfway = (last + above.min()) / 2 if len(above) else last
    # Between two neighbouring floats there is none.
    return float(max(halfway, np.nextafter(last, np.inf)))


def pool_folds(scores: NDArray[np.float64], fold: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the scores of all folds on one scale.

    The rows of each fold are scored by a model of its own, and models differ in their level and
    spread. So the scores of a fold are moved and stretched until its median and interquartile
    range are the means of those of all folds, but by a factor of two at most. Folds of fewer than
    ten rows have no level of their own that could be told.
    """
    counts = np.bincount(fold)
    if counts.min() < FEWEST_IN_FOLD:
        return scores
    quartiles = [np.percentile(scores[fold == k], [25, 50, 75]) for k in range(len(counts))]
    first, medians, third = np.transpose(quartiles)
    ranges = third - first
    stretch = np.ones(len(counts))
    if ranges.min() > 0:
        stretch = np.clip(ranges.mean() / ranges, 1 / LARGEST_STRETCH, LARGEST_STRETCH)
    # As members score a row, so that of rows that are all equal none is below the others.
    level = sum(medians.astype(np.float32)) / np.float32(len(counts))
    pooled: NDArray[np.float64] = (scores - medians[fold]) * stretch[fold] + level
    return pooled
