import math

import numpy as np
import pytest

from skvae import MLP, Conv1d, Conv2d
from skvae.training.auto import (
    AUTO_STEPS,
    auto_batch_size,
    auto_epochs,
    choose_support_fraction,
)


@pytest.mark.parametrize(
    ("n_rows", "size"),
    [(1, 8), (500, 8), (501, 64), (128_000, 64), (200_000, 100), (512_000, 256), (10**7, 256)],
)
def test_the_size_of_a_batch_suits_the_table(n_rows, size):
    assert auto_batch_size(n_rows) == size


def test_larger_tables_never_have_smaller_batches():
    sizes = [auto_batch_size(n_rows) for n_rows in range(1, 600_000, 37)]
    assert (np.diff(sizes) >= 0).all()


def test_very_large_tables_are_passed_once():
    for n_rows in range(128_000, 3_000_000, 997):
        assert auto_epochs(math.ceil(n_rows / auto_batch_size(n_rows))) == 1, n_rows


@pytest.mark.parametrize("n_rows", [1, 10, 100, 500, 501, 10_000, 127_000])
def test_smaller_tables_take_whole_passes_of_enough_steps(n_rows):
    n_batches = math.ceil(n_rows / auto_batch_size(n_rows))
    assert AUTO_STEPS <= auto_epochs(n_batches) * n_batches < 2 * AUTO_STEPS


@pytest.mark.parametrize(
    ("shape", "architecture", "fraction"),
    [
        ((8, 8), MLP(), 0.95),
        ((8, 8, 3), Conv2d(), 0.95),
        ((64,), Conv2d(image_shape=(8, 8)), 0.95),
        ((64,), MLP(), 1.0),
        ((64,), Conv1d(), 1.0),
        ((64,), object(), 1.0),
    ],
)
def test_the_worst_images_are_left_out_but_no_rows_of_a_table(shape, architecture, fraction):
    assert choose_support_fraction("auto", shape, architecture) == fraction
    assert choose_support_fraction(0.8, shape, architecture) == 0.8
