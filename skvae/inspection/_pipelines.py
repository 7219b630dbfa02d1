"""The way of rows through a pipeline, and back."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import OneToOneFeatureMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, OrdinalEncoder

from skvae.inspection._variants import cells_of, narrowed
from skvae.rows.frames import is_frame

__all__ = ["before_last", "inverted", "keeps_columns", "offset_of", "transformed"]


def before_last(estimator: Any) -> tuple[list[Any], Any]:
    """Return the transformers before a detector, and the detector."""
    steps: list[Any] = []
    while isinstance(estimator, Pipeline):
        steps += [step for _, step in estimator.steps[:-1] if step not in (None, "passthrough")]
        estimator = estimator[-1]
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
    if isinstance(step, Pipeline):
        for _, inner in reversed(step.steps):
            rows = inverted(inner, rows)
        return rows
    if step is None or (isinstance(step, str) and step == "passthrough"):
        return rows
    if isinstance(step, SimpleImputer) and keeps_columns(step):
        return rows
    if isinstance(step, FunctionTransformer) and step.func and not step.inverse_func:
        raise ValueError(f"{step} has no inverse_func.")
    if isinstance(step, OrdinalEncoder):
        rows = _codes(rows, [len(words) for words in step.categories_])
    if isinstance(step, KBinsDiscretizer) and step.encode == "ordinal":
        rows = _codes(rows, step.n_bins_)
    if not isinstance(step, ColumnTransformer):
        return step.inverse_transform(rows)
    before = np.full((len(rows), step.n_features_in_), np.nan, dtype=object)
    rows = rows.to_numpy() if is_frame(rows) else rows
    # The numbers of columns, whatever they are told by.
    columns_of = step._transformer_to_input_indices
    for name, transformer, _ in step.transformers_:
        block = rows[:, step.output_indices_[name]]
        if block.shape[1] and not (isinstance(transformer, str) and transformer == "drop"):
            before[:, columns_of[name]] = cells_of(inverted(transformer, block))
    return narrowed(before)


def keeps_columns(step: Any) -> bool:
    """Tell whether each column that comes out of a step is the one in its place before it."""
    if isinstance(step, Pipeline):
        return all(keeps_columns(inner) for _, inner in step.steps)
    if isinstance(step, SimpleImputer):
        return len(step.get_feature_names_out()) == step.n_features_in_ and not step.add_indicator
    if isinstance(step, FunctionTransformer):
        return step.func is None or step.feature_names_out == "one-to-one"
    return isinstance(step, OneToOneFeatureMixin)


def _codes(rows: Any, n_codes: ArrayLike) -> NDArray[np.float64]:
    """Return the codes that are nearest to numbers."""
    return np.rint(np.asarray(rows, dtype=np.float64)).clip(0, np.asarray(n_codes) - 1)
