"""How long to train, in which batches, and on which share of them, if the user does not say."""

import math
from typing import Any, Literal

__all__ = ["auto_batch_size", "auto_epochs", "choose_support_fraction"]

# Enough for a small table, and one look at a very large one.
AUTO_STEPS = 2000
# The fewer rows, the sooner a network learns each by heart; small batches put that off.
SMALL_TABLE, SMALL_BATCH = 500, 8
USUAL_BATCH, LARGEST_BATCH = 64, 256
IMAGE_SUPPORT = 0.95


def auto_batch_size(n_rows: int) -> int:
    """Return a size of batches that suits the number of rows to train on."""
    if n_rows <= SMALL_TABLE:
        return SMALL_BATCH
    return min(LARGEST_BATCH, max(USUAL_BATCH, n_rows // AUTO_STEPS))


def auto_epochs(n_batches: int, n_steps: int = AUTO_STEPS) -> int:
    """Return the number of epochs that make so many steps or a little more."""
    return math.ceil(n_steps / n_batches)


def choose_support_fraction(
    support_fraction: float | Literal["auto"], input_shape: tuple[int, ...], architecture: Any
) -> float:
    """Return the share of a step's rows to learn from; 'auto' leaves out the worst images."""
    if support_fraction != "auto":
        return float(support_fraction)
    is_image = len(input_shape) > 1 or getattr(architecture, "image_shape", None) is not None
    return IMAGE_SUPPORT if is_image else 1.0
