"""Figures, curves and images as data that a page holds itself."""

from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skvae.inspection._expected import NoReconstructionError, reconstructed_cells
from skvae.inspection._pipelines import before_last
from skvae.plotting._look import INK, NORMAL, OUTLIER, plain

__all__ = ["Picture", "drawn", "pictures_of_curves", "pictures_of_images"]

# In pixels. Twenty rows of such images take less than three megabytes.
LARGEST_SIDE = 96


class Picture(NamedTuple):
    """What to show, and what to say where it cannot be shown."""

    name: str
    source: str


def drawn(draw: Callable[..., Any], *, size: tuple[float, float]) -> str:
    """Return what is drawn on axes as SVG, always in the same look and the same bytes."""
    from matplotlib import style
    from matplotlib.figure import Figure

    file = BytesIO()
    with style.context(["default", {"svg.hashsalt": "skvae"}]):
        figure = Figure(figsize=size, layout="constrained")
        draw(ax=figure.subplots())
        figure.savefig(file, format="svg", metadata={"Date": None})
    return _data_uri("image/svg+xml", file)


def pictures_of_curves(detector: Any, X: NDArray[Any]) -> list[list[Picture]]:
    """Return a picture for each curve, with its reconstruction if there is one."""
    reconstruction = _reconstructed(detector, X)
    wholes = [None] * len(X) if reconstruction is None else list(reconstruction)
    pictures = []
    for curve, whole in zip(X, wholes, strict=True):

        def draw(ax: Any, curve: Any = curve, whole: Any = whole) -> None:
            points = np.arange(len(curve))
            if whole is not None:
                for one, other in zip(_channels(curve), _channels(whole), strict=True):
                    ax.fill_between(points, one, other, color=OUTLIER, alpha=0.4, lw=0)
                ax.plot(whole, color=NORMAL, lw=1.8)
            ax.plot(curve, color=INK, lw=0.9)
            ax.tick_params(labelsize="small")
            ax.margins(x=0)
            plain(ax)

        name = "curve" if whole is None else "curve and reconstruction"
        pictures.append([Picture(name, drawn(draw, size=(4.2, 1.3)))])
    return pictures


def pictures_of_images(detector: Any, X: NDArray[Any]) -> list[list[Picture]]:
    """Return each image, and its reconstruction and a map of errors if there is one."""
    shown = {"original": _unit(X, X)}
    reconstruction = _reconstructed(detector, X)
    if reconstruction is not None:
        shown["reconstruction"] = _unit(reconstruction, X)
        shown["errors"] = _errors(detector, X, reconstruction)
    return [
        [
            Picture(name, _png(image, "inferno" if name == "errors" else "gray"))
            for name, image in zip(shown, images, strict=True)
        ]
        for images in zip(*shown.values(), strict=True)
    ]


def _reconstructed(detector: Any, X: Any) -> NDArray[Any] | None:
    """Return rows as the detector reconstructs them, or ``None`` if it does not."""
    try:
        return reconstructed_cells(detector, X).reshape(X.shape)
    except NoReconstructionError:
        return None


def _errors(detector: Any, X: NDArray[Any], reconstruction: NDArray[Any]) -> NDArray[np.float64]:
    """Return how odd each pixel is, from 0 to 1 within its image."""
    steps, last = before_last(detector)
    if not steps and hasattr(last, "feature_scores"):
        errors = -np.asarray(last.feature_scores(X), dtype=np.float64)
    else:
        errors = (X - reconstruction) ** 2
    errors = errors.sum(-1) if errors.ndim == 4 else errors
    errors -= errors.min((1, 2), keepdims=True)
    return errors / np.maximum(errors.max((1, 2), keepdims=True), np.finfo(float).tiny)


def _unit(images: NDArray[Any], like: NDArray[Any]) -> NDArray[np.float64]:
    """Return images from 0 to 1, scaled as others, in grey or in red, green and blue."""
    low, high = min(0.0, np.nanmin(like)), max(1.0, np.nanmax(like))
    high = 255.0 if like.dtype.kind in "iu" else high
    unit = np.nan_to_num((images.astype(np.float64) - low) / (high - low)).clip(0, 1)
    return unit.mean(-1) if unit.ndim == 4 and unit.shape[-1] != 3 else unit


def _channels(curve: NDArray[Any]) -> NDArray[Any]:
    return curve.reshape(len(curve), -1).T


def _png(image: NDArray[np.float64], colors: str) -> str:
    from matplotlib.image import imsave

    file = BytesIO()
    imsave(file, _shrunk(image), format="png", cmap=colors, vmin=0, vmax=1)
    return _data_uri("image/png", file)


def _shrunk(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an image whose pixels are means, so few that no side is too large."""
    step = -(-max(image.shape[:2]) // LARGEST_SIDE)
    for axis in (0, 1):
        starts = np.arange(0, image.shape[axis], step)
        counts = np.diff(starts, append=image.shape[axis])
        sums = np.add.reduceat(image, starts, axis=axis)
        image = np.moveaxis(np.moveaxis(sums, axis, -1) / counts, -1, axis)
    return image


def _data_uri(kind: str, file: BytesIO) -> str:
    return f"data:{kind};base64,{b64encode(file.getvalue()).decode()}"
