"""The way of rows through a pipeline, and back."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import OneToOneFeatureMixin
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
)

from skvae._sklearn import columns_of
from skvae.inspection._variants import cells_of, narrowed
from skvae.rows.frames import is_frame

__all__ = ["before_last", "inverted", "keeps_columns", "offset_of", "transformed"]


def before_last(estimator: Any) -> tuple[list[Any], Any]:
    """Return the transformers before a detector, and the detector, also of a search."""
    steps: list[Any] = []
    estimator = _inside(estimator)
    while isinstance(estimator, Pipeline):
        steps += [step for _, step in estimator.steps[:-1] if not _is_nothing(step)]
        estimator = _inside(estimator[-1])
    return steps, estimator


def transformed(steps: list[Any], X: Any) -> Any:
    """Return rows after the steps before a detector."""
    for step in steps:
        X = step.transform(X)
    return X


def offset_of(detector: Any) -> float:
    """Return the score below which rows are outliers; OneClassSVM keeps it in an array."""
    return float(np.ravel(detector.offset_)[0])


def inverted(step: Any, rows: Any) -> Any:
    """Return rows as they were before a step, also if it is a :class:`ColumnTransformer`."""
    step = _inside(step)
    if _is_nothing(step):
        return rows
    if isinstance(step, Pipeline):
        for _, inner in reversed(step.steps):
            rows = inverted(inner, rows)
        return rows
    if isinstance(step, SimpleImputer):
        n_filled = _n_filled(step)
        if n_filled != step.n_features_in_:
            raise ValueError(f"{step} drops columns without any value.")
        return rows if rows.shape[1] == n_filled else np.asarray(rows)[:, :n_filled]
    if isinstance(step, FunctionTransformer) and step.func and not step.inverse_func:
        raise ValueError(f"{step} has no inverse_func.")
    if isinstance(step, OneHotEncoder):
        return _with_known_words(step, step.inverse_transform(_nearest_flags(step, rows)))
    if isinstance(step, OrdinalEncoder):
        return _with_known_words(step, step.inverse_transform(_codes(rows, _n_codes(step))))
    if isinstance(step, KBinsDiscretizer) and step.encode == "ordinal":
        return step.inverse_transform(_codes(rows, step.n_bins_))
    if not isinstance(step, ColumnTransformer):
        if not hasattr(step, "inverse_transform"):
            raise ValueError(f"{step} has no inverse_transform.")
        return step.inverse_transform(rows)
    before = np.full((len(rows), step.n_features_in_), np.nan, dtype=object)
    rows = rows.to_numpy() if is_frame(rows) else rows
    for name, transformer, _ in step.transformers_:
        block = rows[:, step.output_indices_[name]]
        if block.shape[1] and not (isinstance(transformer, str) and transformer == "drop"):
            before[:, columns_of(step)[name]] = cells_of(inverted(transformer, block))
    return narrowed(before)


def keeps_columns(step: Any) -> bool:
    """Tell whether each column that comes out of a step is the one in its place before it."""
    step = _inside(step)
    if _is_nothing(step):
        return True
    if isinstance(step, Pipeline):
        return all(keeps_columns(inner) for _, inner in step.steps)
    if isinstance(step, SimpleImputer):
        return _n_filled(step) == step.n_features_in_ and not step.add_indicator
    if isinstance(step, FunctionTransformer):
        return step.func is None or step.feature_names_out == "one-to-one"
    # It divides each cell by the length of the row.
    return isinstance(step, OneToOneFeatureMixin) and not isinstance(step, Normalizer)


def _inside(step: Any) -> Any:
    """Return what is searched for, or frozen."""
    while True:
        if isinstance(step, FrozenEstimator):
            step = step.estimator
        elif hasattr(step, "best_estimator_"):
            step = step.best_estimator_
        else:
            return step


def _is_nothing(step: Any) -> bool:
    return step is None or (isinstance(step, str) and step == "passthrough")


def _n_filled(step: SimpleImputer) -> int:
    """Return how many columns an imputer returns, without those that tell of gaps."""
    n_told = len(step.indicator_.features_) if step.add_indicator else 0
    return len(step.get_feature_names_out()) - n_told


def _rare_words(step: OneHotEncoder | OrdinalEncoder) -> list[Any]:
    """Return the words of each column that share a code, or ``None``."""
    return getattr(step, "infrequent_categories_", [None] * len(step.categories_))


def _n_codes(step: OneHotEncoder | OrdinalEncoder) -> list[int]:
    return [
        len(words) if rare is None else len(words) - len(rare) + 1
        for words, rare in zip(step.categories_, _rare_words(step), strict=True)
    ]


def _nearest_flags(step: OneHotEncoder, rows: Any) -> NDArray[np.float64]:
    """Return one flag for the likeliest word of each column; of a word that was dropped, none."""
    rows = np.asarray(rows, dtype=np.float64)
    flags, start = np.zeros_like(rows), 0
    for j, n_codes in enumerate(_n_codes(step)):
        is_dropped = step.drop_idx_ is not None and step.drop_idx_[j] is not None
        block = rows[:, start : start + n_codes - is_dropped]
        rest = 1 - block.sum(1, keepdims=True) if is_dropped else block[:, :0]
        best = np.hstack([block, rest]).argmax(1)
        told = best < block.shape[1]
        flags[np.flatnonzero(told), start + best[told]] = 1.0
        start += block.shape[1]
    return flags


def _with_known_words(step: OneHotEncoder | OrdinalEncoder, rows: Any) -> NDArray[Any]:
    """Return rows with a word of the data in place of scikit-learn's name for rare ones."""
    words = np.asarray(rows, dtype=object)
    for j, rare in enumerate(_rare_words(step)):
        if rare is not None:
            words[words[:, j] == "infrequent_sklearn", j] = rare[0]
    return words


def _codes(rows: Any, n_codes: ArrayLike) -> NDArray[np.float64]:
    """Return the codes that are nearest to numbers."""
    return np.rint(np.asarray(rows, dtype=np.float64)).clip(0, np.asarray(n_codes) - 1)
