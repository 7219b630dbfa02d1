"""The errors of normal rows and of outliers."""

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from skvae.inspection._expected import reconstructed_cells
from skvae.inspection._variants import as_rows, cells_of
from skvae.plotting._look import classes, new_axes, plain, title_and_key

__all__ = ["ErrorDistributionDisplay"]

N_BINS, MOST_TICKS = 40, 10
SMALLEST = np.finfo(np.float64).tiny


class ErrorDistributionDisplay:
    """The errors of normal rows and of outliers, once or after every epoch.

    Use :meth:`from_estimator` or :meth:`from_predictions`.

    Parameters
    ----------
    errors : ndarray of shape (n_samples,) or (n_epochs, n_samples)
        Errors of rows, which are not negative.

    y : ndarray of shape (n_samples,)
        -1 for outliers, +1 for normal rows.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.

    figure_ : matplotlib Figure
        The figure.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skvae import AEOutlierDetector
    >>> from skvae.datasets import make_bumps
    >>> from skvae.plotting import ErrorDistributionDisplay
    >>> X, y = make_bumps(60, 20, n_points=64, random_state=0)
    >>> detector = AEOutlierDetector(max_epochs=20, random_state=0).fit(X[y == 1])
    >>> display = ErrorDistributionDisplay.from_estimator(detector, X, y)
    >>> [label.get_text() for label in display.ax_.get_xticklabels()]
    ['normal', 'outlier']
    >>> plt.close()
    """

    def __init__(self, errors: ArrayLike, y: ArrayLike) -> None:
        self.errors = errors
        self.y = y

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike,
        *,
        kind: Literal["boxes", "histogram"] = "boxes",
        ax: Any = None,
    ) -> Self:
        """Reconstruct rows of numbers, and draw their summed squared errors.

        Errors are in squared units of ``X``.

        Parameters
        ----------
        estimator : object
            A fitted detector with ``reconstruct``, or a pipeline that ends in one.

        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The rows.

        y : array-like of shape (n_samples,)
            -1 for outliers, +1 for normal rows.

        kind : {'boxes', 'histogram'}, default='boxes'
            What to draw.

        ax : matplotlib Axes, default=None
            Where to draw. By default on a new figure.

        Returns
        -------
        display : ErrorDistributionDisplay
            The display.
        """
        rows = as_rows(X)
        difference = cells_of(rows) - reconstructed_cells(estimator, rows)
        return cls((difference**2).sum(1), y).plot(kind=kind, ax=ax)

    @classmethod
    def from_predictions(
        cls,
        errors: ArrayLike,
        y: ArrayLike,
        *,
        kind: Literal["boxes", "histogram"] = "boxes",
        ax: Any = None,
    ) -> Self:
        """Draw errors, once or after every epoch.

        Parameters
        ----------
        errors : array-like of shape (n_samples,) or (n_epochs, n_samples)
            Errors of rows, which are not negative. A callback can record those of each epoch.

        y : array-like of shape (n_samples,)
            -1 for outliers, +1 for normal rows.

        kind : {'boxes', 'histogram'}, default='boxes'
            What to draw. Errors of epochs are always boxes.

        ax : matplotlib Axes, default=None
            Where to draw. By default on a new figure.

        Returns
        -------
        display : ErrorDistributionDisplay
            The display.
        """
        return cls(errors, y).plot(kind=kind, ax=ax)

    def plot(self, *, kind: Literal["boxes", "histogram"] = "boxes", ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        kind : {'boxes', 'histogram'}, default='boxes'
            What to draw. Errors of epochs are always boxes.

        ax : matplotlib Axes, default=None
            Where to draw. By default on a new figure.

        Returns
        -------
        display : ErrorDistributionDisplay
            The display.
        """
        if kind not in ("boxes", "histogram"):
            raise ValueError(f"kind={kind!r} must be 'boxes' or 'histogram'.")
        self.ax_ = ax = new_axes(ax)[0, 0]
        self.figure_ = ax.figure
        errors = np.asarray(self.errors, dtype=np.float64)
        groups = classes(np.asarray(self.y), errors.shape[-1])
        if errors.ndim == 2:
            for k, (name, color, of_class) in enumerate(groups):
                places = np.arange(1, len(errors) + 1) + 0.4 * (k - (len(groups) - 1) / 2)
                self._draw_boxes(errors[:, of_class].T, places, 0.35, [color] * len(errors))
                ax.plot([], [], color=color, lw=6, label=name)
            ax.set(xlabel="epoch", ylabel="squared error of a row", yscale="log")
            ticks = range(1, len(errors) + 1, -(-len(errors) // MOST_TICKS))
            ax.set_xticks(ticks, [str(tick) for tick in ticks])
            title_and_key(ax, "Reconstruction errors by class after each epoch", ncols=2)
        elif kind == "boxes":
            of_classes = [errors[of_class] for _, _, of_class in groups]
            numbers = list(range(1, len(groups) + 1))
            self._draw_boxes(of_classes, numbers, 0.5, [color for _, color, _ in groups])
            ax.set_xticks(numbers, [name for name, _, _ in groups])
            ax.set(ylabel="squared error of a row", yscale="log")
            title_and_key(ax, "Reconstruction errors by class")
        else:
            # A logarithm has no place for rows without any error: they are in the first bin.
            least = errors.min(where=errors > 0, initial=max(errors.max(), SMALLEST))
            drawn = np.maximum(errors, least)
            edges = np.geomspace(least, max(drawn.max(), 2 * least), N_BINS + 1)
            for name, color, of_class in groups:
                ax.hist(drawn[of_class], bins=edges, color=color, alpha=0.75, label=name)
            ax.set(xlabel="squared error of a row", ylabel="number of rows", xscale="log")
            title_and_key(ax, "Reconstruction errors by class", ncols=2)
        plain(ax)
        return self

    def _draw_boxes(self, values: Any, places: Any, width: float, colors: list[str]) -> None:
        boxes = self.ax_.boxplot(
            values,
            positions=places,
            widths=width,
            patch_artist=True,
            flierprops={"marker": ".", "markersize": 3},
            manage_ticks=False,
        )
        for part in ("boxes", "medians", "fliers"):
            for artist, color in zip(boxes[part], colors, strict=True):
                if part == "boxes":
                    artist.set(facecolor=color, alpha=0.6, edgecolor=color)
                elif part == "medians":
                    artist.set(color="white")
                else:
                    artist.set(markeredgecolor=color, markerfacecolor=color)
        for part in ("whiskers", "caps"):
            for artist, color in zip(boxes[part], np.repeat(colors, 2), strict=True):
                artist.set(color=color)
