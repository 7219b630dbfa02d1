"""Which columns of a table hold words."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skvae.rows.frames import is_frame, kind_of

__all__ = ["check_kinds", "which_hold_words"]


def which_hold_words(X: Any, categorical_features: Any, names: list[str]) -> NDArray[np.bool_]:
    """Return a mask of the columns that hold words, as ``categorical_features`` tells.

    Raises
    ------
    ValueError
        If ``categorical_features`` does not fit the columns, or a column holds what is neither
        number nor word.
    """
    n_features = X.shape[1]
    has_types = is_frame(X) or X.dtype.kind == "O"
    kinds = np.array([kind_of(X, j) if has_types else "numbers" for j in range(n_features)])
    check_kinds(kinds, names)
    if isinstance(categorical_features, str) and categorical_features == "from_dtype":
        chosen: NDArray[np.bool_] = (kinds == "words") & is_frame(X)
    else:
        chosen = _chosen(X, categorical_features)
    if (missed := (kinds == "words") & ~chosen).any():
        j = int(np.argmax(missed))
        remedy = (
            "Name all columns of words in categorical_features, or use 'from_dtype'."
            if is_frame(X)
            else "Name it in categorical_features, or pass a pandas or polars frame."
        )
        raise ValueError(f"Column {names[j]!r} holds words. {remedy}")
    return chosen


def check_kinds(kinds: NDArray[Any], names: list[str]) -> None:
    """Raise an error if a column holds what is neither number nor word."""
    if (kinds == "dates").any():
        name = names[np.argmax(kinds == "dates")]
        raise ValueError(
            f"Column {name!r} holds dates or times, which have no distribution here. Make numbers "
            "of what matters, such as the hour or the days since a beginning, or drop the column."
        )
    if (kinds == "neither").any():
        name = names[np.argmax(kinds == "neither")]
        raise ValueError(f"Column {name!r} holds values that are neither numbers nor words.")


def _chosen(X: Any, categorical_features: Any) -> NDArray[np.bool_]:
    n_features = X.shape[1]
    chosen = np.zeros(n_features, dtype=bool)
    if categorical_features is None:
        return chosen
    features = np.array(np.asarray(categorical_features).tolist())
    types = {type(feature) for feature in features.ravel().tolist()}
    if features.size == 0:
        return chosen
    if len(types) > 1 or not types <= {bool, int, str}:
        found = ", ".join(sorted(each.__name__ for each in types))
        raise ValueError(
            f"categorical_features must be an array-like of bool, int or str, got: {found}."
        )
    if types == {str}:
        if not is_frame(X):
            raise ValueError(
                "categorical_features should be passed as an array of integers or as a boolean "
                "mask when the model is fitted on data without feature names."
            )
        known = list(X.columns)
        for feature in features.ravel().tolist():
            if feature not in known:
                raise ValueError(
                    f"categorical_features has an item value {feature!r} which is not a valid "
                    f"feature name of the training data. Observed feature names: {known}"
                )
            chosen[known.index(feature)] = True
    elif types == {bool}:
        if features.shape != (n_features,):
            raise ValueError(
                "categorical_features set as a boolean mask must have shape (n_features,), got: "
                f"{features.shape}"
            )
        chosen |= features
    else:
        if features.min() < 0 or features.max() >= n_features:
            raise ValueError(
                "categorical_features set as integer indices must be in [0, n_features - 1]"
            )
        chosen[features] = True
    return chosen
