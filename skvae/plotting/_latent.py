"""Latent codes in two dimensions."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.decomposition import PCA

from skvae.inspection._pipelines import before_last, transformed
from skvae.labels import is_outlier
from skvae.plotting._look import classes, new_axes, plain

__all__ = ["LatentDisplay"]


class LatentDisplay:
    """Latent codes in two dimensions, coloured by what is known of their rows.

    Use :meth:`from_estimator` or :meth:`from_predictions`.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, 2)
        Codes in two dimensions.

    colors : dict
        What colours the points of each panel, by its title. Labels are -1 for outliers and
        +1 for normal rows; other numbers are scores.

    axis_names : tuple of two str, default=("code 1", "code 2")
        What the axes show.

    Attributes
    ----------
    ax_ : ndarray of matplotlib Axes of shape (n_panels,)
        The axes.

    figure_ : matplotlib Figure
        The figure.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from skvae import VAEOutlierDetector
    >>> from skvae.plotting import LatentDisplay
    >>> X = np.random.RandomState(0).normal(size=(200, 3))
    >>> detector = VAEOutlierDetector(latent_dim=2, max_steps=100, random_state=0).fit(X)
    >>> display = LatentDisplay.from_estimator(detector, X)
    >>> [ax.get_title() for ax in display.ax_]
    ['by score', 'by prediction']
    >>> plt.close()
    """

    def __init__(
        self,
        codes: NDArray[Any],
        colors: dict[str, Any],
        *,
        axis_names: tuple[str, str] = ("code 1", "code 2"),
    ) -> None:
        self.codes = codes
        self.colors = colors
        self.axis_names = axis_names

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        projector: Any = None,
        ax: Any = None,
    ) -> Self:
        """Encode rows, and draw their codes by score, by prediction, and by truth.

        Parameters
        ----------
        estimator : object
            A fitted detector with ``encode``, or a pipeline that ends in one.

        X : array-like of shape (n_samples, n_features)
            The rows.

        y : array-like of shape (n_samples,), default=None
            -1 for outliers, +1 for normal rows. They add a panel.

        projector : transformer, default=None
            What makes two columns of the codes, by its ``fit_transform``. By default
            :class:`~sklearn.decomposition.PCA`, if the codes are wider.

        ax : array of matplotlib Axes, default=None
            Where to draw: two axes, or three with ``y``. By default on a new figure.

        Returns
        -------
        display : LatentDisplay
            The display.
        """
        steps, last = before_last(estimator)
        colors = {"by score": estimator.score_samples(X), "by prediction": estimator.predict(X)}
        if y is not None:
            colors["by truth"] = np.where(is_outlier(y), -1, 1)
        return cls.from_predictions(
            last.encode(transformed(steps, X)), colors, projector=projector, ax=ax
        )

    @classmethod
    def from_predictions(
        cls, codes: ArrayLike, colors: dict[str, Any], *, projector: Any = None, ax: Any = None
    ) -> Self:
        """Draw latent codes.

        Parameters
        ----------
        codes : array-like of shape (n_samples, latent_dim)
            Latent codes of rows.

        colors : dict
            What colours the points of each panel, by its title. Labels are -1 for outliers
            and +1 for normal rows; other numbers are scores.

        projector : transformer, default=None
            What makes two columns of the codes, by its ``fit_transform``. By default
            :class:`~sklearn.decomposition.PCA`, if the codes are wider.

        ax : array of matplotlib Axes, default=None
            Where to draw, one for each panel. By default on a new figure.

        Returns
        -------
        display : LatentDisplay
            The display.
        """
        points, names = np.asarray(codes), ("code 1", "code 2")
        if points.shape[1] == 1:
            points, names = np.c_[points, np.zeros(len(points))], ("code 1", "")
        if projector is None and points.shape[1] > 2:
            projector = PCA(n_components=2, random_state=0)
        if projector is not None:
            points = np.asarray(projector.fit_transform(points))
            kind = "component" if isinstance(projector, PCA) else "coordinate"
            names = (f"{kind} 1", f"{kind} 2")
        return cls(points, colors, axis_names=names).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : array of matplotlib Axes, default=None
            Where to draw, one for each panel. By default on a new figure.

        Returns
        -------
        display : LatentDisplay
            The display.
        """
        self.ax_ = new_axes(ax, len(self.colors), sharex=True, sharey=True)[0]
        self.figure_ = self.ax_[0].figure
        codes = np.asarray(self.codes)
        for panel, (title, values) in zip(self.ax_, self.colors.items(), strict=True):
            values = np.asarray(values)
            if np.isin(values, [-1, 1]).all():
                for name, color, of_class in classes(values, len(codes)):
                    panel.scatter(*codes[of_class].T, s=9, color=color, label=name, lw=0)
                panel.legend(frameon=False)
            else:
                self._draw_values(panel, codes, values)
            panel.set(title=title, xlabel=self.axis_names[0])
            plain(panel)
        self.ax_[0].set_ylabel(self.axis_names[1])
        return self

    def _draw_values(self, panel: Any, codes: NDArray[Any], values: NDArray[np.float64]) -> None:
        # Few rows are far from all others, and would leave one colour for these.
        order = np.argsort(-values, kind="stable")
        low, high = np.percentile(values, [1, 99])
        points = panel.scatter(
            *codes[order].T, s=9, c=values[order], vmin=low, vmax=high, cmap="cividis", lw=0
        )
        panel.figure.colorbar(points, ax=panel, label="score", extend="both")
