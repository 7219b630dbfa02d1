"""From scores to the offset below which a row is an outlier."""

import warnings
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["offset_from_scores"]


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
