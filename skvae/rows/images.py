"""Images of bytes stand for images of floats."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["unit_floats", "whole_numbers_as_bytes"]


def whole_numbers_as_bytes(X: NDArray[Any]) -> NDArray[Any]:
    """Return images of whole numbers as uint8, and any other array as it is.

    Raises
    ------
    ValueError
        If a whole number is not one of a byte.
    """
    if X.ndim < 3 or X.dtype.kind not in "iu" or X.dtype == np.uint8 or X.size == 0:
        return X
    for value in (X.min(), X.max()):
        if not 0 <= value <= 255:
            raise ValueError(
                f"Images of whole numbers count as bytes, 0 to 255, but X holds {value}. Pass "
                "floats, best between 0 and 1."
            )
    return X.astype(np.uint8)


def unit_floats(rows: NDArray[Any]) -> NDArray[Any]:
    """Return images of bytes as float32 from 0 to 1, and any floats as they are."""
    return rows / np.float32(255) if rows.dtype == np.uint8 else rows
