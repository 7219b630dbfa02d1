import math
import threading

import pytest
import torch
from torch import nn

from skvae.training.threads import multiply_adds, single_thread


def test_one_thread_within_and_as_many_as_before_afterwards():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with single_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 3
        with pytest.raises(KeyboardInterrupt), single_thread():
            raise KeyboardInterrupt
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("network", "input_shape", "expected"),
    [
        (nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2)), (3,), 3 * 5 + 5 * 2),
        (nn.Conv2d(2, 4, 3, padding=1), (2, 6, 8), 2 * 4 * 3 * 3 * 6 * 8),
        (nn.ConvTranspose1d(2, 4, 2, stride=2), (2, 6), 2 * 4 * 2 * 12),
        (nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(7)), (7, 3), 7 * 15),
        (nn.Sequential(nn.Linear(3, 5), nn.LayerNorm([100, 5])), (100, 3), math.inf),
    ],
)
def test_each_weight_counts_once_for_each_place(network, input_shape, expected):
    assert multiply_adds(network, input_shape) == expected
    assert network.training
    assert not network._forward_hooks


def test_threads_that_overlap_all_end_with_the_usual_number():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    entered, leave, seen = threading.Event(), threading.Event(), []

    def first():
        with single_thread():
            entered.set()
            leave.wait(10)

    def second():
        entered.wait(10)
        with single_thread():
            pass
        seen.append(torch.get_num_threads())
        leave.set()

    try:
        threads = [threading.Thread(target=target) for target in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        fresh = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
        fresh.start()
        fresh.join()
        assert seen == [3, 3]
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
