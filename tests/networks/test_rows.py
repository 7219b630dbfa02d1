import math

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


@pytest.mark.parametrize(
    "build", [AutoEncoder, lambda *args, **kw: VAE(*args, "student_t", None, 0.1, **kw)]
)
def test_rows_outside_the_support_teach_nothing(build):
    network = build(MLP(hidden_layer_sizes=(8,)), (5,), 2, support_fraction=0.75).eval()
    x = torch.randn(8, 5, generator=torch.Generator().manual_seed(0))

    def learn(rows):
        network.zero_grad()
        parts = network.loss(rows)
        parts["loss"].backward()
        return {name: part.item() for name, part in parts.items()}, [
            parameter.grad.clone() for parameter in network.parameters()
        ]

    x[:2] *= 100
    parts, gradients = learn(x)
    network.support_fraction = 1.0
    kept_parts, kept_gradients = learn(x[2:])
    assert parts == pytest.approx(kept_parts, rel=1e-5)
    torch.testing.assert_close(gradients, kept_gradients)
