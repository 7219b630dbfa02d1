"""Curves of one bump, and such with a small second one."""

from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from skvae._sklearn import Interval, validate_params


@validate_params(
    {
        "n_inliers": [Interval(Integral, 0, None, closed="left")],
        "n_outliers": [Interval(Integral, 0, None, closed="left")],
        "n_points": [Interval(Integral, 2, None, closed="left")],
        "height": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_bumps(
    n_inliers: int = 2000,
    n_outliers: int = 200,
    *,
    n_points: int = 256,
    height: float = 0.12,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    """Draw curves of one bump, and outliers with a small and narrow second bump.

    A bump is a Gaussian of the position between 0 and 1. The first one has height 1, a
    centre between 0.1 and 0.9 and a standard deviation between 0.05 and 0.5; the second
    one a centre in the same interval and a standard deviation between 0.01 and 0.05. All
    are drawn uniformly.

    Parameters
    ----------
    n_inliers : int, default=2000
        The number of curves with one bump.

    n_outliers : int, default=200
        The number of curves with two.

    n_points : int, default=256
        The number of points of a curve, at equal distances from 0 to 1.

    height : float, default=0.12
        The height of the second bump.

    random_state : int, RandomState instance or None, default=None
        Governs the draws and the order of the curves.

    Returns
    -------
    X : ndarray of shape (n_inliers + n_outliers, n_points)
        The curves, one a row.

    y : ndarray of shape (n_inliers + n_outliers,) of int
        +1 for one bump, -1 for two.

    Examples
    --------
    >>> from skvae.datasets import make_bumps
    >>> X, y = make_bumps(3, 1, n_points=5, random_state=0)
    >>> X.round(2)
    array([[0.06, 0.4 , 0.95, 0.79, 0.24],
           [0.49, 0.82, 1.  , 1.  , 0.59],
           [0.66, 0.93, 0.99, 0.81, 0.51],
           [0.02, 0.26, 0.87, 0.84, 0.23]])
    >>> y
    array([ 1, -1,  1,  1])
    """
    rng = check_random_state(random_state)
    y = rng.permutation(np.repeat([1, -1], [n_inliers, n_outliers]))
    position = np.linspace(0, 1, n_points)
    X = _bumps(position, rng, len(y), (0.05, 0.5))
    X[y == -1] += height * _bumps(position, rng, n_outliers, (0.01, 0.05))
    return X, y


def _bumps(
    position: NDArray[np.float64],
    rng: np.random.RandomState,
    n: int,
    widths: tuple[float, float],
) -> NDArray[np.float64]:
    centre = rng.uniform(0.1, 0.9, (n, 1))
    return np.exp(-0.5 * ((position - centre) / rng.uniform(*widths, (n, 1))) ** 2)
