"""What the columns of pandas and polars frames hold."""

import datetime
from importlib import import_module
from numbers import Number
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from skvae._sklearn import safe_indexing

__all__ = ["Kind", "is_frame", "kind_of", "library_of", "new_frame", "numbers_in", "words_in"]

Kind: TypeAlias = Literal["numbers", "words", "dates"]

LIBRARIES = ("pandas", "polars")
DATES = (datetime.date, datetime.time, datetime.timedelta, np.datetime64, np.timedelta64)
WORDS = (str, bytes, bool, np.bool_)


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
    if name.startswith(("categor", "enum")):
        return "words"
    if name.startswith(("period", "interval", "date", "time", "duration")):
        return "dates"
    # The types of polars have no kind.
    kind = getattr(column.dtype, "kind", None) or column.to_numpy().dtype.kind
    if kind == "O":
        values = [value for value in np.asarray(column, dtype=object) if not is_missing(value)]
        if any(isinstance(value, DATES) for value in values):
            return "dates"
        numeric = all(isinstance(v, Number) and not isinstance(v, WORDS) for v in values)
        return "numbers" if numeric else "words"
    return "dates" if kind in "mM" else "numbers" if kind in "iuf" else "words"


def is_missing(value: Any) -> bool:
    """Tell whether a cell has no value: ``None``, NaN, or pandas' NA."""
    return value is None or type(value).__name__ in ("NAType", "NaTType") or value != value


def numbers_in(column: Any) -> NDArray[np.float64]:
    """Return the numbers of a column, NaN where there is none."""
    values = column.to_numpy() if hasattr(column, "to_numpy") else column
    if values.dtype.kind == "O":
        values = [np.nan if is_missing(value) else value for value in values]
    return np.asarray(values, dtype=np.float64)


def words_in(column: Any) -> NDArray[Any]:
    """Return the words of a column as objects, NaN where there is none."""
    words = np.array(column, dtype=object)
    words[[is_missing(word) for word in words]] = np.nan
    return words


def new_frame(library: str, columns: dict[str, NDArray[Any]], like: Any = None) -> Any:
    """Return columns as a frame, with the types of words and the index of another one."""
    values = {
        name: list(column) if column.dtype == object else column for name, column in columns.items()
    }
    frame = import_module(library).DataFrame(values)
    if library == "pandas" and like is not None:
        frame.index = like.index
        for name, column in columns.items():
            if column.dtype == object and not any(map(is_missing, column)):
                frame[name] = frame[name].astype(like[name].dtype)
    return frame
