"""scikit-learn's private names: all others here import them from this file."""

from typing import Any

from sklearn.base import _fit_context as fit_context
from sklearn.compose import ColumnTransformer
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._param_validation import (
    HasMethods,
    StrOptions,
    validate_parameter_constraints,
    validate_params,
)
from sklearn.utils._param_validation import Interval as _Interval
from sklearn.utils.metadata_routing import _raise_for_params as raise_for_params
from sklearn.utils.metaestimators import _BaseComposition as BaseComposition
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

__all__ = [
    "BaseComposition",
    "HasMethods",
    "Interval",
    "StrOptions",
    "check_sample_weight",
    "columns_of",
    "fit_context",
    "raise_for_params",
    "safe_indexing",
    "validate_parameter_constraints",
    "validate_params",
]


class Interval(_Interval):
    """Numbers between two limits, of which True and False are none."""

    def is_satisfied_by(self, val: Any) -> bool:
        """Tell whether a parameter may have a value."""
        return not isinstance(val, bool) and super().is_satisfied_by(val)


def columns_of(transformer: ColumnTransformer) -> dict[str, list[int]]:
    """Return the numbers of the columns that each part gets, whatever they are told by."""
    columns: dict[str, list[int]] = transformer._transformer_to_input_indices
    return columns
