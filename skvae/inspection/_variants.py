"""Copies of rows, each with one cell replaced."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array, gen_batches

from skvae._sklearn import safe_indexing
from skvae.rows import whole_numbers_as_bytes
from skvae.rows.frames import (
    as_objects,
    is_frame,
    is_missing,
    kind_of,
    library_of,
    numbers_in,
    with_column,
)

__all__ = [
    "all_columns",
    "as_reference",
    "as_rows",
    "cells_of",
    "hidden",
    "is_number",
    "names_of",
    "narrowed",
    "replaced",
    "scores_of_variants",
    "usual_cells",
    "variants",
]

# So many rows have few calls to share, and still fit in a cache.
ROWS_IN_PASS = 2**14


def as_rows(X: Any) -> Any:
    """Return rows as a frame or an array, whose columns of numbers can hold any number."""
    if is_frame(X):
        return X
    rows = check_array(
        X, dtype=None, allow_nd=True, ensure_all_finite=False, ensure_min_samples=0, input_name="X"
    )
    if rows.dtype.kind in "US":
        rows = np.asarray(X, dtype=object)
    rows = whole_numbers_as_bytes(rows)
    return rows.astype(np.float64) if rows.ndim == 2 and rows.dtype.kind in "iub" else rows


def as_reference(reference: Any, X: Any, name: str = "reference") -> Any:
    """Return rows to learn usual values from, which must have the columns of others."""
    rows = as_rows(reference)
    if names_of(rows) != names_of(X) or library_of(rows) != library_of(X):
        of_rows, of_X = ([*map(str, names_of(each)[:5])] for each in (rows, X))
        raise ValueError(
            f"{name} must have the columns of X, which has rows of shape {X.shape[1:]} with the "
            f"columns {of_X}..., and be of its type, but it has rows of shape {rows.shape[1:]} "
            f"with the columns {of_rows}..."
        )
    return rows


def names_of(X: Any) -> list[Any]:
    """Return the names of the cells of a row, as scikit-learn names columns of arrays."""
    if is_frame(X):
        return list(X.columns)
    if X.ndim == 2:
        return [f"x{j}" for j in range(X.shape[1])]
    return [f"x{list(map(int, index))}" for index in np.ndindex(X.shape[1:])]


def cells_of(X: Any) -> NDArray[Any]:
    """Return the cells of rows as (n_rows, n_cells), of float64, or of objects with words."""
    if not is_frame(X):
        cells = X.reshape(len(X), math.prod(X.shape[1:]))
        return cells if cells.dtype.kind == "O" else cells.astype(np.float64)
    columns = [_column(X, j) for j in range(X.shape[1])]
    return np.column_stack(columns)


def hidden(X: Any) -> NDArray[Any]:
    """Return cells without a value, in the shape of those of rows."""
    return np.full((len(X), math.prod(X.shape[1:])), np.nan)


def usual_cells(reference: Any, n_rows: int) -> NDArray[Any]:
    """Return the lower median of each column of numbers, and the most frequent word of others."""
    usual = [_usual(column) for column in cells_of(reference).T]
    dtype = float if all(isinstance(value, float) for value in usual) else object
    return np.tile(np.array(usual, dtype=dtype), (n_rows, 1))


def replaced(X: Any, where: NDArray[np.bool_], values: NDArray[Any]) -> Any:
    """Return rows with other values in some cells, both of shape (n_rows, n_cells)."""
    if not is_frame(X):
        cells = X.reshape(len(X), -1).copy()
        cells[where] = _as_bytes(values[where]) if cells.dtype == np.uint8 else values[where]
        return cells.reshape(X.shape)
    for j in np.flatnonzero(where.any(0)):
        column, others = _column(X, int(j)), values[where[:, j], j]
        # A column of words without any word looks like numbers.
        if not all(map(is_number, others)):
            column = column.astype(object)
        column[where[:, j]] = others
        X = with_column(X, int(j), column)
    return X


def all_columns(X: Any) -> NDArray[np.intp]:
    """Return the number of each cell of rows, (n_rows, n_cells)."""
    n_cells = math.prod(X.shape[1:])
    return np.tile(np.arange(n_cells), (len(X), 1))


def variants(
    X: Any, values: NDArray[Any], columns: NDArray[np.intp]
) -> Iterator[tuple[slice, Any]]:
    """Yield some of the variants of rows, one variant after another, and which they are.

    Variant ``k`` of row ``i`` has another value in the cell ``columns[i, k]``: the one of
    ``values``, of shape (n_rows, n_cells).
    """
    n_rows, n_variants = columns.shape
    rows = np.arange(n_rows)
    for some in gen_batches(n_variants, max(1, ROWS_IN_PASS // n_rows)):
        size = some.stop - some.start
        where = np.zeros((size, *values.shape), dtype=bool)
        where[np.arange(size)[:, None], rows, columns[:, some].T] = True
        many = safe_indexing(X, np.tile(rows, size))
        yield some, replaced(many, where.reshape(-1, values.shape[1]), np.tile(values, (size, 1)))


def scores_of_variants(
    score: Callable[[Any], NDArray[np.float64]],
    X: Any,
    values: NDArray[Any],
    columns: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Return what each row would score if one of its cells were replaced, as ``columns``."""
    scores = np.empty(columns.shape)
    for some, many in variants(X, values, columns):
        scores[:, some] = np.reshape(score(many), (-1, len(X))).T
    return scores


def _column(X: Any, j: int) -> NDArray[Any]:
    column = safe_indexing(X, j, axis=1)
    if kind_of(X, j) == "numbers":
        return np.array(numbers_in(column))
    return as_objects(column)


def _usual(column: NDArray[Any]) -> Any:
    values = [value for value in column if not is_missing(value)]
    if not values:
        return np.nan
    if all(map(is_number, values)):
        # One that occurs, since numbers may be codes.
        return float(np.percentile(np.array(values, dtype=np.float64), 50, method="lower"))
    counts = Counter(values)
    return min(counts, key=lambda word: (-counts[word], str(word)))


def is_number(value: Any) -> bool:
    """Tell numbers from words and flags."""
    return isinstance(value, Real) and not isinstance(value, bool)


def _as_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    return np.rint(values).clip(0, 255).astype(np.uint8)


def narrowed(cells: NDArray[Any]) -> NDArray[Any]:
    """Return objects that are all numbers as float64."""
    are_numbers = all(isinstance(value, float | np.floating) for value in cells.ravel())
    return cells.astype(np.float64) if are_numbers else cells
