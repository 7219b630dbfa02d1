"""The losses of a training."""

from collections.abc import Sequence
from typing import Any, Self

from sklearn.utils.validation import check_is_fitted

from skvae.inspection._pipelines import before_last
from skvae.plotting._look import COLORS, INK, QUIET, new_axes, plain, title_and_key

__all__ = ["LossDisplay"]

PARTS = ("loss", "reconstruction", "kl", "energy", "covariance")


class LossDisplay:
    """The loss and its parts after each epoch of a training.

    Use :meth:`from_estimator` or :meth:`from_history`.

    Parameters
    ----------
    history : list of dict
        The losses of each epoch, as a detector's ``history_``.

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
    >>> from skvae.plotting import LossDisplay
    >>> X = np.random.RandomState(0).normal(size=(200, 3))
    >>> detector = VAEOutlierDetector(max_epochs=20, random_state=0).fit(X)
    >>> display = LossDisplay.from_estimator(detector)
    >>> [line.get_label() for line in display.ax_.lines]
    ['loss', 'reconstruction', 'kl']
    >>> plt.close()
    """

    def __init__(self, history: Sequence[dict[str, Any]]) -> None:
        self.history = history

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None) -> Self:
        """Draw the losses of a fitted detector.

        Parameters
        ----------
        estimator : object
            A fitted detector with ``history_``, or a pipeline that ends in one.

        ax : matplotlib Axes, default=None
            Where to draw. By default on a new figure.

        Returns
        -------
        display : LossDisplay
            The display.
        """
        _, last = before_last(estimator)
        check_is_fitted(last)
        if not hasattr(last, "history_"):
            raise ValueError(
                f"{type(last).__name__} has no history_ of a training. An ensemble's experts have: "
                "see named_estimators_."
            )
        return cls(last.history_).plot(ax=ax)

    @classmethod
    def from_history(cls, history: Sequence[dict[str, Any]], *, ax: Any = None) -> Self:
        """Draw the losses of a training.

        Parameters
        ----------
        history : list of dict
            The losses of each epoch, as a detector's ``history_``.

        ax : matplotlib Axes, default=None
            Where to draw. By default on a new figure.

        Returns
        -------
        display : LossDisplay
            The display.
        """
        return cls(history).plot(ax=ax)

    def plot(self, *, ax: Any = None) -> Self:
        """Draw.

        Losses of held-out rows are dashed, and the epoch whose weights were kept is marked.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. By default on a new figure.

        Returns
        -------
        display : LossDisplay
            The display.
        """
        self.ax_ = ax = new_axes(ax)[0, 0]
        self.figure_ = ax.figure
        # Networks that are trained one after another count from 1 again.
        last = max(k for k, epoch in enumerate(self.history) if epoch["epoch"] == 1)
        history = self.history[last:]
        # A total of one part is that part.
        parts = [part for part in PARTS if any(f"train_{part}" in epoch for epoch in history)]
        parts = parts[1:] if len(parts) == 2 else parts
        for part, color in zip(parts, (INK, *COLORS), strict=False):
            self._draw(history, f"train_{part}", color, "-", part)
            self._draw(history, f"valid_{part}", color, "--", None)
        held_out = [epoch["valid_loss"] for epoch in history if "valid_loss" in epoch]
        if held_out:
            best = held_out.index(min(held_out))
            ax.axvline(history[best]["epoch"], color=QUIET, lw=1, ls=":")
            ax.text(
                history[best]["epoch"],
                1.0,
                "weights kept ",
                transform=ax.get_xaxis_transform(),
                ha="right",
                va="top",
                color=INK,
                fontsize="small",
            )
            ax.plot([], [], color=INK, ls="--", label="held out")
        ax.set(xlabel="epoch", ylabel="loss of a row, mean of the epoch")
        title_and_key(ax, "Losses of the training", ncols=5)
        plain(ax)
        return self

    def _draw(
        self, history: Sequence[dict[str, Any]], key: str, color: str, style: str, label: str | None
    ) -> None:
        known = [(epoch["epoch"], epoch[key]) for epoch in history if key in epoch]
        if known:
            self.ax_.plot(*zip(*known, strict=True), color=color, ls=style, lw=1.5, label=label)
