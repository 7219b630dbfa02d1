import math

import pytest
import scipy.stats
import torch
from sklearn.base import BaseEstimator
from torch import nn
from torch.distributions import Normal, StudentT
from torch.distributions import kl_divergence as torch_kl_divergence

from skvae import MLP
from skvae.networks import VAE
from skvae.networks.vae import LIKELIHOODS, STUDENT_T_DOF, kl_divergence


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def build(likelihood="gaussian", sigma=None, beta=1.0, input_shape=(5,), latent_dim=2):
    return VAE(MLP(hidden_layer_sizes=(8,)), input_shape, latent_dim, likelihood, sigma, beta)


@pytest.mark.parametrize(
    ("likelihood", "distribution"),
    [("gaussian", Normal), ("student_t", lambda loc, scale: StudentT(STUDENT_T_DOF, loc, scale))],
)
def test_likelihoods_are_those_of_torch(likelihood, distribution):
    x, loc, log_sigma = torch.randn(3, 100, 4).unbind()
    expected = distribution(loc, log_sigma.exp()).log_prob(x)
    torch.testing.assert_close(LIKELIHOODS[likelihood](x - loc, log_sigma), expected)


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
    network = VAE(Linear(), (1,), 1, "gaussian", Linear.sigma, 1.0).eval()
    x = torch.linspace(-4, 4, 9)[:, None]
    evidence = Normal(0.0, math.hypot(Linear.w, Linear.sigma)).log_prob(x).squeeze()
    # At the posterior mean the spread of the code is not charged: E[(w (z - mean))^2].
    spread = 0.5 * Linear.w**2 / (Linear.sigma**2 + Linear.w**2)
    with torch.no_grad():
        torch.testing.assert_close(network.row_scores(x, "elbo", 1.0) - spread, evidence)
        network.train()
        bound = -torch.stack([network.loss(x)["loss"] for _ in range(4000)]).mean()
    torch.testing.assert_close(bound, evidence.mean(), rtol=0.02, atol=0)


def test_loss_is_the_sum_of_its_parts_and_has_gradients_everywhere():
    network = build(beta=0.3)
    parts = network.loss(torch.randn(16, 5))
    torch.testing.assert_close(parts["loss"], parts["reconstruction"] + 0.3 * parts["kl"])
    parts["loss"].backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_divergence_is_summed_over_the_code():
    x = torch.randn(16, 5)
    network = build(latent_dim=3)
    mean, log_variance = network.posterior(x)
    torch.testing.assert_close(
        network.loss(x)["kl"], kl_divergence(mean, log_variance).sum() / len(x)
    )


def test_beta_weighs_the_loss_but_not_the_score():
    x = torch.randn(16, 5)
    networks = [build(beta=beta) for beta in (0.1, 1.0)]
    networks[1].load_state_dict(networks[0].state_dict())
    scores = [network.eval().row_scores(x, "elbo", 1.0) for network in networks]
    assert torch.equal(*scores)
    losses = [network.loss(x)["loss"] for network in networks]
    assert losses[0] < losses[1]


def test_training_is_noisy_and_evaluation_is_not():
    x = torch.randn(16, 5)
    network = build()
    assert network.loss(x)["loss"] != network.loss(x)["loss"]
    network.eval()
    assert network.loss(x)["loss"] == network.loss(x)["loss"]
    for score in ("elbo", "reconstruction", "reconstruction_probability"):
        assert torch.equal(network.row_scores(x, score, 1.0), network.row_scores(x, score, 1.0))


def test_elbo_is_likelihood_less_divergence():
    x = torch.randn(16, 5)
    network = build("student_t").eval()
    mean, log_variance = network.posterior(x)
    expected = network.log_likelihood(x, mean).sum(1) - kl_divergence(mean, log_variance).sum(1)
    torch.testing.assert_close(network.row_scores(x, "elbo", 1.0), expected)


def test_reconstruction_probability_approaches_its_integral():
    network = VAE(Linear(), (1,), 1, "gaussian", Linear.sigma, 1.0).eval()
    x = torch.linspace(-4, 4, 9)[:, None]
    mean, log_variance = network.posterior(x)
    # E[(x - w z)^2] over the posterior, in closed form.
    squared = (x - Linear.w * mean).square() + Linear.w**2 * log_variance.exp()
    expected = -0.5 * squared / Linear.sigma**2 - math.log(Linear.sigma * math.sqrt(2 * math.pi))
    network.noise = torch.cat([draw := torch.randn(8, 1), -draw])
    network.noise /= network.noise.square().mean().sqrt()
    torch.testing.assert_close(
        network.row_scores(x, "reconstruction_probability", 1.0), expected.squeeze(1)
    )


@pytest.mark.parametrize(("likelihood", "dof"), [("gaussian", None), ("student_t", STUDENT_T_DOF)])
def test_samples_scatter_as_the_likelihood_says(likelihood, dof):
    network = VAE(Linear(), (1,), 1, likelihood, 0.5, 1.0)
    network.decoder.weight.data.zero_()
    sample = network.sample(40_000).detach().squeeze()
    quartile = torch.quantile(sample, torch.tensor([0.25, 0.75]))
    expected = 0.5 * (scipy.stats.t(dof) if dof else scipy.stats.norm).ppf(0.75)
    torch.testing.assert_close(
        quartile, torch.tensor([-expected, expected]).float(), rtol=0.03, atol=0
    )


def test_fixed_noise_is_centred():
    torch.testing.assert_close(build().noise.mean(0), torch.zeros(2))


def test_sigma_is_learned_or_fixed():
    assert build(sigma=None).log_sigma.requires_grad
    fixed = build(sigma=0.05)
    assert not fixed.log_sigma.requires_grad
    torch.testing.assert_close(fixed.log_sigma, torch.full((5,), math.log(0.05)))


def test_a_learned_sigma_is_limited_from_below():
    network, x = build(sigma=None).eval(), torch.randn(4, 5)
    network.log_sigma.data.fill_(math.log(1e-3))
    at_the_limit = network.row_scores(x, "elbo", 1.0)
    network.log_sigma.data.fill_(math.log(1e-9))
    assert torch.equal(network.row_scores(x, "elbo", 1.0), at_the_limit)


def test_rows_of_any_shape():
    network = build(input_shape=(3, 4)).eval()
    x = torch.randn(6, 3, 4)
    assert network(x).shape == network.feature_scores(x, "elbo").shape == x.shape
    assert network.row_scores(x, "elbo", 0.5).shape == (6,)


def test_extreme_rows_stay_finite():
    network = build().eval()
    x = torch.full((2, 5), 1e12)
    for score in ("elbo", "reconstruction", "reconstruction_probability"):
        assert network.row_scores(x, score, 1.0).isfinite().all()
