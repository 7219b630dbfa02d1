"""Rows: arrays and frames come in, float32 batches go out."""

from skvae.rows.batches import Batches, float32_rows, subset
from skvae.rows.held_out import FEW_ROWS, folds, held_out_rows, n_held_out
from skvae.rows.images import unit_floats, whole_numbers_as_bytes
from skvae.rows.validation import validate_fitted_rows, validate_rows

__all__ = [
    "FEW_ROWS",
    "Batches",
    "float32_rows",
    "folds",
    "held_out_rows",
    "n_held_out",
    "subset",
    "unit_floats",
    "validate_fitted_rows",
    "validate_rows",
    "whole_numbers_as_bytes",
]
