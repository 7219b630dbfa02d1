"""Estimators that are parts of others draw what those tell them to draw."""

from typing import Any

import numpy as np
from numpy.random import RandomState
from sklearn.base import clone

__all__ = ["seeded_clone"]


def seeded_clone(estimator: Any, random: RandomState) -> Any:
    """Return a clone that draws nothing which ``random`` does not govern.

    A ``random_state`` that is not ``None``, the estimator's own or that of a part of it, stays.
    """
    estimator = clone(estimator)
    for name, value in sorted(estimator.get_params().items()):
        if name.split("__")[-1] == "random_state" and value is None:
            estimator.set_params(**{name: random.randint(np.iinfo(np.int32).max)})
    return estimator
