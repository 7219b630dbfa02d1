"""The scores of rows against the threshold."""

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from skvae.inspection._pipelines import before_last, offset_of
from skvae.plotting._look import INK, WIDEST_LINEAR, classes, new_axes, plain, reach, title_and_key

__all__ = ["ScoreDisplay"]

N_BINS = 50


class ScoreDisplay:
    """Scores of rows against the threshold.

    Use :meth:`from_estimator` or :meth:`from_predictions`.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        Scores of rows. The higher, the more normal.

    y : ndarray of shape (n_samples,), default=None
        -1 for outliers, +1 for normal rows. They colour the rows instead of the threshold.

    threshold : float, default=None
        The score below which rows are outliers.

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
    >>> from skvae.plotting import ScoreDisplay
    >>> X = np.random.RandomState(0).normal(size=(200, 3))
    >>> X[:3] += 6
    >>> detector = VAEOutlierDetector(max_steps=100, random_state=0).fit(X)
    >>> display = ScoreDisplay.from_estimator(detector, X, kind="histogram")
    >>> display.ax_.get_xlabel()
    'score, higher is more normal'
    >>> plt.close()
    """

    def __init__(
        self,
        scores: ArrayLike,
        *,
        y: ArrayLike | None = None,
        threshold: float | None = None,
    ) -> None:
        self.scores = scores
        self.y = y
        self.threshold = threshold

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        kind: Literal["rows", "histogram"] = "rows",
        ax: Any = None,
    ) -> Self:
        """Score rows, and draw.

        Parameters
        ----------
        estimator : object
            A fitted detector with ``score_samples`` and ``offset_``, or a pipeline that ends in
            one.

        X : array-like of shape (n_samples, n_features)
            The rows.

        y : array-like of shape (n_samples,), default=None
            -1 for outliers, +1 for normal rows. They colour the rows instead of the threshold.

        kind : {'rows', 'histogram'}, default='rows'
            One point for each row in its order, or how many rows have which score.

        ax : matplotlib Axes, default=None
            Where to draw. By default on a new figure.

        Returns
        -------
        display : ScoreDisplay
            The display.
        """
        _, last = before_last(estimator)
        display = cls(estimator.score_samples(X), y=y, threshold=offset_of(last))
        return display.plot(kind=kind, ax=ax)

    @classmethod
    def from_predictions(
        cls,
        scores: ArrayLike,
        y: ArrayLike | None = None,
        *,
        threshold: float | None = None,
        kind: Literal["rows", "histogram"] = "rows",
        ax: Any = None,
    ) -> Self:
        """Draw scores.

        Parameters
        ----------
        scores : array-like of shape (n_samples,)
            Scores of rows. The higher, the more normal.

        y : array-like of shape (n_samples,), default=None
            -1 for outliers, +1 for normal rows. They colour the rows instead of the threshold.

        threshold : float, default=None
            The score below which rows are outliers.

        kind : {'rows', 'histogram'}, default='rows'
            One point for each row in its order, or how many rows have which score.

        ax : matplotlib Axes, default=None
            Where to draw. By default on a new figure.

        Returns
        -------
        display : ScoreDisplay
            The display.
        """
        return cls(scores, y=y, threshold=threshold).plot(kind=kind, ax=ax)

    def plot(self, *, kind: Literal["rows", "histogram"] = "rows", ax: Any = None) -> Self:
        """Draw.

        The scale is logarithmic on both sides of zero where a linear one would hide the bulk of the
        scores.

        Parameters
        ----------
        kind : {'rows', 'histogram'}, default='rows'
            One point for each row in its order, or how many rows have which score.

        ax : matplotlib Axes, default=None
            Where to draw. By default on a new figure.

        Returns
        -------
        display : ScoreDisplay
            The display.
        """
        if kind not in ("rows", "histogram"):
            raise ValueError(f"kind={kind!r} must be 'rows' or 'histogram'.")
        self.ax_ = ax = new_axes(ax)[0, 0]
        self.figure_ = ax.figure
        scores = np.asarray(self.scores, dtype=np.float64)
        linear = reach(scores)
        of_scores = ax.yaxis if kind == "rows" else ax.xaxis
        if linear is not None:
            set_scale = ax.set_yscale if kind == "rows" else ax.set_xscale
            set_scale("symlog", linthresh=linear)
        y = None if self.y is None else np.asarray(self.y)
        if y is None and self.threshold is not None:
            y = np.where(scores < self.threshold, -1, 1)
        groups = classes(y, len(scores))
        if kind == "rows":
            for name, color, of_class in groups:
                ax.scatter(
                    np.flatnonzero(of_class), scores[of_class], s=9, color=color, label=name, lw=0
                )
            ax.set_xlabel("row")
        else:
            edges = np.histogram_bin_edges(scores, N_BINS)
            if linear is not None:
                edges = np.histogram_bin_edges(np.arcsinh(scores / linear), N_BINS)
                edges = linear * np.sinh(edges)
                # Both ends may have been rounded inwards.
                edges[[0, -1]] = scores.min(), scores.max()
            # What is drawn last is seen whole.
            highest = 0
            for name, color, of_class in groups:
                style = {"color": color, "alpha": 0.75, "label": name}
                counts, _, _ = ax.hist(scores[of_class], bins=edges, **style)
                highest = max(highest, counts.max())
            ax.set_ylabel("number of rows")
            if highest > WIDEST_LINEAR:
                ax.set_yscale("symlog", linthresh=10)
            else:
                ax.yaxis.get_major_locator().set_params(integer=True)
        of_scores.set_label_text("score, higher is more normal")
        if self.threshold is not None:
            self._draw_threshold(kind)
        title = f"Scores of {len(scores):,} rows" if len(scores) != 1 else "Score of one row"
        if self.threshold is not None:
            title += f", {np.count_nonzero(scores < self.threshold):,} below the threshold"
        title_and_key(ax, title, **({} if self.y is None else {"ncols": 2}))
        plain(ax)
        return self

    def _draw_threshold(self, kind: str) -> None:
        ax, text = self.ax_, {"color": INK, "fontsize": "small"}
        if kind == "rows":
            ax.axhline(self.threshold, color=INK, lw=1, ls="--")
            place = ax.get_yaxis_transform()
            ax.text(1.0, self.threshold, " threshold", transform=place, va="center", **text)
        else:
            ax.axvline(self.threshold, color=INK, lw=1, ls="--")
            place = ax.get_xaxis_transform()
            ax.text(
                self.threshold, 1.0, "threshold ", transform=place, ha="right", va="top", **text
            )
