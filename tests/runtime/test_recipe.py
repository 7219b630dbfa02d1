import numpy as np
import torch
from torch import nn

from skvae import MLP
from skvae.networks import AE
from skvae.runtime.isolation import isolated
from skvae.runtime.recipe import Recipe, weights_of

CPU = torch.device("cpu")
RECIPE = Recipe(
    AE, {"architecture": MLP(hidden_layer_sizes=4), "input_shape": (3,), "latent_dim": 2}, seed=0
)


def build():
    with isolated(RECIPE.seed, CPU):
        return RECIPE.build()


def test_a_rebuilt_network_has_the_weights_and_no_gradient_mode():
    weights = {name: np.ones_like(value) for name, value in weights_of(build()).items()}
    network = RECIPE.rebuild(weights, "cpu")
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())
    np.testing.assert_equal(weights_of(network), weights)


def test_what_torch_does_by_default_changes_no_network():
    expected = weights_of(build())
    torch.set_default_dtype(torch.float64)
    try:
        np.testing.assert_equal(weights_of(build()), expected)
    finally:
        torch.set_default_dtype(torch.float32)
    with torch.device("meta"), torch.no_grad():
        np.testing.assert_equal(weights_of(build()), expected)
    assert nn.Linear(2, 2).weight.dtype == torch.float32
