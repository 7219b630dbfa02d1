"""What a detector, or the last step of a pipeline, expects in the cells of rows."""

import warnings
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import get_tags

from skvae.inspection._pipelines import before_last, inverted, transformed
from skvae.inspection._variants import cells_of, hidden, narrowed, usual_cells, variants

__all__ = [
    "NoReconstructionError",
    "expected_cells",
    "reconstructed_cells",
    "reconstructing",
    "whole_or_usual_cells",
]


class NoReconstructionError(ValueError):
    """A detector reconstructs nothing, or there is no way to it, or back, through a pipeline."""


def expected_cells(
    estimator: Any, X: Any, reference: Any, columns: NDArray[np.intp]
) -> NDArray[Any]:
    """Return what each cell of rows should be, given the others, (n_rows, n_cells).

    Only those of ``columns``, of shape (n_rows, n_asked), are asked.

    That is what the detector reconstructs of rows in which the cell is missing, in the units of
    ``X``. Where gaps are refused, it is what is reconstructed of the row as it is. Detectors that
    reconstruct nothing leave the usual values of ``reference``, or of ``X`` itself.
    """
    steps, last = before_last(estimator)
    network = reconstructing(last)
    if network is None:
        known = X if reference is None else reference
        if len(known) < 2:
            raise ValueError(
                f"{type(last).__name__} does not say what it expects in a cell, and what is usual "
                f"cannot be told from {len(known)} row. Pass the training rows as reference."
            )
        return usual_cells(known, len(X))
    # A network that hides cells itself reconstructs each from others in one pass.
    hides_cells = getattr(network, "masked_fraction", 0) != 0
    takes_gaps = len(X.shape) == 2 and get_tags(network).input_tags.allow_nan
    if takes_gaps and not hides_cells:
        # Steps may refuse gaps. Detectors do not.
        with suppress(NoReconstructionError):
            return _hidden_and_reconstructed(steps, network, X, columns)
    return whole_or_usual_cells(estimator, X, reference)


def whole_or_usual_cells(estimator: Any, X: Any, reference: Any) -> NDArray[Any]:
    """Return what a detector reconstructs of rows as they are, or else the usual values.

    Warns
    -----
    UserWarning
        If they are the usual values of ``reference``, since there is no way back.
    """
    try:
        return reconstructed_cells(estimator, X)
    except NoReconstructionError as error:
        if reference is None:
            raise NoReconstructionError(f"{error} Pass the training rows as reference.") from error
        warnings.warn(f"{error} What is usual in reference is expected.", stacklevel=2)
        return usual_cells(reference, len(X))


def reconstructed_cells(estimator: Any, X: Any) -> NDArray[Any]:
    """Return what a detector reconstructs of rows as they are, (n_rows, n_cells).

    Raises
    ------
    ValueError
        If it reconstructs nothing, or there is no way back through the steps before it.
    """
    steps, last = before_last(estimator)
    network = reconstructing(last)
    if network is None:
        raise NoReconstructionError(f"{type(last).__name__} reconstructs nothing.")
    return _reconstructed(steps, network, X)


def reconstructing(detector: Any) -> Any:
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
    # Steps are of any kind, and so are their errors. Those of the network are not caught.
    try:
        X = transformed(steps, X)
    except Exception as error:
        raise NoReconstructionError(
            f"Rows do not pass the steps before the detector: {error}"
        ) from error
    rows = network.reconstruct(X)
    if getattr(X, "dtype", None) == np.uint8 and X.ndim > 2:
        # Bytes are reconstructed from 0 to 1.
        rows = (rows * 255).clip(0, 255)
    try:
        for step in reversed(steps):
            rows = inverted(step, rows)
    except Exception as error:
        raise NoReconstructionError(
            f"What {type(network).__name__} reconstructs has no way back through the steps before "
            f"it: {error}"
        ) from error
    return cells_of(rows)
