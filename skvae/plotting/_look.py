"""The look of all displays: a blue and an orange that anyone can tell apart, and greys."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_consistent_length

from skvae.labels import is_outlier

__all__ = [
    "COLORS",
    "INK",
    "NORMAL",
    "OUTLIER",
    "QUIET",
    "classes",
    "new_axes",
    "plain",
    "reach",
    "short",
    "title_and_key",
]

NORMAL, OUTLIER, INK, QUIET = "#3a6ea5", "#e07a1f", "#2b2d33", "#9aa0a8"
COLORS = (NORMAL, OUTLIER, "#2a9d8f", QUIET)
# A scale of more than so many times the usual spread hides what is usual.
WIDEST_LINEAR = 30.0
# In characters.
LONGEST_NAME = 24


def new_axes(
    ax: Any, n_columns: int = 1, n_rows: int = 1, *, height: float = 3.6, **options: Any
) -> Any:
    """Return axes as an array of shape (n_rows, n_columns): those that were given, or new ones."""
    if ax is None:
        import matplotlib.pyplot as plt

        size = (max(6.0, 3.6 * n_columns), max(height, 2.6 * n_rows))
        _, ax = plt.subplots(
            n_rows, n_columns, figsize=size, layout="constrained", squeeze=False, **options
        )
    axes = np.array(ax, dtype=object)
    if axes.size != n_rows * n_columns:
        raise ValueError(f"ax holds {axes.size} axes, but {n_rows} x {n_columns} are needed.")
    return axes.reshape(n_rows, n_columns)


def plain(ax: Any) -> None:
    """Leave an axis the two spines that carry its scales."""
    ax.spines[["top", "right"]].set_visible(False)


def title_and_key(ax: Any, title: str, **key: Any) -> None:
    """Write a title above an axis, and its key between them, if it has one."""
    ax.set_title(title, loc="left", fontsize="medium", pad=26 if key else None)
    if key:
        ax.legend(
            loc="lower left",
            bbox_to_anchor=(0, 1),
            borderaxespad=0.2,
            frameon=False,
            fontsize="small",
            handlelength=1.2,
            columnspacing=1.2,
            **key,
        )


def short(name: Any) -> str:
    """Return a name that leaves room for others, cut in its middle if it is long."""
    text = str(name)
    if len(text) <= LONGEST_NAME:
        return text
    return f"{text[: LONGEST_NAME - 9]} ... {text[-4:]}"


def classes(labels: NDArray[Any] | None, n_rows: int) -> list[tuple[str, str, NDArray[np.bool_]]]:
    """Return a name, a colour and the rows of each class that occurs."""
    if labels is None:
        return [("rows", NORMAL, np.ones(n_rows, dtype=bool))]
    check_consistent_length(labels, np.empty(n_rows))
    outlier = is_outlier(labels)
    found = [("normal", NORMAL, ~outlier), ("outlier", OUTLIER, outlier)]
    return [each for each in found if each[2].any()]


def reach(values: NDArray[np.float64]) -> float | None:
    """Return where a symmetric logarithmic scale should begin, or ``None`` for a linear one."""
    low, middle, high = np.percentile(values, [25, 50, 75])
    # Scores within -1 and 1 are probabilities, or of a kind that is bounded as they are.
    is_narrow = np.ptp(values) <= WIDEST_LINEAR * (high - low) or np.abs(values).max() <= 1
    if is_narrow or high == low:
        return None
    return float(max(abs(low), abs(middle), abs(high), high - low))
