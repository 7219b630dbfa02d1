"""Columns of a table, and the cells that networks see of its rows."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skvae.rows import Cells, Table


def learned(X, is_word=None, standardize=True):
    n_features = X.shape[1]
    is_word = np.zeros(n_features, dtype=bool) if is_word is None else np.array(is_word)
    names = getattr(X, "columns", [f"x{j}" for j in range(n_features)])
    return Table(X, is_word, standardize=standardize, names=names)


def test_numbers_are_centred_and_scaled_and_come_back(rng):
    X = rng.normal([1e9, 0.0, 5.0], [1e3, 1e-9, 2.0], (500, 3))
    table = learned(X)
    cells = table.cells(X)
    assert isinstance(cells, Cells)
    assert cells[:].dtype == np.float32
    assert_allclose(cells[:].mean(axis=0), 0, atol=1e-5)
    assert_allclose(cells[:].std(axis=0), 1, atol=1e-5)
    assert_allclose(table.values(cells[:]), X, rtol=1e-5, atol=1e-14)
    assert_array_equal(cells[np.array([[3, 4], [5, 6]])], cells[3:7].reshape(2, 2, 3))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_is_standardised_already_is_the_very_array(rng, order, dtype):
    X = rng.exponential(size=(300, 4))
    X = np.asarray((X - X.mean(axis=0)) / X.std(axis=0), dtype=dtype, order=order)
    assert learned(X).cells(X) is X


def test_constant_and_empty_columns_are_safe(rng):
    X = np.c_[rng.normal(size=50), np.full(50, 7.0), np.full(50, np.nan)]
    table = learned(X)
    assert table.has_gaps
    cells = table.cells(np.array([[0.0, 7.0, 3.0], [0.0, 8.0, np.nan]]))[:]
    assert_array_equal(cells[:, 1], [0, 1])
    assert np.isnan(cells[:, 2]).all()


def test_a_column_that_begins_with_a_long_gap_is_learned(rng, monkeypatch):
    monkeypatch.setattr("skvae.rows.table.VALUES_AT_ONCE", 200)
    X = rng.normal(3, 2, size=(1200, 2))
    X[:1100, 1] = np.nan
    table = learned(X)
    assert_allclose(table.mean, np.nanmean(X, axis=0))
    assert_allclose(table.scale, np.nanstd(X, axis=0))


def test_words_are_coded_by_frequency_of_their_columns_and_rare_ones_share_a_code():
    frame = pd.DataFrame(
        {
            "many": list("aabbccdde"),
            "number": np.arange(9.0),
            "few": ["x", "y", None, "x", "y", "x", "y", "x", "z"],
        }
    )
    table = learned(frame, [True, False, True])
    assert table.n_categories == (3, 5)
    assert_array_equal(table.order, [2, 0, 1])
    cells = table.cells(frame)
    assert_array_equal(cells[:, 1], [0, 1, np.nan, 0, 1, 0, 1, 0, 2])
    assert_array_equal(cells[:, 2], [0, 0, 1, 1, 2, 2, 3, 3, 4])
    new = pd.DataFrame({"many": ["q", "a"], "number": [1.0, 2.0], "few": ["y", "q"]})
    assert_array_equal(table.cells(new)[:, 1:], [[1, 4], [2, 0]])
    back = table.values(cells, frame)
    assert_array_equal(back["many"][:8], frame["many"][:8])
    assert_allclose(back["number"], frame["number"], atol=1e-6)


def test_far_values_are_bent_and_come_back(rng):
    X = np.exp(rng.normal(size=(5000, 2)))
    X[:2, 0] = 1e7
    table = learned(X)
    cells = table.cells(X)[:]
    assert np.std(cells[2:, 0]) > 0.5
    assert_allclose(table.values(cells), X, rtol=1e-4, atol=1e-4)
    assert_allclose(learned(1000 * X).cells(1000 * X)[:], cells, rtol=1e-4, atol=1e-4)
    assert_allclose(cells[:, 1], (X[:, 1] - X[:, 1].mean()) / X[:, 1].std(), rtol=1e-4, atol=1e-5)


# The variance becomes infinite or NaN, or the mean does.
@pytest.mark.parametrize(
    "values", [np.resize([1e200, -1e200], 300), 1e200 * np.arange(300), np.full(300, 1e308)]
)
def test_values_that_cannot_be_squared_name_their_column(values):
    X = np.c_[np.arange(300.0), values]
    with pytest.raises(ValueError, match="column 'x1' are too large to be squared"):
        learned(X)


def test_whole_numbers_that_no_float_holds_name_their_column():
    X = pd.DataFrame({"a": [1.0, 2.0], "b": np.array([1, 10**400], dtype=object)})
    with pytest.raises(ValueError, match="Column 'b' holds no numbers"):
        learned(X)
