import os
import sys
import threading

import numpy as np
import pytest
import torch
from torch import nn

from skvae.runtime.apply import (
    BATCH_ROWS,
    SMALLEST_BATCH,
    apply_to_rows,
    batch_rows_for,
)


def apply(function, X):
    network = function if isinstance(function, nn.Module) else nn.Module()
    return apply_to_rows(function, network, X, "cpu")


@pytest.mark.parametrize("n_rows", [1, 31, 32, 33, 4095, 4096, 4097, 9000])
def test_batches_have_few_shapes_and_padding_leaves_no_trace(n_rows):
    shapes = []

    def double(x):
        shapes.append(tuple(x.shape))
        return 2 * x

    X = np.arange(3 * n_rows, dtype=np.float64).reshape(n_rows, 3)
    np.testing.assert_array_equal(apply(double, X), 2 * X)
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
    X = rng.standard_normal((9000, width)).astype(np.float32)
    expected = apply(network, X)
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        order = rng.permutation(len(X))
        np.testing.assert_array_equal(apply(network, X[order]), expected[order])
        for size in (1, 5, 32, 100, 1024, 1500, 4096, 5000):
            np.testing.assert_array_equal(apply(network, X[-size:]), expected[-size:])
        assert torch.get_num_threads() == n_threads
    finally:
        torch.set_num_threads(before)


@pytest.fixture
def n_threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("n_threads", [2, 3], indirect=True)
def test_as_many_batches_are_in_work_at_once_as_torch_has_threads(n_threads):
    together = threading.Barrier(n_threads, timeout=60)
    seen = set()

    def meet(x):
        seen.add((threading.get_ident(), torch.get_num_threads()))
        if x[0, 0] > 0:
            together.wait()
        return x

    X = np.repeat(np.arange(1 + 2 * n_threads), BATCH_ROWS)[:, None].astype(np.float32)
    np.testing.assert_array_equal(apply(meet, X), X)
    assert len(seen) == n_threads + 1
    assert {threads for _, threads in seen} == {1}


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads as Linux lists them")
@pytest.mark.parametrize("n_threads", [2], indirect=True)
def test_a_batch_is_in_work_on_one_thread(n_threads):
    together = threading.Barrier(n_threads, timeout=60)
    weights = torch.ones(200, 500)
    counts = []

    def multiply(x):
        if x[0, 0] == 0:
            return x
        together.wait()
        before = len(os.listdir("/proc/self/task"))
        together.wait()
        product = x @ weights
        together.wait()
        counts.append((before, len(os.listdir("/proc/self/task"))))
        together.wait()
        return product[:, :200]

    # Of rows so wide a batch has 1,024.
    X = np.repeat([0, 1, 1], 1024)[:, None] * np.ones((1, 200))
    apply(multiply, X)
    assert len(counts) == 2
    assert all(before == after for before, after in counts)


@pytest.mark.parametrize("n_threads", [1, 2], indirect=True)
def test_batches_that_wait_are_dropped_after_an_error(n_threads):
    failed = threading.Event()
    scored = []

    def fail(x):
        scored.append(len(x))
        if len(scored) == 2:
            failed.set()
            raise KeyboardInterrupt
        if len(scored) > 2:
            failed.wait(60)
        return x

    # Rows so wide that a batch has only the fewest.
    X = np.broadcast_to(np.float32(1), (10_000 * SMALLEST_BATCH, 2**13))
    with pytest.raises(KeyboardInterrupt):
        apply(fail, X)
    assert len(scored) < 10_000


class Remembering(nn.Module):
    """A network with a layer that looks up what another one has left behind."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1), requires_grad=False)
        self.last = None

    def forward(self, x):
        self.last = x
        product = x @ torch.ones(x.shape[1], 200)
        return self.last * self.scale + 0.0 * product[:, :1]


@pytest.mark.parametrize("n_threads", [2], indirect=True)
def test_a_network_that_keeps_something_between_its_layers(n_threads, rng):
    network = Remembering()
    X = rng.standard_normal((60_000, 50)).astype(np.float32)
    for _ in range(3):
        values = apply(network, X)
        np.testing.assert_array_equal(values, X)


@pytest.mark.parametrize("n_threads", [2], indirect=True)
def test_threads_share_the_weights(n_threads):
    addresses = set()

    class Watched(Remembering):
        def forward(self, x):
            addresses.add((threading.get_ident(), self.scale.data_ptr()))
            return super().forward(x)

    network = Watched()
    apply(network, np.ones((60_000, 50)))
    assert len(addresses) > 1
    assert len({address for _, address in addresses}) == 1


@pytest.mark.parametrize("n_rows", [10, 10_000])
def test_settings_of_the_user_change_nothing(n_rows, rng):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = nn.Linear(5, 3).requires_grad_(False)
    X = rng.standard_normal((n_rows, 5))
    expected = apply(network, X)
    with torch.autocast("cpu", torch.bfloat16):
        np.testing.assert_array_equal(apply(network, X), expected)
    torch.set_default_dtype(torch.float64)
    try:
        np.testing.assert_array_equal(apply(network, X), expected)
    finally:
        torch.set_default_dtype(torch.float32)
    with torch.device("meta"):
        np.testing.assert_array_equal(apply(network, X), expected)


def test_the_result_is_float32_and_shares_no_memory_with_the_network():
    bias = torch.zeros(3, dtype=torch.float64)
    result = apply(lambda x: bias.expand(len(x), -1), np.ones((5, 2)))
    assert result.dtype == np.float32
    result[0] = 1
    assert result[1:].max() == bias.max() == 0


def test_threads_are_restored_after_an_error():
    before = torch.get_num_threads()

    def fail(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(fail, np.zeros((3, 2)))
    assert torch.get_num_threads() == before


def test_values_that_are_not_finite_are_an_error():
    with pytest.raises(FloatingPointError, match=r"not finite.*StandardScaler"):
        apply(torch.log, -np.ones((3, 2)))


def test_huge_values_are_limited():
    X = np.array([[1e300, -1e300, 2.0]])
    np.testing.assert_array_equal(
        apply(lambda x: x, X), np.array([[1e12, -1e12, 2.0]], dtype=np.float32)
    )


def test_wide_rows_have_small_batches():
    assert batch_rows_for((3,)) == BATCH_ROWS
    assert batch_rows_for((28, 28)) == 256
    assert batch_rows_for((1000, 1000)) == SMALLEST_BATCH
