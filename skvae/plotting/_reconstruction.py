"""Curves and images beside their reconstructions."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skvae.inspection._expected import reconstructed_cells
from skvae.inspection._variants import as_rows, cells_of
from skvae.plotting._look import INK, NORMAL, OUTLIER, new_axes, plain
from skvae.rows import unit_floats
from skvae.rows.frames import is_frame

__all__ = ["ReconstructionDisplay"]


class ReconstructionDisplay:
    """Curves or images, their reconstructions, and where they differ.

    Use :meth:`from_estimator` or :meth:`from_predictions`.

    Parameters
    ----------
    X : ndarray of shape (n_samples, length) or (n_samples, height, width[, n_channels])
        Curves, or images.

    reconstruction : ndarray of the shape of X
        What was reconstructed, of bytes from 0 to 1.

    errors : ndarray of the shape of X, default=None
        How odd each point or pixel is. By default the squared differences.

    Attributes
    ----------
    ax_ : ndarray of matplotlib Axes of shape (n_samples, n_panels)
        The axes.

    figure_ : matplotlib Figure
        The figure.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skvae import AEOutlierDetector
    >>> from skvae.datasets import make_bumps
    >>> from skvae.plotting import ReconstructionDisplay
    >>> X, _ = make_bumps(50, 0, n_points=64, random_state=0)
    >>> detector = AEOutlierDetector(max_epochs=20, random_state=0).fit(X)
    >>> display = ReconstructionDisplay.from_estimator(detector, X[:2])
    >>> display.ax_.shape
    (2, 2)
    >>> plt.close()
    """

    def __init__(
        self, X: ArrayLike, reconstruction: ArrayLike, *, errors: ArrayLike | None = None
    ) -> None:
        self.X = X
        self.reconstruction = reconstruction
        self.errors = errors

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: ArrayLike, *, channels: bool = False, ax: Any = None
    ) -> Self:
        """Reconstruct curves or images, and draw.

        Parameters
        ----------
        estimator : object
            A fitted detector with ``reconstruct``, or a pipeline that ends in one.

        X : array-like of shape (n_samples, length) or (n_samples, height, width[, n_channels])
            Curves, or images, best a few.

        channels : bool, default=False
            Whether to draw a map for each channel of images, and not their sum.

        ax : array of matplotlib Axes, default=None
            Where to draw, as many as ``n_samples`` times the number of panels of each.

        Returns
        -------
        display : ReconstructionDisplay
            The display.
        """
        rows = _as_array(X)
        whole = reconstructed_cells(estimator, rows).reshape(rows.shape)
        errors = -estimator.feature_scores(X) if hasattr(estimator, "feature_scores") else None
        # Those of bytes come back as bytes.
        display = cls(
            unit_floats(rows), whole / 255 if rows.dtype == np.uint8 else whole, errors=errors
        )
        return display.plot(channels=channels, ax=ax)

    @classmethod
    def from_predictions(
        cls,
        X: ArrayLike,
        reconstruction: ArrayLike,
        *,
        errors: ArrayLike | None = None,
        channels: bool = False,
        ax: Any = None,
    ) -> Self:
        """Draw curves or images that were reconstructed.

        Parameters
        ----------
        X : array-like of shape (n_samples, length) or (n_samples, height, width[, n_channels])
            Curves, or images.

        reconstruction : array-like of the shape of X
            What was reconstructed, of bytes from 0 to 1.

        errors : array-like of the shape of X, default=None
            How odd each point or pixel is. By default the squared differences.

        channels : bool, default=False
            Whether to draw a map for each channel of images, and not their sum.

        ax : array of matplotlib Axes, default=None
            Where to draw, as many as ``n_samples`` times the number of panels of each.

        Returns
        -------
        display : ReconstructionDisplay
            The display.
        """
        return cls(X, reconstruction, errors=errors).plot(channels=channels, ax=ax)

    def plot(self, *, channels: bool = False, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        channels : bool, default=False
            Whether to draw a map for each channel of images, and not their sum.

        ax : array of matplotlib Axes, default=None
            Where to draw, as many as ``n_samples`` times the number of panels of each.

        Returns
        -------
        display : ReconstructionDisplay
            The display.
        """
        X, reconstruction = unit_floats(_as_array(self.X)), np.asarray(self.reconstruction)
        errors = (X - reconstruction) ** 2 if self.errors is None else np.asarray(self.errors)
        if X.ndim == 2:
            return self._plot_curves(X, reconstruction, ax)
        maps = {"errors": errors}
        if errors.ndim == 4:
            maps = {"errors": errors.sum(-1)}
            if channels:
                maps = {f"errors, channel {k}": errors[..., k] for k in range(errors.shape[-1])}
        brightest = max(1.0, X.max())
        self.ax_ = new_axes(ax, 2 + len(maps), len(X))
        self.figure_ = self.ax_[0, 0].figure
        for panels, original, whole, *each in zip(
            self.ax_, X, reconstruction, *maps.values(), strict=True
        ):
            self._draw_image(panels[0], original / brightest)
            self._draw_image(panels[1], whole / brightest)
            for panel, values in zip(panels[2:], each, strict=True):
                panel.imshow(values, cmap="inferno")
            for panel in panels:
                panel.set_axis_off()
        for panel, title in zip(self.ax_[0], ["original", "reconstruction", *maps], strict=True):
            panel.set_title(title)
        return self

    def _plot_curves(self, X: NDArray[Any], reconstruction: NDArray[Any], ax: Any) -> Self:
        self.ax_ = new_axes(ax, 2, len(X), sharex=True, sharey="col")
        self.figure_ = self.ax_[0, 0].figure
        for (both, rest), original, whole in zip(self.ax_, X, reconstruction, strict=True):
            both.plot(original, color=INK, lw=1, label="original")
            both.plot(whole, color=NORMAL, lw=2, alpha=0.8, label="reconstruction")
            rest.fill_between(np.arange(len(original)), original - whole, color=OUTLIER, lw=0)
            rest.axhline(0, color=INK, lw=0.8)
            plain(both)
            plain(rest)
        self.ax_[0, 0].legend(frameon=False)
        self.ax_[0, 0].set_title("curve")
        self.ax_[0, 1].set_title("original minus reconstruction")
        for panel in self.ax_[-1]:
            panel.set_xlabel("point")
        return self

    def _draw_image(self, panel: Any, image: NDArray[Any]) -> None:
        if image.ndim == 3 and image.shape[-1] == 1:
            image = image[..., 0]
        options = {"cmap": "gray", "vmin": 0, "vmax": 1} if image.ndim == 2 else {}
        panel.imshow(image if image.ndim == 2 else image.clip(0, 1), **options)


def _as_array(X: Any) -> NDArray[Any]:
    rows = as_rows(X)
    array: NDArray[Any] = cells_of(rows) if is_frame(rows) else rows
    return array
