"""The cells that make rows odd, as bars."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from skvae.inspection import explain
from skvae.plotting._look import INK, NORMAL, OUTLIER, QUIET, new_axes, plain, short, title_and_key

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ExplanationDisplay"]

DIRECTIONS = {
    "above": ("more than expected", OUTLIER),
    "below": ("less than expected", NORMAL),
    "other": ("another word", QUIET),
}


class ExplanationDisplay:
    """The cells that make rows odd, with their values and what was expected.

    Use :meth:`from_estimator` or :meth:`from_explanation`.

    Parameters
    ----------
    explanation : pandas.DataFrame
        What :func:`skvae.inspection.explain` returned.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.

    figure_ : matplotlib Figure
        The figure.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from skvae import VAEOutlierDetector
    >>> from skvae.plotting import ExplanationDisplay
    >>> X = np.random.RandomState(0).normal(size=(200, 3))
    >>> detector = VAEOutlierDetector(max_steps=100, random_state=0).fit(X)
    >>> display = ExplanationDisplay.from_estimator(detector, [[0.0, 8.0, 0.0]], top=1)
    >>> display.ax_.get_yticklabels()[0].get_text()
    'x1'
    >>> plt.close()
    """

    def __init__(self, explanation: "pd.DataFrame") -> None:
        self.explanation = explanation

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        *,
        top: int = 5,
        reference: ArrayLike | None = None,
        ax: Any = None,
    ) -> Self:
        """Explain rows, and draw.

        Parameters
        ----------
        estimator : object
            A fitted detector with ``score_samples``, of skvae or not, or a pipeline that ends in
            one.

        X : array-like of shape (n_samples, n_features)
            The rows, best a few.

        top : int, default=5
            The largest number of cells of a row.

        reference : array-like of shape (n_reference, n_features), default=None
            Rows whose usual values are what is expected, as in :func:`skvae.inspection.explain`.

        ax : matplotlib Axes, default=None
            Where to draw. By default on a new figure.

        Returns
        -------
        display : ExplanationDisplay
            The display.
        """
        return cls(explain(estimator, X, top=top, reference=reference)).plot(ax=ax)

    @classmethod
    def from_explanation(cls, explanation: "pd.DataFrame", *, ax: Any = None) -> Self:
        """Draw an explanation.

        Parameters
        ----------
        explanation : pandas.DataFrame
            What :func:`skvae.inspection.explain` returned.

        ax : matplotlib Axes, default=None
            Where to draw. By default on a new figure.

        Returns
        -------
        display : ExplanationDisplay
            The display.
        """
        return cls(explanation).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. By default on a new figure.

        Returns
        -------
        display : ExplanationDisplay
            The display.
        """
        cells = self.explanation
        rows = cells["row"].to_numpy()
        begins = np.r_[True, rows[1:] != rows[:-1]] if len(rows) else np.zeros(0, dtype=bool)
        # A line of room above each row for its name.
        place = np.arange(len(rows)) + np.cumsum(begins) - 1 + (begins.sum() > 1)
        height = 1.4 + 0.3 * (max([*place, 0]) + 1)
        self.ax_ = ax = new_axes(ax, height=height)[0, 0]
        self.figure_ = ax.figure
        colors = [DIRECTIONS[direction][1] for direction in cells["direction"]]
        ax.barh(place, cells["share"], color=colors, height=0.7)
        # A dollar in a name or a word begins no formula.
        style = {"va": "center", "color": INK, "fontsize": "small", "parse_math": False}
        for at, cell in zip(place, cells.itertuples(), strict=True):
            text = f" {_written(cell.value)}, expected {_written(cell.expected)}"
            ax.text(cell.share, at, text, in_layout=False, **style)
        if begins.sum() > 1:
            for at, row in zip(place[begins], rows[begins], strict=True):
                text = f"row {row}"
                ax.text(0, at - 0.9, text, fontweight="bold", **style)
        ax.set_yticks(place, [short(name) for name in cells["column"]], parse_math=False)
        ax.tick_params(axis="y", length=0)
        # Room for what is written beside the bars.
        ax.set(xlabel="share of what the row's score gains", xlim=(0, 1.6))
        ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
        ax.set_ylim(max([*place, 0]) + 0.6, -0.6 - (begins.sum() > 1) * 0.2)
        self._draw_key()
        plain(ax)
        return self

    def _draw_key(self) -> None:
        found = set(self.explanation["direction"])
        handles = [
            self.ax_.barh([0], [0], color=color, label=label)
            for direction, (label, color) in DIRECTIONS.items()
            if direction in found
        ]
        n_rows = self.explanation["row"].nunique()
        title = f"What makes {n_rows} rows odd" if n_rows != 1 else "What makes this row odd"
        title_and_key(self.ax_, title, handles=handles, ncols=3)


def _written(value: Any) -> str:
    """Return numbers in four digits, and words as they are."""
    return f"{value:.4g}" if isinstance(value, float | np.floating) else short(value)
