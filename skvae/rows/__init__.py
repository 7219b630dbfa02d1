"""Rows: arrays and frames come in, float32 batches go out."""

from skvae.rows.batches import Batches, are_all_equal, float32_rows, largest_value, subset
from skvae.rows.frames import as_array, is_frame
from skvae.rows.held_out import FEW_ROWS, folds, held_out_rows, n_held_out
from skvae.rows.images import unit_floats, whole_numbers_as_bytes
from skvae.rows.stream import Remembered
from skvae.rows.table import Cells, Table
from skvae.rows.training import WIDEST_TABLE, in_given_order, training_rows
from skvae.rows.validation import (
    learn_table,
    validate_fitted_rows,
    validate_rows,
    validate_table,
)

__all__ = [
    "FEW_ROWS",
    "WIDEST_TABLE",
    "Batches",
    "Cells",
    "Remembered",
    "Table",
    "are_all_equal",
    "as_array",
    "float32_rows",
    "folds",
    "held_out_rows",
    "in_given_order",
    "is_frame",
    "largest_value",
    "learn_table",
    "n_held_out",
    "subset",
    "training_rows",
    "unit_floats",
    "validate_fitted_rows",
    "validate_rows",
    "validate_table",
    "whole_numbers_as_bytes",
]
