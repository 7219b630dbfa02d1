import numpy as np
import pytest
from torch import nn

from skvae.training.weights import build_network, weights_of


def test_a_built_network_has_the_weights_and_no_gradient_mode():
    weights = {
        "weight": np.arange(6, dtype=np.float32).reshape(2, 3),
        "bias": np.ones(2, dtype=np.float32),
    }
    arguments = {"in_features": 3, "out_features": 2}
    network = build_network(nn.Linear, arguments, weights, seed=0, device="cpu")
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())
    np.testing.assert_equal(weights_of(network), weights)


def test_missing_weights_are_an_error_unless_allowed():
    arguments = {"in_features": 3, "out_features": 2}
    weights = {"bias": np.ones(2, dtype=np.float32)}
    with pytest.raises(RuntimeError, match="Missing key"):
        build_network(nn.Linear, arguments, weights, seed=0, device="cpu")
    network = build_network(nn.Linear, arguments, weights, seed=0, device="cpu", strict=False)
    np.testing.assert_equal(weights_of(network)["bias"], weights["bias"])
