import math

import pytest
from torch import nn

from skvae.runtime.arithmetic import multiply_adds


@pytest.mark.parametrize(
    ("network", "input_shape", "expected"),
    [
        (nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2)), (3,), 3 * 5 + 5 * 2),
        (nn.Conv2d(2, 4, 3, padding=1), (2, 6, 8), 2 * 4 * 3 * 3 * 6 * 8),
        (nn.ConvTranspose1d(2, 4, 2, stride=2), (2, 6), 2 * 4 * 2 * 6),
        (nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(7)), (7, 3), 7 * 15),
        (nn.LSTM(3, 5), (7, 3), math.inf),
    ],
)
def test_each_weight_counts_once_for_each_place(network, input_shape, expected):
    assert multiply_adds(network, input_shape) == expected
    assert network.training
    assert not network._forward_hooks


def test_the_network_may_be_on_any_device():
    assert multiply_adds(nn.Linear(3, 5, device="meta"), (3,)) == 15
