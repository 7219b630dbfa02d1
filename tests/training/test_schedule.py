import math

import numpy as np
import pytest

from skvae.training.schedule import (
    AUTO_STEPS,
    MOST_PASSES,
    SHORTEST_EPOCH,
    Schedule,
    Stopping,
    auto_batch_size,
    plan_schedule,
)


def plan(n_rows, stopping=None, **settings):
    settings = {"max_epochs": "auto", "max_steps": "auto", "batch_size": "auto", **settings}
    return plan_schedule(n_rows, stopping=stopping, lr=0.1, **settings)


@pytest.mark.parametrize(
    ("n_rows", "size"),
    [(1, 8), (500, 8), (501, 64), (128_000, 64), (200_000, 100), (512_000, 256), (10**7, 256)],
)
def test_the_size_of_a_batch_suits_the_table(n_rows, size):
    assert auto_batch_size(n_rows) == plan(n_rows).batch_size == size


def test_larger_tables_never_have_smaller_batches():
    sizes = [auto_batch_size(n_rows) for n_rows in range(1, 600_000, 37)]
    assert (np.diff(sizes) >= 0).all()


def test_very_large_tables_are_passed_once():
    for n_rows in range(128_000, 3_000_000, 997):
        schedule = plan(n_rows)
        assert schedule.n_steps == schedule.n_batches(n_rows), n_rows


@pytest.mark.parametrize("n_rows", [25, 100, 500, 501, 10_000, 127_000])
def test_smaller_tables_take_whole_passes_of_enough_steps(n_rows):
    schedule = plan(n_rows)
    assert AUTO_STEPS <= schedule.n_steps < 2 * AUTO_STEPS
    assert schedule.n_steps % schedule.n_batches(n_rows) == 0


def test_a_few_rows_are_not_passed_for_ever():
    assert plan(3).n_steps == plan(8).n_steps == MOST_PASSES
    assert plan(16).n_steps == 2 * MOST_PASSES
    assert plan(3, max_steps=AUTO_STEPS).n_steps == AUTO_STEPS


def test_equal_rows_are_passed_as_one_is():
    assert plan(10_000, are_equal=True).n_steps == MOST_PASSES
    assert plan(10_000, are_equal=True, max_epochs=7).n_steps == 7 * math.ceil(10_000 / 64)


@pytest.mark.parametrize(
    ("max_epochs", "max_steps", "n_steps"),
    [(3, "auto", 30), ("auto", 25, 25), (3, 25, 25), (3, 100, 30), (1, 1, 1)],
)
def test_training_ends_with_the_epochs_or_the_steps(max_epochs, max_steps, n_steps):
    schedule = plan(100, max_epochs=max_epochs, max_steps=max_steps, batch_size=10)
    assert schedule.n_steps == n_steps


def test_steps_are_counted_without_the_held_out_rows():
    stopping = Stopping(0.25, 3, 0.0)
    assert plan(40, stopping, batch_size=10, max_epochs=7).n_steps == 21
    assert plan(520, Stopping(0.1, 3, 0.0)).batch_size == 8
    assert plan(600, Stopping(0.1, 3, 0.0)).batch_size == 64


def test_patience_counts_short_epochs_together_if_their_number_is_automatic():
    stopping = Stopping(0.25, 3, 0.0)
    assert plan(40, stopping, batch_size=10).stopping.n_iter_no_change == 3 * math.ceil(
        SHORTEST_EPOCH / 3
    )
    assert plan(40, stopping, batch_size=10, max_epochs=100).stopping == stopping
    assert plan(4000, stopping, batch_size=10).stopping == stopping


def test_the_learning_rate_falls_to_zero_along_a_cosine():
    schedule = Schedule(n_steps=40, batch_size=1, lr=0.01)
    assert schedule.rate(0) == 0.01
    assert schedule.rate(20) == pytest.approx(0.005)
    assert schedule.rate(40) == pytest.approx(0.0)


def test_the_held_out_rows_are_a_random_share():
    X, stopping = np.zeros((40, 1)), Stopping(0.25, 3, 0.0)
    schedule = Schedule(1, 1, 0.1, stopping=stopping)
    train, valid = schedule.split(X, seed=0)
    assert len(valid) == 10
    np.testing.assert_array_equal(np.sort(np.r_[train.indices, valid.indices]), np.arange(40))
    assert set(valid.indices) not in ({*range(10)}, {*range(30, 40)})
    assert set(schedule.split(X, seed=1)[1].indices) != set(valid.indices)


def test_a_split_that_leaves_no_training_row_is_an_error():
    schedule = Schedule(1, 1, 0.1, stopping=Stopping(0.99, 3, 0.0))
    with pytest.raises(ValueError, match=r"validation_fraction=0.99 leaves no row .* = 40"):
        schedule.split(np.zeros((40, 1)), seed=0)
