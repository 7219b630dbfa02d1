"""What a detector, or the last step of a pipeline, expects in the cells of rows."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import get_tags

from skvae.inspection._pipelines import before_last, inverted
from skvae.inspection._variants import cells_of, hidden, narrowed, usual_cells, variants

__all__ = ["expected_cells", "reconstructed_cells"]

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
        # A network that hides cells itself reconstructs each from others in one pass.
        hides_cells = getattr(network, "masked_fraction", 0) != 0
        takes_gaps = len(X.shape) == 2 and get_tags(network).input_tags.allow_nan
        if takes_gaps and not hides_cells:
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
    return narrowed(found)


def _reconstructed(steps: list[Any], network: Any, X: Any) -> NDArray[Any]:
    are_bytes = len(X.shape) > 2 and X.dtype.kind in "iu"
    for step in steps:
        X = step.transform(X)
    rows = network.reconstruct(X)
    for step in reversed(steps):
        rows = inverted(step, rows)
    # Bytes are reconstructed from 0 to 1.
    return cells_of(rows) * 255 if are_bytes else cells_of(rows)
