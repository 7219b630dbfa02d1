"""How long to train, and in which batches, if the user does not say."""

import math

__all__ = ["auto_batch_size", "auto_epochs"]

# Enough for a small table, and one look at a very large one.
AUTO_STEPS = 2000
# The fewer rows, the sooner a network learns each by heart; small batches put that off.
SMALL_TABLE, SMALL_BATCH = 500, 8
USUAL_BATCH, LARGEST_BATCH = 64, 256


def auto_batch_size(n_rows: int) -> int:
    """Return a size of batches that suits the number of rows to train on."""
    if n_rows <= SMALL_TABLE:
        return SMALL_BATCH
    return min(LARGEST_BATCH, max(USUAL_BATCH, n_rows // AUTO_STEPS))


def auto_epochs(n_batches: int, n_steps: int = AUTO_STEPS) -> int:
    """Return the number of epochs that make so many steps or a little more."""
    return math.ceil(n_steps / n_batches)
