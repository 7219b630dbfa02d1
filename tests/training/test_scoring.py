import numpy as np
import pytest
import torch
from torch import nn

from skvae.training.scoring import BATCH_ROWS, SMALLEST_BATCH, apply_to_rows


@pytest.mark.parametrize("n_rows", [1, 31, 32, 33, 1023, 1024, 1025, 2100])
def test_batches_have_few_shapes_and_padding_leaves_no_trace(n_rows):
    shapes = []

    def double(x):
        shapes.append(tuple(x.shape))
        return 2 * x

    X = np.arange(3 * n_rows, dtype=np.float64).reshape(n_rows, 3)
    np.testing.assert_array_equal(apply_to_rows(double, X, "cpu"), 2 * X)
    assert all(rows & (rows - 1) == 0 for rows, _ in shapes)
    assert all(SMALLEST_BATCH <= rows <= BATCH_ROWS for rows, _ in shapes)


@pytest.mark.parametrize("n_threads", [1, 2, 3, 7])
@pytest.mark.parametrize("width", [1, 3, 18, 121, 784])
def test_neither_place_nor_company_nor_threads_change_a_row(width, n_threads, rng):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = nn.Sequential(
            nn.Linear(width, 500), nn.SiLU(), nn.Linear(500, 33), nn.Tanh(), nn.Linear(33, 1)
        )
    X = rng.standard_normal((2500, width)).astype(np.float32)
    expected = apply_to_rows(network, X, "cpu")
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        order = rng.permutation(len(X))
        np.testing.assert_array_equal(apply_to_rows(network, X[order], "cpu"), expected[order])
        for size in (1, 5, 32, 100, 1024, 1500):
            np.testing.assert_array_equal(
                apply_to_rows(network, X[-size:], "cpu"), expected[-size:]
            )
        assert torch.get_num_threads() == n_threads
    finally:
        torch.set_num_threads(before)


def test_threads_are_restored_after_an_error():
    before = torch.get_num_threads()

    def fail(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply_to_rows(fail, np.zeros((3, 2)), "cpu")
    assert torch.get_num_threads() == before


def test_values_that_are_not_finite_are_an_error():
    with pytest.raises(FloatingPointError, match=r"not finite.*StandardScaler"):
        apply_to_rows(torch.log, -np.ones((3, 2)), "cpu")


def test_huge_values_are_limited():
    X = np.array([[1e300, -1e300, 2.0]])
    np.testing.assert_array_equal(
        apply_to_rows(lambda x: x, X, "cpu"), np.array([[1e12, -1e12, 2.0]], dtype=np.float32)
    )
