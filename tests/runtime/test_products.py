import copy

import numpy as np
import pytest
import torch
from torch import nn

from skvae.runtime.products import align_products


@pytest.mark.parametrize("seed", range(20))
def test_a_row_gets_the_same_at_every_place_of_every_batch(seed):
    n_inputs, n_outputs = np.random.RandomState(seed).randint(1, [201, 20])
    layer = nn.Linear(int(n_inputs), int(n_outputs)).requires_grad_(False)
    align_products(layer)
    row = torch.randn(1, layer.in_features)
    expected = layer(row.repeat(32, 1))[0]
    for n_rows in (32, 64, 1024):
        others = torch.randn(n_rows, layer.in_features)
        for place in range(0, n_rows, 7):
            others[place] = row
        assert (layer(others)[::7] == expected).all()


def test_what_a_network_computes_and_keeps_is_as_before():
    network = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 5), nn.Linear(5, 2))
    aligned = copy.deepcopy(network)
    align_products(aligned)
    x = torch.randn(10, 3)
    torch.testing.assert_close(aligned(x), network(x))
    assert repr(aligned) == repr(network)
    assert aligned.state_dict().keys() == network.state_dict().keys()
    assert type(aligned[2]) is nn.Linear
