"""How often rows count."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skvae.rows import in_order, rows_by_weight


def times(weights, seed=0):
    X = np.zeros((len(weights), 2))
    return np.bincount(rows_by_weight(X, weights, seed), minlength=len(weights))


def test_whole_weights_say_how_often():
    assert_array_equal(times([0, 1, 3, 0, 2]), [0, 1, 3, 0, 2])
    assert_array_equal(rows_by_weight(np.zeros((3, 1)), 2, None), [0, 0, 1, 1, 2, 2])
    assert rows_by_weight(np.zeros((3, 1)), None, None) is None


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e300])
def test_other_weights_are_rounded_up_or_down_and_right_on_average(rng, scale):
    weights = rng.exponential(size=40)
    expected = weights / weights.mean()
    all_times = np.array([times(weights * scale, seed) for seed in range(500)])
    assert (all_times.sum(axis=1) == 40).all()
    assert (abs(all_times - expected) < 1).all()
    # Three standard errors of a share.
    assert (abs(all_times.mean(axis=0) - expected) < 3 * 0.5 / np.sqrt(500)).all()


def test_large_weights_leave_the_table_its_size():
    assert times([1000, 1000, 2000, 0]).tolist() == [1, 1, 2, 0]
    assert times([10.0] * 4).tolist() == [10] * 4
    assert times([11.0] * 4).tolist() == [1] * 4


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, -1, 1], "Negative values"),
        ([1, np.nan, 1], "NaN"),
        ([1, 1], "sample_weight.shape"),
        ([0, 0, 0], "at least one non-zero number"),
    ],
)
def test_weights_that_are_none(weights, message):
    with pytest.raises(ValueError, match=message):
        rows_by_weight(np.zeros((3, 1)), weights, None)


def test_order_goes_by_the_first_key_and_then_by_the_next(rng):
    keys = np.array([[1, 2], [0, 5], [1, np.nan], [1, 0], [np.nan, 0]])
    assert_array_equal(in_order(keys), [1, 3, 0, 2, 4])
    X = rng.randint(3, size=(100, 4)).astype(float)
    shuffled = X[rng.permutation(100)]
    assert_array_equal(X[in_order(X)], shuffled[in_order(shuffled)])
