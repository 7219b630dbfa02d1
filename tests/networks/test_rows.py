import math
from functools import partial

import pytest
import torch

from skvae import MLP
from skvae.networks import VAE, AutoEncoder
from skvae.networks.rows import sum_worst, support_weights


@pytest.mark.parametrize(("share", "n_worst"), [(1e-6, 1), (0.2, 1), (0.21, 2), (0.6, 3), (1, 5)])
def test_sum_worst_counts_a_share(share, n_worst):
    scores = torch.tensor([[-1.0, -2.0, -4.0, -8.0, -16.0]])
    expected = scores.flip(1)[:, :n_worst].sum()
    assert sum_worst(scores, share) == expected


def test_a_share_is_not_rounded_up_for_its_binary_digits():
    assert sum_worst(-torch.ones(1, 100), 0.07) == -7
    assert (support_weights(torch.arange(100.0), 0.55) > 0).sum() == 55
    assert (support_weights(torch.arange(100.0), 0.8889) > 0).sum() == 89


@pytest.mark.parametrize("fraction", [0.5, 0.95, 1.0])
@pytest.mark.parametrize("n_rows", [1, 19, 20, 64])
def test_support_is_the_share_of_rows_with_the_lowest_losses(n_rows, fraction):
    losses = torch.randn(n_rows, generator=torch.Generator().manual_seed(0))
    weights = support_weights(losses, fraction)
    n_support = math.ceil(fraction * n_rows)
    lowest = losses.sort().indices[:n_support]
    expected = torch.zeros(n_rows)
    expected[lowest] = 1 / n_support
    torch.testing.assert_close(weights, expected)


def test_support_does_not_choose_among_equal_rows():
    weights = support_weights(torch.tensor([3.0, 1.0, 3.0, 2.0]), 0.75)
    assert torch.equal(weights, torch.full((4,), 0.25))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_not_left_out_silently(bad):
    losses = torch.tensor([1.0, bad, 2.0, 3.0])
    assert not (losses @ support_weights(losses, 0.5)).isfinite()


ARCHITECTURE = MLP(hidden_layer_sizes=(8,))
NETWORKS = {
    "AutoEncoder": AutoEncoder,
    "VAE": partial(VAE, likelihood="student_t", sigma=None, beta=0.1),
}


def build(name, **arguments):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return NETWORKS[name](ARCHITECTURE, (5,), 2, **arguments).eval()


def learn(network, x):
    network.zero_grad()
    parts = network.loss(x)
    parts["loss"].backward()
    gradients = [parameter.grad.clone() for parameter in network.parameters()]
    return {name: part.item() for name, part in parts.items()}, gradients


@pytest.fixture
def x():
    return torch.randn(40, 5, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", NETWORKS)
def test_rows_outside_the_support_teach_nothing(name, x):
    x[:10] *= 100
    parts, gradients = learn(build(name, support_fraction=0.75), x)
    kept_parts, kept_gradients = learn(build(name), x[10:])
    assert parts == pytest.approx(kept_parts, rel=1e-5)
    torch.testing.assert_close(gradients, kept_gradients)


def test_training_and_validation_leave_out_the_same_rows(x):
    network = build("AutoEncoder", support_fraction=0.75)
    validation = network.loss(x)["loss"]
    assert network.train().loss(x)["loss"] == validation


@pytest.mark.parametrize("beta", [0.0, 0.1, 100.0])
def test_the_worst_rows_are_those_with_the_highest_loss(x, beta):
    network = build("VAE", beta=beta)
    losses = torch.stack([network.loss(row.unsqueeze(0))["loss"] for row in x])
    network.support_fraction = 0.75
    torch.testing.assert_close(network.loss(x)["loss"], losses.sort().values[:30].mean())


def test_a_decoder_may_compute_in_float64(x):
    class Double(torch.nn.Module):
        def forward(self, z):
            return torch.cat([z, z, z[:, :1]], dim=1).double()

    for name in NETWORKS:
        network = build(name, support_fraction=0.75)
        network.decoder = Double()
        assert network.loss(x)["loss"].isfinite()
