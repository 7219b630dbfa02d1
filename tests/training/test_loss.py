import math
from functools import partial

import pytest
import torch

from skvae import MLP
from skvae.likelihoods import StudentT
from skvae.networks import AE, VAE, Term
from skvae.training.loss import mean_terms, support_weights


def weigh(losses, fraction):
    return support_weights({"a": Term(losses / 4, 3.0), "b": Term(losses / 4)}, fraction)


def test_the_loss_is_the_weighted_sum_of_means_over_rows():
    terms = {"cells": Term(torch.ones(4, 3, 2), 0.5), "rows": Term(torch.arange(4.0), -2.0)}
    means = mean_terms(terms)
    assert {name: mean.item() for name, mean in means.items()} == {
        "loss": 0.5 * 6 - 2 * 1.5, "cells": 6.0, "rows": 1.5,
    }  # fmt: skip


def test_a_share_is_not_rounded_up_for_its_binary_digits():
    assert (weigh(torch.arange(100.0), 0.55) > 0).sum() == 55
    assert (weigh(torch.arange(100.0), 0.8889) > 0).sum() == 89


@pytest.mark.parametrize("fraction", [0.5, 0.95, 1.0])
@pytest.mark.parametrize("n_rows", [1, 19, 20, 64])
def test_support_is_the_share_of_rows_with_the_lowest_losses(n_rows, fraction):
    losses = torch.randn(n_rows, generator=torch.Generator().manual_seed(0))
    weights = weigh(losses, fraction)
    n_support = math.ceil(fraction * n_rows)
    lowest = losses.sort().indices[:n_support]
    expected = torch.zeros(n_rows)
    expected[lowest] = 1 / n_support
    torch.testing.assert_close(weights, expected)


def test_support_does_not_choose_among_equal_rows():
    weights = weigh(torch.tensor([3.0, 1.0, 3.0, 2.0]), 0.75)
    assert torch.equal(weights, torch.full((4,), 0.25))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_not_left_out_silently(bad):
    losses = torch.tensor([1.0, bad, 2.0, 3.0])
    assert not (losses @ weigh(losses, 0.5)).isfinite()


ARCHITECTURE = MLP(hidden_layer_sizes=(8,))
NETWORKS = {"AE": AE, "VAE": partial(VAE, likelihood=StudentT, beta=0.1)}


def build(name, **arguments):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return NETWORKS[name](ARCHITECTURE, (5,), 2, **arguments).eval()


def learn(network, x, fraction):
    network.zero_grad()
    means = mean_terms(network.terms(x), fraction)
    means["loss"].backward()
    gradients = [parameter.grad.clone() for parameter in network.parameters()]
    return {name: mean.item() for name, mean in means.items()}, gradients


@pytest.fixture
def x():
    return torch.randn(40, 5, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", NETWORKS)
def test_rows_outside_the_support_teach_nothing(name, x):
    x[:10] *= 100
    means, gradients = learn(build(name), x, 0.75)
    kept_means, kept_gradients = learn(build(name), x[10:], 1.0)
    assert means == pytest.approx(kept_means, rel=1e-5)
    torch.testing.assert_close(gradients, kept_gradients)


@pytest.mark.parametrize("beta", [0.0, 0.1, 100.0])
def test_the_worst_rows_are_those_with_the_highest_loss(x, beta):
    network = build("VAE", beta=beta)
    losses = torch.stack([mean_terms(network.terms(row.unsqueeze(0)))["loss"] for row in x])
    trimmed = mean_terms(network.terms(x), 0.75)["loss"]
    torch.testing.assert_close(trimmed, losses.sort().values[:30].mean())


def test_a_decoder_may_compute_in_float64(x):
    class Double(torch.nn.Module):
        def forward(self, z):
            return torch.cat([z, z, z[:, :1]], dim=1).double()

    for name in NETWORKS:
        network = build(name)
        network.decoder = Double()
        assert mean_terms(network.terms(x), 0.75)["loss"].isfinite()
