import numpy as np
import pytest
import torch

from skvae import MLP
from skvae.networks import MixtureAutoEncoder, MixtureVAE
from skvae.networks.gaussians import Mixture, Moments

ARGUMENTS = {
    "architecture": MLP(hidden_layer_sizes=(8,)),
    "input_shape": (5,),
    "latent_dim": 2,
    "reconstruction_features": ("relative_euclidean", "cosine"),
    "n_components": 3,
    "reg_covar": 0.1,
    "energy_weight": 0.1,
    "covariance_weight": 0.005,
}
VARIATIONAL = {**ARGUMENTS, "likelihood": "gaussian", "sigma": None, "beta": 0.1, "samples": 4}


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.fixture(params=["plain", "variational"])
def network(request, x):
    plain = request.param == "plain"
    network = MixtureAutoEncoder(**ARGUMENTS) if plain else MixtureVAE(**VARIATIONAL)
    mixture = network.latent_mixture
    # Three Gaussians that differ, and an estimation network with an opinion.
    mixture.guess.means.copy_(torch.randn(3, 4))
    torch.nn.init.normal_(mixture.estimator[-1].weight)
    mixture.settle(network.moments(x))
    return network


@pytest.fixture
def x():
    return torch.randn(64, 5)


def test_every_parameter_gets_a_gradient(network, x):
    network.loss(x)["loss"].backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in network.parameters())


def test_the_loss_is_the_sum_of_its_parts(network, x):
    network.eval()
    parts = network.loss(x)
    autoencoder = parts["reconstruction"] + 0.1 * parts.get("kl", 0.0)
    expected = autoencoder + 0.1 * parts["energy"] + 0.005 * parts["covariance"]
    torch.testing.assert_close(parts["loss"], expected)


def test_the_energy_in_the_loss_is_a_bound_on_the_energy(network, x):
    mixture = network.eval().latent_mixture
    features = network.latent_features(x)
    bound, _ = mixture.loss(features)
    rows = mixture.standardise(features)
    running = Mixture.from_moments(mixture.running, 0.1)
    energy = -running.log_joint(rows).logsumexp(1).mean()
    assert bound > energy + 0.01


def test_the_bound_is_tight_where_memberships_are_those_of_the_mixture(network, x):
    mixture = network.eval().latent_mixture
    torch.nn.init.zeros_(mixture.estimator[-1].weight)
    features = network.latent_features(x)
    mixture.reg_covar = 0.0
    bound, _ = mixture.loss(features)
    energy = -mixture.guess.mixture.log_joint(mixture.standardise(features)).logsumexp(1).mean()
    torch.testing.assert_close(bound, energy.float(), rtol=1e-4, atol=1e-4)


def test_the_gradient_of_the_code_variance_is_that_of_the_batch():
    mixture = MixtureAutoEncoder(**ARGUMENTS).latent_mixture
    features = torch.randn(64, 4, dtype=torch.float64, requires_grad=True)
    # Running moments of these very rows.
    mixture.running = Moments(*(part.detach() for part in mixture.moments(features)))
    _, covariance = mixture.eval().loss(features)
    (gradient,) = torch.autograd.grad(covariance, features)
    alone = Mixture.from_moments(mixture.moments(features), 0.1).covariances
    alone = alone.diagonal(dim1=1, dim2=2)[:, :2].reciprocal().sum()
    torch.testing.assert_close(covariance, alone.float())
    (expected,) = torch.autograd.grad(alone, features)
    torch.testing.assert_close(gradient, expected)


def test_running_moments_follow_the_batches_and_not_validation(network, x):
    mixture = network.latent_mixture
    features = network.latent_features(x).detach()
    mixture.eval().loss(features)
    before = mixture.running
    mixture.loss(features)
    assert mixture.running is before
    mixture.train().loss(features)
    rate = len(x) / 1024
    expected = before.counts.lerp(mixture.moments(features).counts, rate)
    torch.testing.assert_close(mixture.running.counts, expected)


def test_scores_are_log_densities_of_the_latent_features():
    network = MixtureAutoEncoder(**ARGUMENTS)
    mixture = network.latent_mixture
    mixture.location.copy_(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    mixture.scale.copy_(torch.tensor([0.5, 2.0, 3.0, 0.1]))
    x = torch.randn(10, 5)
    features = network.latent_features(x)
    expected = torch.distributions.Normal(mixture.location, mixture.scale).log_prob(features)
    torch.testing.assert_close(network.row_scores(x), expected.sum(1))


def test_scores_of_drawn_codes_are_means_over_the_same_noise():
    network = MixtureVAE(**VARIATIONAL).eval()
    x = torch.randn(10, 5)
    mean, log_variance = network.posterior(x)
    scores = [
        network.latent_mixture.log_density(
            network._features(x, mean + noise * torch.exp(0.5 * log_variance))
        )
        for noise in network.code_noise
    ]
    assert len(scores) == 4
    torch.testing.assert_close(network.row_scores(x), torch.stack(scores).mean(0))
    torch.testing.assert_close(network.row_scores(x), network.row_scores(x), rtol=0, atol=0)
    assert (network.drawn_features(x) != network.drawn_features(x)).any()
    assert network.drawn_features(x).shape == (40, 4)


def test_a_mixture_that_needs_jitter_has_it_and_says_so(network, x):
    mixture = network.latent_mixture
    moments = mixture.moments(network.latent_features(x).detach())
    # As if a sum of squares had been rounded down.
    moments.products[0] -= torch.diag(moments.products[0].diagonal() * 2)
    jitter = mixture.settle(moments)
    assert jitter > 0
    assert torch.linalg.cholesky_ex(mixture.fitted.covariances).info.sum() == 0
    assert network.row_scores(x).isfinite().all()


def test_memberships_are_shares(network, x):
    membership = network.membership(x)
    assert membership.shape == (64, 3)
    np.testing.assert_allclose(membership.sum(1).detach(), 1.0)
