import math
from functools import partial

import pytest
import torch
from sklearn.base import BaseEstimator
from torch import nn
from torch.distributions import Normal
from torch.distributions import kl_divergence as torch_kl_divergence

from skvae import MLP
from skvae.likelihoods import Columns, Gaussian, StudentT
from skvae.networks import VAE
from skvae.networks.vae import kl_divergence
from skvae.training.loss import mean_terms


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


SCORES = ["elbo", "reconstruction", "reconstruction_probability"]


def build(likelihood=Gaussian, beta=1.0, input_shape=(5,), latent_dim=2):
    return VAE(MLP(hidden_layer_sizes=(8,)), input_shape, latent_dim, likelihood, beta)


def build_linear():
    likelihood = partial(Gaussian, sigma=Linear.sigma)
    return VAE(Linear(), (1,), 1, likelihood, beta=1.0).eval()


def row_score(network, name, x):
    return getattr(network, name)(x).flatten(1).sum(1)


def test_kl_divergence_is_that_of_torch():
    mean, log_variance = torch.randn(2, 100, 4).unbind()
    expected = torch_kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(kl_divergence(mean, log_variance), expected)


def test_kl_divergence_known_answers():
    assert kl_divergence(torch.tensor(0.0), torch.tensor(0.0)) == 0.0
    assert kl_divergence(torch.tensor(2.0), torch.tensor(0.0)) == 2.0
    torch.testing.assert_close(
        kl_divergence(torch.tensor(0.0), torch.tensor(4.0).log()),
        torch.tensor(0.5 * (4 - math.log(4) - 1)),
    )


class Linear(BaseEstimator):
    """Probabilistic principal component analysis in one dimension, solved by hand.

    With x = w z + sigma e the posterior is exact, so the bound on its log likelihood,
    averaged over the posterior, is tight.
    """

    w, sigma = 1.5, 0.5

    def build_encoder(self, input_shape, n_outputs):
        precision = 1 + self.w**2 / self.sigma**2
        encoder = nn.Linear(1, 2)
        encoder.weight.data = torch.tensor([[self.w / self.sigma**2 / precision], [0.0]])
        encoder.bias.data = torch.tensor([0.0, -math.log(precision)])
        return encoder

    def build_decoder(self, n_inputs, output_shape):
        decoder = nn.Linear(1, 1)
        decoder.weight.data = torch.tensor([[self.w]])
        decoder.bias.data = torch.zeros(1)
        return decoder


def test_elbo_is_the_log_likelihood_where_the_posterior_is_exact():
    network = build_linear()
    x = torch.linspace(-4, 4, 9)[:, None]
    evidence = Normal(0.0, math.hypot(Linear.w, Linear.sigma)).log_prob(x).squeeze()
    # At the posterior mean the spread of the code is not charged: E[(w (z - mean))^2].
    spread = 0.5 * Linear.w**2 / (Linear.sigma**2 + Linear.w**2)
    with torch.no_grad():
        torch.testing.assert_close(row_score(network, "elbo", x) - spread, evidence)
        many = x.repeat(4000, 1)
        bound = -mean_terms(network.terms(many, torch.randn(len(many), 1)))["loss"]
    torch.testing.assert_close(bound, evidence.mean(), rtol=0.02, atol=0)


def test_every_parameter_gets_a_gradient():
    network = build(beta=0.3)
    terms = network.terms(torch.randn(16, 5), torch.randn(16, 2))
    assert {name: term.weight for name, term in terms.items()} == {"reconstruction": 1, "kl": 0.3}
    mean_terms(terms)["loss"].backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_beta_weighs_the_loss_but_not_the_score():
    x = torch.randn(16, 5)
    networks = [build(beta=beta).eval() for beta in (0.1, 1.0)]
    networks[1].load_state_dict(networks[0].state_dict())
    assert torch.equal(*(network.elbo(x) for network in networks))
    losses = [mean_terms(network.terms(x))["loss"] for network in networks]
    assert losses[0] < losses[1]


def test_noise_is_what_is_handed_in():
    x, noise = torch.randn(16, 5), torch.randn(16, 2)
    network = build()
    assert network.noise_dim == 2
    state = torch.random.get_rng_state()
    first, second, without, zero = (
        network.terms(x, draw)["reconstruction"].values
        for draw in (noise, noise, None, torch.zeros(16, 2))
    )
    for score in SCORES:
        assert torch.equal(row_score(network, score, x), row_score(network, score, x))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(first, second)
    assert torch.equal(without, zero)
    assert (first != without).any()


def test_elbo_is_likelihood_less_divergence():
    x = torch.randn(16, 5)
    network = build(StudentT).eval()
    mean, log_variance = network.posterior(x)
    likelihood = network.likelihood.log_prob(x, network.decoder(mean)).sum(1)
    expected = likelihood - kl_divergence(mean, log_variance).sum(1)
    torch.testing.assert_close(row_score(network, "elbo", x), expected)


def test_reconstruction_probability_approaches_its_integral():
    network = build_linear()
    x = torch.linspace(-4, 4, 9)[:, None]
    mean, log_variance = network.posterior(x)
    # E[(x - w z)^2] over the posterior, in closed form.
    squared = (x - Linear.w * mean).square() + Linear.w**2 * log_variance.exp()
    expected = -0.5 * squared / Linear.sigma**2 - math.log(Linear.sigma * math.sqrt(2 * math.pi))
    network.draws = torch.cat([draw := torch.randn(8, 1), -draw])
    network.draws /= network.draws.square().mean().sqrt()
    torch.testing.assert_close(network.reconstruction_probability(x), expected)


def test_fixed_noise_is_centred():
    torch.testing.assert_close(build().draws.mean(0), torch.zeros(2))


def test_samples_are_draws_of_the_likelihood_around_decoded_draws_of_the_prior():
    network = build_linear()
    with torch.no_grad():
        sample = network.sample(100_000)
    expected = math.hypot(Linear.w, Linear.sigma)
    torch.testing.assert_close(sample.std(), torch.tensor(expected), rtol=0.02, atol=0)


def test_rows_of_any_shape():
    network = build(input_shape=(3, 4)).eval()
    x = torch.randn(6, 3, 4)
    assert network(x).shape == x.shape
    for score in SCORES:
        assert getattr(network, score)(x).shape == x.shape


def test_extreme_rows_stay_finite():
    network = build().eval()
    x = torch.full((2, 5), 1e12)
    for score in SCORES:
        assert row_score(network, score, x).isfinite().all()


def test_a_gap_is_encoded_as_what_is_expected_there():
    network = VAE(MLP(), (2,), 2, StudentT, beta=0.1, columns=Columns(2)).eval()
    row = torch.tensor([[1.0, math.nan]])
    code, _ = network.encoded(row, ~row.isnan()).chunk(2, dim=1)
    expected = network.likelihood.mean(network.decoder(code))[:, 1]
    whole = torch.stack([row[:, 0], expected], dim=1)
    assert torch.equal(network.encode(row), network.encode(whole))
    assert not torch.equal(network.encode(row), code)
