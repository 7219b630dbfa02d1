"""Images of bytes stand for images of floats."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["unit_floats"]


def unit_floats(rows: NDArray[Any]) -> NDArray[Any]:
    """Return images of bytes as float32 from 0 to 1, and any floats as they are."""
    return rows / np.float32(255) if rows.dtype == np.uint8 else rows
