"""Rows as arrays or frames that are fit to be used, or scikit-learn's error."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import config_context
from sklearn.utils import get_tags
from sklearn.utils.validation import check_array, validate_data

from skvae.rows.columns import which_hold_words
from skvae.rows.frames import as_array, is_frame
from skvae.rows.images import whole_numbers_as_bytes
from skvae.rows.table import Table
from skvae.rows.training import training_rows

__all__ = ["learn_table", "validate_fitted_rows", "validate_rows", "validate_table"]


def validate_rows(estimator: Any, X: ArrayLike, y: Any = "no_validation", **options: Any) -> Any:
    """Validate rows, and labels if there are any, as scikit-learn does.

    Parameters
    ----------
    estimator : object
        Whose number and names of features the rows must have, or sets.

    X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        The rows.

    y : array-like of shape (n_samples,), optional
        The labels.

    **options : dict
        Further arguments of :func:`sklearn.utils.validation.validate_data`.

    Returns
    -------
    X : ndarray of float64 or float32, or of uint8 with three dimensions or more
        The rows. With ``y`` a pair of rows and labels.
    """
    if isinstance(X, list | tuple) or getattr(X, "ndim", 2) > 2:
        X = np.asarray(X)
    if isinstance(X, np.ndarray):
        X = whole_numbers_as_bytes(X)
        if X.ndim > 2 and 0 in X.shape[1:]:
            raise ValueError(f"X has rows of shape {X.shape[1:]}, which hold nothing.")
    are_bytes = isinstance(X, np.ndarray) and X.dtype == np.uint8 and X.ndim > 2
    dtype: Any = np.uint8 if are_bytes else [np.float64, np.float32]
    # Batches are sliced from numpy arrays, whatever the rows were.
    with config_context(array_api_dispatch=False):
        try:
            return validate_data(estimator, X, y, dtype=dtype, allow_nd=True, **options)
        except TypeError as error:
            if "toarray" not in str(error):
                raise
            # The rows of a pipeline are out of reach.
            hint = "In a pipeline, let encoders return arrays: OneHotEncoder(sparse_output=False)."
            raise TypeError(f"{error} {hint}") from None


def validate_fitted_rows(estimator: Any, X: ArrayLike, row_shape: tuple[int, ...]) -> Any:
    """Validate rows, and that they have the shape of those in ``fit``."""
    # Of images scikit-learn would compare the heights alone.
    are_images = len(row_shape) > 1 or len(getattr(X, "shape", ())) > 2
    rows = X if are_images else validate_rows(estimator, X, reset=False)
    shape = np.shape(rows)[1:]
    if shape != row_shape:
        raise ValueError(
            f"X has rows of shape {shape}, but {type(estimator).__name__} was fitted on rows of "
            f"shape {row_shape}."
        )
    return validate_rows(estimator, X, reset=False) if are_images else rows


def learn_table(
    estimator: Any,
    X: Any,
    categorical_features: Any,
    standardize: Callable[[tuple[int, ...], bool], bool],
    sample_weight: ArrayLike | None = None,
) -> tuple[Any, Table | None, NDArray[np.intp]]:
    """Validate training rows, and learn what their columns are if they have only one axis.

    The order of few rows with few values makes no difference: they are sorted.

    Parameters
    ----------
    estimator : object
        Whose number and names of features the rows set.

    X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        The training rows.

    categorical_features : array-like of {bool, int, str}, 'from_dtype' or None
        Which columns hold words.

    standardize : callable
        Whether to centre and scale numbers, given the shape of a row, and whether the rows
        are those of a frame.

    sample_weight : array-like of shape (n_samples,), default=None
        How often each row comes, see :func:`training_rows`.

    Returns
    -------
    rows : ndarray or Cells
        What networks see: the cells of a table, or rows as they are.

    table : Table or None
        The columns; ``None`` for rows of several axes.

    numbers : ndarray of int
        The numbers that these rows have in ``X``.
    """
    if is_frame(X):
        labels = list(X.columns)
        repeated = [label for label in labels if labels.count(label) > 1]
        if repeated:
            raise ValueError(f"X has several columns with the name {repeated[0]!r}. Rename them.")
    from_dtype = categorical_features is None or isinstance(categorical_features, str)
    rows = _validated(estimator, X, may_hold_words=not from_dtype, reset=True)
    rows, numbers = training_rows(rows, sample_weight, estimator.random_state)
    if sample_weight is not None:
        _check_shape(rows, estimator, ensure_min_samples=2)
    if len(rows.shape) > 2:
        if not from_dtype:
            raise ValueError(
                f"categorical_features={categorical_features!r} are columns of a table, but X has "
                f"rows of shape {rows.shape[1:]}."
            )
        return rows, None, numbers
    names = list(getattr(rows, "columns", _names(rows.shape[1])))
    table = Table(
        rows,
        which_hold_words(rows, categorical_features, [str(name) for name in names]),
        standardize=standardize(rows.shape[1:], is_frame(rows)),
        names=names,
    )
    return _cells(estimator, rows, table), table, numbers


def validate_table(estimator: Any, X: ArrayLike, table: Table) -> Any:
    """Validate rows that have the columns of a fitted table, and return their cells."""
    if len(np.shape(X) if isinstance(X, list | tuple) else getattr(X, "shape", ())) > 2:
        raise ValueError(
            f"X has rows of shape {np.shape(X)[1:]}, but {type(estimator).__name__} was fitted on "
            f"rows of shape ({len(table.names)},)."
        )
    rows = _validated(estimator, X, may_hold_words=len(table.words) > 0, reset=False)
    if is_frame(rows) or rows.dtype.kind == "O":
        table.check(rows)
    return _cells(estimator, rows, table)


def _validated(estimator: Any, X: Any, *, may_hold_words: bool, reset: bool) -> Any:
    """Return a frame, an array of objects, or an array of numbers."""
    if isinstance(X, list | tuple):
        X = as_array(X)
    if may_hold_words and isinstance(X, np.ndarray) and X.dtype.kind in "OUS" and X.ndim == 2:
        X = X.astype(object)
    fewest = 2 if reset else 1
    if is_frame(X) or (may_hold_words and isinstance(X, np.ndarray) and X.dtype.kind == "O"):
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        _check_shape(X, estimator, ensure_min_samples=fewest)
        return X
    takes_gaps = getattr(X, "ndim", 2) == 2 and get_tags(estimator).input_tags.allow_nan
    finite: Any = "allow-nan" if takes_gaps else True
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "mM":
        which_hold_words(X.astype(object), None, _names(X.shape[1]))
    try:
        return validate_rows(
            estimator, X, reset=reset, ensure_min_samples=fewest, ensure_all_finite=finite
        )
    except (TypeError, ValueError) as error:
        is_told = any(word in str(error) for word in ("to float", "'date", "'time"))
        if isinstance(X, np.ndarray) and X.ndim == 2 and is_told:
            # Names the column, if that is why.
            which_hold_words(X.astype(object), None, _names(X.shape[1]))
        raise


def _check_shape(X: Any, estimator: Any, **options: Any) -> None:
    """Raise an error if there are too few rows or columns, whatever they hold."""
    shape = np.broadcast_to(0.0, X.shape)
    check_array(shape, estimator=estimator, ensure_all_finite=False, allow_nd=True, **options)


def _cells(estimator: Any, rows: Any, table: Table) -> Any:
    cells = table.cells(rows)
    if isinstance(rows, np.ndarray) and rows.dtype.kind != "O":
        return cells
    if not get_tags(estimator).input_tags.allow_nan and np.isnan(cells).any():
        name = table.names[np.argmax(np.isnan(cells)[:, table.order].any(0))]
        raise ValueError(
            f"Input X contains NaN, in column {name!r}, which {type(estimator).__name__} does not "
            f"accept with this architecture. Use MLP, or fill the gaps."
        )
    return cells


def _names(n_features: int) -> list[str]:
    return [f"x{j}" for j in range(n_features)]
