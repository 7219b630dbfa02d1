"""What the columns of pandas and polars frames hold."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from importlib import import_module
from numbers import Real
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from skvae._sklearn import safe_indexing

__all__ = [
    "Kind",
    "as_array",
    "as_objects",
    "is_frame",
    "is_missing",
    "kind_of",
    "library_of",
    "new_frame",
    "numbers_in",
    "with_column",
    "words_in",
]

Kind: TypeAlias = Literal["numbers", "words", "dates", "neither"]

LIBRARIES = ("pandas", "polars")
DATES = (datetime.date, datetime.time, datetime.timedelta, np.datetime64, np.timedelta64)
WORDS = (str, bytes, bool, np.bool_)
NUMBERS = (Real, Decimal)


def is_frame(X: Any) -> bool:
    """Tell whether an object is a pandas or a polars frame."""
    return library_of(X) is not None


def library_of(X: Any) -> str | None:
    """Return the name of the library of a frame."""
    for each in type(X).__mro__:
        library = each.__module__.partition(".")[0]
        if each.__name__ == "DataFrame" and library in LIBRARIES:
            return library
    return None


def kind_of(X: Any, j: int) -> Kind:
    """Return what column ``j`` of a frame, or of an array of objects, holds."""
    column = safe_indexing(X, j, axis=1)
    name = str(column.dtype).lower()
    # Older versions of polars make numbers of flags with gaps.
    if name.startswith(("bool", "categor", "enum")):
        return "words"
    if name.startswith(("period", "date", "time", "duration")):
        return "dates"
    if name.startswith("interval"):
        return "neither"
    # The types of polars have no kind.
    kind = getattr(column.dtype, "kind", None) or column.to_numpy().dtype.kind
    if kind == "O":
        values = [value for value in as_objects(column) if not is_missing(value)]
        if any(isinstance(value, DATES) for value in values):
            return "dates"
        if not all(isinstance(value, (*WORDS, *NUMBERS)) for value in values):
            return "neither"
        return "words" if any(isinstance(value, WORDS) for value in values) else "numbers"
    if kind in "iuf":
        return "numbers"
    return "dates" if kind in "mM" else "neither" if kind == "c" else "words"


def as_array(X: Any) -> NDArray[Any]:
    """Return lists, or what else there is, as an array, of objects if they hold words."""
    array = np.asarray(X)
    return np.asarray(X, dtype=object) if array.dtype.kind in "US" else array


def as_objects(column: Any) -> NDArray[Any]:
    """Return the values of a column as objects, also if they are lists."""
    values = column.to_list() if hasattr(column, "to_list") else column
    return np.fromiter(values, dtype=object, count=len(values))


def is_missing(value: Any) -> bool:
    """Tell whether a cell has no value: ``None``, NaN, or pandas' NA."""
    if isinstance(value, Real):
        return value != value
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def numbers_in(column: Any) -> NDArray[np.float64]:
    """Return the numbers of a column, NaN where there is none."""
    values = column.to_numpy() if hasattr(column, "to_numpy") else column
    if values.dtype.kind == "O":
        values = [np.nan if is_missing(value) else value for value in values]
    return np.asarray(values, dtype=np.float64)


def words_in(column: Any) -> NDArray[Any]:
    """Return the words of a column as objects, NaN where there is none."""
    words = as_objects(column)
    words[[is_missing(word) for word in words]] = np.nan
    return words


def new_frame(
    library: str, names: Sequence[Any], columns: Sequence[NDArray[Any]], like: Any = None
) -> Any:
    """Return columns as a frame, with the index and the types of words of another one."""
    values = [column.tolist() if column.dtype == object else column for column in columns]
    # By number, since names may be anything.
    frame = import_module(library).DataFrame({str(j): value for j, value in enumerate(values)})
    if library == "pandas" and like is not None:
        frame.index = like.index
        for j, column in enumerate(columns):
            dtype = like.dtypes.iloc[j]
            if column.dtype == object and _can_hold(dtype, column):
                frame[str(j)] = frame[str(j)].astype(dtype)
    frame.columns = list(names)
    return frame


def with_column(frame: Any, j: int, values: NDArray[Any]) -> Any:
    """Return a frame with other values in column ``j``, of the same type if it can hold them."""
    are_words = values.dtype == object
    missing = np.array([are_words and is_missing(value) for value in values], dtype=bool)
    known = values.copy()
    if are_words:
        known[missing] = None
    library = import_module(str(library_of(frame)))
    if library.__name__ == "polars":
        column = library.Series(frame.columns[j], known.tolist())
        cast = column.cast(frame.dtypes[j], strict=False) if are_words else column
        # An enumeration may not have the word.
        keeps_dtype = cast.null_count() == column.null_count()
        return frame.with_columns(cast if keeps_dtype else column)
    dtype = frame.dtypes.iloc[j]
    keeps_dtype = _can_hold(dtype, known[~missing]) and not (dtype.kind == "b" and missing.any())
    column = library.Series(known, index=frame.index)
    frame = frame.copy(deep=False)
    frame.isetitem(j, column.astype(dtype) if are_words and keeps_dtype else column)
    return frame


def _can_hold(dtype: Any, words: NDArray[Any]) -> bool:
    if any(map(is_missing, words)):
        return False
    if hasattr(dtype, "categories"):
        return set(words) <= set(dtype.categories)
    return dtype.kind == "O" or all(isinstance(word, (bool, np.bool_)) for word in words)
