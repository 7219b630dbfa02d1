"""The way of rows through a pipeline, and back."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from skvae.inspection._variants import cells_of, narrowed
from skvae.rows.frames import is_frame

__all__ = ["before_last", "inverted"]


def before_last(estimator: Any) -> tuple[list[Any], Any]:
    """Return the transformers before a detector, and the detector."""
    steps: list[Any] = []
    while isinstance(estimator, Pipeline):
        steps += [step for _, step in estimator.steps[:-1] if step not in (None, "passthrough")]
        estimator = estimator[-1]
    return steps, estimator


def inverted(step: Any, rows: Any) -> Any:
    """Return rows as they were before a step, where a :class:`ColumnTransformer` too."""
    if isinstance(step, Pipeline):
        for _, inner in reversed(step.steps):
            rows = inverted(inner, rows)
        return rows
    if step is None or (isinstance(step, str) and step == "passthrough"):
        return rows
    if not isinstance(step, ColumnTransformer):
        return step.inverse_transform(rows)
    before = np.full((len(rows), step.n_features_in_), np.nan, dtype=object)
    rows = rows.to_numpy() if is_frame(rows) else rows
    for name, transformer, columns in step.transformers_:
        block = rows[:, step.output_indices_[name]]
        if block.shape[1] and not (isinstance(transformer, str) and transformer == "drop"):
            before[:, _positions(step, columns)] = cells_of(inverted(transformer, block))
    return narrowed(before)


def _positions(step: ColumnTransformer, columns: Any) -> NDArray[np.intp]:
    """Return the numbers of columns, whatever they are told by."""
    if isinstance(columns, str):
        columns = [columns]
    if not isinstance(columns, slice) and all(isinstance(name, str) for name in columns):
        names = list(step.feature_names_in_)
        return np.array([names.index(name) for name in columns], dtype=np.intp)
    return np.atleast_1d(np.arange(step.n_features_in_)[columns])
