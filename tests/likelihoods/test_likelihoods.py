import math

import pytest
import scipy.stats
import torch
from torch.distributions import Normal
from torch.distributions import StudentT as TorchStudentT

from skvae.likelihoods import MIN_SIGMA, Gaussian, SquaredError, StudentT

ALL = [Gaussian, StudentT, SquaredError]
DISTRIBUTIONS = {
    Gaussian: scipy.stats.norm(scale=0.5),
    StudentT: scipy.stats.t(3, scale=0.5),
    SquaredError: scipy.stats.norm(scale=math.sqrt(0.5)),
}


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def build(likelihood, input_shape=(4,), sigma=0.5):
    return likelihood(input_shape) if likelihood is SquaredError else likelihood(input_shape, sigma)


@pytest.mark.parametrize(
    ("likelihood", "distribution"),
    [(Gaussian, Normal), (StudentT, lambda loc, scale: TorchStudentT(3, loc, scale))],
)
def test_densities_are_those_of_torch(likelihood, distribution):
    x, outputs = torch.randn(2, 100, 4).unbind()
    network = build(likelihood)
    network.log_sigma.data = torch.randn(4)
    expected = distribution(outputs, network.log_sigma.exp()).log_prob(x)
    torch.testing.assert_close(network.log_prob(x, outputs), expected)


def test_the_squared_error_has_the_other_sign():
    x, outputs = torch.randn(2, 100, 4).unbind()
    torch.testing.assert_close(SquaredError((4,)).log_prob(x, outputs), -((x - outputs) ** 2))


@pytest.mark.parametrize("likelihood", ALL)
def test_draws_scatter_around_the_mean_as_the_density_says(likelihood):
    network = build(likelihood, (1,))
    outputs = torch.full((400_000, 1), 3.0)
    sample = network.sample(outputs).detach()
    assert torch.equal(network.mean(outputs), outputs)
    quartiles = torch.quantile(sample, torch.tensor([0.25, 0.75])) - 3.0
    expected = DISTRIBUTIONS[likelihood].ppf([0.25, 0.75])
    torch.testing.assert_close(quartiles, torch.tensor(expected).float(), rtol=0.03, atol=0)
    # Up to a constant the density is that of the same distribution.
    x = torch.tensor([[2.0], [3.0], [4.5]])
    log_prob = network.log_prob(x, outputs[:3]).detach()
    expected = torch.tensor(DISTRIBUTIONS[likelihood].logpdf(x.numpy() - 3.0)).float()
    torch.testing.assert_close(log_prob - log_prob[0], expected - expected[0])


@pytest.mark.parametrize("likelihood", ALL)
@pytest.mark.parametrize("hidden", [math.nan, 1e30])
def test_cells_that_are_not_observed_say_and_teach_nothing(likelihood, hidden):
    network, observed = build(likelihood, (3, 2), sigma=0.7), torch.rand(50, 3, 2) > 0.4
    x, outputs = torch.randn(50, 3, 2), torch.randn(50, 3, 2, requires_grad=True)
    complete = network.log_prob(x, outputs)
    network.zero_grad()
    log_prob = network.log_prob(torch.where(observed, x, hidden), outputs, observed)
    torch.testing.assert_close(log_prob, torch.where(observed, complete, 0.0))
    (gradient,) = torch.autograd.grad(log_prob.sum(), outputs)
    assert gradient.isfinite().all()
    assert (gradient[~observed] == 0).all()
    assert (gradient[observed] != 0).all()


@pytest.mark.parametrize("likelihood", ALL)
def test_the_decoder_returns_what_the_likelihood_asks_for(likelihood):
    assert build(likelihood, (3, 2)).output_shape == (3, 2)


@pytest.mark.parametrize("likelihood", [Gaussian, StudentT])
def test_sigma_is_learned_or_fixed(likelihood):
    learned = likelihood((5,))
    assert learned.log_sigma.requires_grad
    torch.testing.assert_close(learned.log_sigma.data, torch.zeros(5))
    fixed = likelihood((5,), sigma=0.05)
    assert not fixed.log_sigma.requires_grad
    torch.testing.assert_close(fixed.log_sigma, torch.full((5,), math.log(0.05)))


@pytest.mark.parametrize("likelihood", [Gaussian, StudentT])
def test_a_learned_sigma_is_limited_from_below(likelihood):
    network = likelihood((5,))
    x, outputs = torch.randn(2, 4, 5).unbind()
    network.log_sigma.data.fill_(math.log(MIN_SIGMA))
    at_the_limit = network.log_prob(x, outputs)
    network.log_sigma.data.fill_(math.log(1e-9))
    assert torch.equal(network.log_prob(x, outputs), at_the_limit)
