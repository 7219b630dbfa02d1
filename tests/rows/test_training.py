"""How often rows count, and in which order they are learned."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from skvae.rows import in_given_order, training_rows


def times(weights, seed=0):
    X = np.arange(2.0 * len(weights)).reshape(-1, 2)
    return np.bincount(training_rows(X, weights, seed)[1], minlength=len(weights))


def test_whole_weights_say_how_often():
    assert_array_equal(times([0, 1, 3, 0, 2]), [0, 1, 3, 0, 2])
    assert_array_equal(times(np.array([1, 2, 3]) * 0.1 * 10), [1, 2, 3])
    rows, numbers = training_rows(np.c_[[5.0, 4, 3]], 2, None)
    assert_array_equal(rows[:, 0], [3, 3, 4, 4, 5, 5])
    assert_array_equal(numbers, [2, 2, 1, 1, 0, 0])


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e307])
def test_other_weights_are_rounded_up_or_down_and_right_on_average(rng, scale):
    weights = rng.exponential(size=40)
    expected = weights / weights.mean()
    all_times = np.array([times(weights * scale, seed) for seed in range(500)])
    assert (all_times.sum(axis=1) == 40).all()
    assert (abs(all_times - expected) < 1).all()
    # Of 40 shares none is beyond four standard errors, but once in 400 times.
    assert (abs(all_times.mean(axis=0) - expected) < 4 * 0.5 / np.sqrt(500)).all()


def test_large_weights_leave_the_table_its_size():
    assert times([1000, 1000, 2000, 0]).tolist() == [1, 1, 2, 0]
    assert times([10.0] * 4).tolist() == [10] * 4
    assert times([11.0] * 4).tolist() == [1] * 4
    assert times([1e308] * 4).tolist() == [1] * 4


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, -1, 1], "sample_weight holds -1.0"),
        ([1, np.nan, 1], "NaN"),
        ([1, 1], "sample_weight.shape"),
        ([0, 0, 0], "at least one non-zero number"),
    ],
)
def test_weights_that_are_none(weights, message):
    with pytest.raises(ValueError, match=message):
        training_rows(np.zeros((3, 1)), weights, None)


@pytest.mark.parametrize("shape", [(100, 4), (100, 2, 2)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.uint8])
@pytest.mark.parametrize("weighs", [False, True])
def test_the_order_of_few_rows_makes_no_difference(rng, shape, dtype, weighs):
    X = rng.randint(3, size=shape).astype(dtype)
    order = rng.permutation(100)
    weights = rng.exponential(size=100) if weighs else None
    rows, numbers = training_rows(X, weights, 0)
    shuffled, there = training_rows(X[order], weights if weights is None else weights[order], 0)
    assert_array_equal(shuffled, rows)
    assert_array_equal(X[order][there], X[numbers])


def test_rows_are_sorted_by_the_first_value_and_then_by_the_next():
    X = np.array([[1, 2], [0, 5], [1, np.nan], [1, 0], [np.nan, 0], [-0.0, 4]])
    assert_array_equal(training_rows(X, None, None)[1], [5, 1, 3, 0, 2, 4])
    equal = np.zeros((4, 1))
    labels = np.array([True, False, True, False])
    assert_array_equal(training_rows(equal, None, None, labels)[1], [1, 3, 0, 2])


def test_frames_are_sorted_as_arrays_are(rng):
    X = rng.randint(-20, 20, size=(60, 3)).astype(float)
    expected = training_rows(X, None, None)[1]
    assert_array_equal(training_rows(pd.DataFrame(X), None, None)[1], expected)
    assert_array_equal(training_rows(pl.DataFrame(X), None, None)[1], expected)
    assert_array_equal(training_rows(X.astype(object), None, None)[1], expected)
    words = {"a": ["b", None, "a"], "b": [1, 2, 3]}
    for frame in (pd.DataFrame(words), pl.DataFrame(words)):
        assert_array_equal(training_rows(frame, None, None)[1], [2, 0, 1])


def test_many_rows_wide_ones_and_streams_keep_their_order(rng):
    for X in (rng.normal(size=(5001, 2)), rng.normal(size=(10, 201))):
        rows, numbers = training_rows(X, None, None)
        assert rows is X
        assert_array_equal(numbers, np.arange(len(X)))
    X = np.c_[[3.0, 1.0, 2.0]]
    with in_given_order():
        assert training_rows(X, None, None)[0] is X
        assert_array_equal(training_rows(X, [2, 0, 1], None)[1], [0, 0, 2])
    assert_array_equal(training_rows(X, None, None)[1], [1, 2, 0])
