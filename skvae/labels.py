"""The convention of labels: +1 for normal rows, -1 for outliers."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["is_outlier"]


def is_outlier(y: ArrayLike) -> NDArray[np.bool_]:
    """Return where labels, +1 for normal rows and -1 for outliers, are -1.

    Raises
    ------
    ValueError
        If there is any other label.
    """
    y = np.asarray(y)
    others = np.setdiff1d(y, [-1, 1])
    if others.size:
        raise ValueError(
            "Labels must be +1 for normal rows and -1 for outliers, got "
            f"{others[:5].tolist()}. Where 1 marks an outlier, use 1 - 2 * y."
        )
    return y == -1
