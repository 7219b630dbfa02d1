"""What a detector, or the last step of a pipeline, expects in the cells of rows."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from skvae.inspection._variants import cells_of, hidden, usual_cells, variants
from skvae.rows.frames import is_frame

__all__ = ["before_last", "expected_cells", "reconstructed_cells"]

REFUSALS = (AttributeError, TypeError, ValueError)


def expected_cells(
    estimator: Any, X: Any, reference: Any, columns: NDArray[np.intp]
) -> NDArray[Any]:
    """Return what each cell of rows should be, given the others, (n_rows, n_cells).

    Only those of ``columns``, of shape (n_rows, n_asked), are asked.

    That is what the detector reconstructs of rows in which the cell is missing, in the units of
    ``X``. Detectors that refuse gaps reconstruct the row as it is. Those that reconstruct nothing
    leave the usual values, as with ``reference``: those of its columns, or else of ``X``.
    """
    steps, last = before_last(estimator)
    network = _reconstructing(last)
    if reference is None and network is not None:
        ways = [partial(_reconstructed, steps, network, X)]
        if len(X.shape) == 2 and get_tags(network).input_tags.allow_nan:
            ways.insert(0, partial(_hidden_and_reconstructed, steps, network, X, columns))
        for way in ways:
            try:
                return way()
            except REFUSALS:
                # Steps may refuse gaps, or have no way back. Detectors do neither.
                if not steps:
                    raise
    known = X if reference is None else reference
    if len(known) < 2:
        raise ValueError(
            f"{type(last).__name__} does not say what it expects in a cell, and the usual value "
            f"of a column cannot be told from {len(known)} row. Pass the training rows as "
            "reference."
        )
    return usual_cells(known, len(X))


def reconstructed_cells(estimator: Any, X: Any) -> NDArray[Any]:
    """Return what a detector reconstructs of rows as they are, (n_rows, n_cells)."""
    steps, last = before_last(estimator)
    return _reconstructed(steps, _reconstructing(last), X)


def before_last(estimator: Any) -> tuple[list[Any], Any]:
    """Return the transformers before a detector, and the detector."""
    steps: list[Any] = []
    while isinstance(estimator, Pipeline):
        steps += [step for _, step in estimator.steps[:-1] if step not in (None, "passthrough")]
        estimator = estimator[-1]
    return steps, estimator


def _reconstructing(detector: Any) -> Any:
    """Return the detector, or the first of those within it, that reconstructs rows."""
    experts = getattr(detector, "estimators_", [])
    for each in (detector, getattr(detector, "detector_", None), *experts):
        if hasattr(each, "reconstruct"):
            return each
    return None


def _hidden_and_reconstructed(
    steps: list[Any], network: Any, X: Any, columns: NDArray[np.intp]
) -> NDArray[Any]:
    found = cells_of(X).astype(object)
    rows = np.arange(len(X))
    for some, many in variants(X, hidden(X), columns):
        cells = _reconstructed(steps, network, many).reshape(-1, *found.shape)
        for asked, part in zip(columns[:, some].T, cells, strict=True):
            found[rows, asked] = part[rows, asked]
    return _narrowed(found)


def _reconstructed(steps: list[Any], network: Any, X: Any) -> NDArray[Any]:
    are_bytes = len(X.shape) > 2 and X.dtype.kind in "iu"
    for step in steps:
        X = step.transform(X)
    rows = network.reconstruct(X)
    for step in reversed(steps):
        rows = _inverted(step, rows)
    # Bytes are reconstructed from 0 to 1.
    return cells_of(rows) * 255 if are_bytes else cells_of(rows)


def _inverted(step: Any, rows: Any) -> Any:
    """Return rows as they were before a step, where a :class:`ColumnTransformer` too."""
    if isinstance(step, Pipeline):
        for _, inner in reversed(step.steps):
            rows = _inverted(inner, rows)
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
            before[:, _positions(step, columns)] = cells_of(_inverted(transformer, block))
    return _narrowed(before)


def _positions(step: ColumnTransformer, columns: Any) -> NDArray[np.intp]:
    """Return the numbers of columns, whatever they are told by."""
    if isinstance(columns, str):
        columns = [columns]
    if not isinstance(columns, slice) and all(isinstance(name, str) for name in columns):
        names = list(step.feature_names_in_)
        return np.array([names.index(name) for name in columns], dtype=np.intp)
    return np.atleast_1d(np.arange(step.n_features_in_)[columns])


def _narrowed(cells: NDArray[Any]) -> NDArray[Any]:
    """Return objects that are all numbers as float64."""
    are_numbers = all(isinstance(value, float | np.floating) for value in cells.ravel())
    return cells.astype(np.float64) if are_numbers else cells
