"""Images with damaged patches, and where the damage is."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array, check_random_state

from skvae._sklearn import Interval, StrOptions, validate_params
from skvae.rows import unit_floats, whole_numbers_as_bytes


@validate_params(
    {
        "X": ["array-like"],
        "mask_size": [Interval(Integral, 1, None, closed="left"), tuple],
        "n_masks": [Interval(Integral, 1, None, closed="left")],
        "channels": ["array-like", None],
        "noise": [StrOptions({"uniform", "normal", "zero"})],
        "scale": [Interval(Real, 0, None, closed="neither")],
        "clip": [tuple, None],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def apply_mask(
    X: ArrayLike,
    mask_size: int | tuple[int, int] = 4,
    *,
    n_masks: int = 1,
    channels: Sequence[int] | None = None,
    noise: Literal["uniform", "normal", "zero"] = "uniform",
    scale: float = 1.0,
    clip: tuple[float, float] | None = (0.0, 1.0),
    random_state: int | np.random.RandomState | None = None,
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Damage one patch of each image, at a random place.

    Parameters
    ----------
    X : array-like of shape (n_samples, height, width) or (n_samples, height, width, n_channels)
        The images, channels last, from 0 to 1 unless ``scale`` and ``clip`` are set. Those
        of whole numbers from 0 to 255 are divided by 255 first.

    mask_size : int or (int, int), default=4
        Height and width of the patch.

    n_masks : int, default=1
        How many damaged copies of each image to return.

    channels : sequence of int, default=None
        Which channels to damage, or ``None`` for all.

    noise : {'uniform', 'normal', 'zero'}, default='uniform'
        What the patch becomes: draws between 0 and ``scale``, the image plus normal noise
        of the standard deviation ``scale``, or zero.

    scale : float, default=1.0
        The largest value of uniform noise, or the standard deviation of normal noise.

    clip : tuple of two floats, default=(0.0, 1.0)
        What the damaged values are clipped to, or ``None`` for nothing.

    random_state : int, RandomState instance or None, default=None
        Governs places and noise.

    Returns
    -------
    X_masked : ndarray of shape (n_samples * n_masks, ...)
        The damaged images, the copies of an image next to one another.

    mask : ndarray of the shape of X_masked of bool
        Where the damage is.

    Raises
    ------
    ValueError
        If the patch is larger than the images, or there is no such channel.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skvae.datasets import apply_mask
    >>> images = load_digits().images / 16
    >>> masked, mask = apply_mask(images, 2, noise="zero", random_state=0)
    >>> int(mask[0].sum()), float(masked[mask].max())
    (4, 0.0)
    """
    X = whole_numbers_as_bytes(np.asarray(X))
    X = unit_floats(check_array(X, allow_nd=True, dtype=[np.float64, np.float32, np.uint8]))
    if X.ndim not in (3, 4):
        raise ValueError(
            f"X must have the shape (n_samples, height, width[, n_channels]), got {X.shape}."
        )
    size: Any = (mask_size, mask_size) if isinstance(mask_size, Integral) else mask_size
    if len(size) != 2 or min(size) < 1 or size[0] > X.shape[1] or size[1] > X.shape[2]:
        raise ValueError(
            f"mask_size={mask_size!r} must be a height and a width of at most {X.shape[1:3]}, the "
            "shape of an image."
        )
    rng = check_random_state(random_state)
    masked = np.repeat(X, n_masks, axis=0)
    mask = np.zeros(masked.shape, dtype=bool)
    tops = rng.randint(X.shape[1] - size[0] + 1, size=len(masked))
    lefts = rng.randint(X.shape[2] - size[1] + 1, size=len(masked))
    for patch, top, left in zip(mask, tops, lefts, strict=True):
        patch[top : top + size[0], left : left + size[1]] = True
    if channels is not None:
        n_channels = X.shape[3] if X.ndim == 4 else 1
        damaged = np.isin(np.arange(n_channels), channels)
        if damaged.sum() != len(set(channels)):
            raise ValueError(
                f"channels={channels!r} must be among the {n_channels} of X, 0 to {n_channels - 1}."
            )
        mask &= damaged if X.ndim == 4 else damaged[0]
    n_values = mask.sum()
    if noise == "uniform":
        masked[mask] = rng.uniform(0, scale, n_values)
    elif noise == "normal":
        masked[mask] += rng.normal(0, scale, n_values)
    else:
        masked[mask] = 0
    if clip is not None:
        masked[mask] = masked[mask].clip(*clip)
    return masked, mask
