from functools import partial

import numpy as np
import pytest
import torch

from skvae import MLP
from skvae.likelihoods import Gaussian
from skvae.networks import AE, VAE, MixtureNetwork
from skvae.networks.mixture import Mixture
from skvae.training.loss import mean_terms

AUTOENCODER = {
    "architecture": MLP(hidden_layer_sizes=(8,)),
    "input_shape": (5,),
    "latent_dim": 2,
}
ARGUMENTS = {
    "latent_dim": 2,
    "reconstruction_features": ("relative_euclidean", "cosine"),
    "n_components": 3,
    "reg_covar": 0.1,
    "energy_weight": 0.1,
    "covariance_weight": 0.005,
}


def build(variational):
    if not variational:
        return MixtureNetwork(partial(AE, **AUTOENCODER), **ARGUMENTS)
    autoencoder = partial(VAE, **AUTOENCODER, likelihood=Gaussian, beta=0.1)
    return MixtureNetwork(autoencoder, **ARGUMENTS, n_draws=4)


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.fixture(params=["plain", "variational"])
def network(request, x):
    network = build(request.param == "variational")
    # Three Gaussians that differ, and an estimation network with an opinion.
    guess = network.head.guess.value._replace(means=torch.randn(3, 4).double())
    network.head.start(torch.zeros(4), torch.ones(4), guess)
    torch.nn.init.normal_(network.head.estimator[-1].weight)
    with torch.no_grad():
        network.head.settle(network.moments(x, torch.randn(4, 64, 2)))
    return network


@pytest.fixture
def x():
    return torch.randn(64, 5)


def noise_for(network, x):
    return torch.randn(len(x), network.noise_dim) if network.noise_dim else None


def test_every_parameter_gets_a_gradient(network, x):
    mean_terms(network.terms(x, noise_for(network, x)))["loss"].backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in network.parameters())


def test_the_loss_is_that_of_the_autoencoder_and_that_of_the_mixture(network, x):
    network.eval()
    means = mean_terms(network.terms(x))
    autoencoder = mean_terms(network.autoencoder.terms(x))["loss"]
    expected = autoencoder + 0.1 * means["energy"] + 0.005 * means["covariance"]
    torch.testing.assert_close(means["loss"], expected)
    assert network.noise_dim == network.autoencoder.noise_dim


def test_the_energy_in_the_loss_is_a_bound_on_the_energy(network, x):
    mixture = network.eval().head
    features = network.latent_features(x)
    bound, _ = mixture.loss(features)
    rows = mixture.standardise(features)
    running = Mixture.from_moments(mixture.running.value, 0.1)
    energy = -running.log_joint(rows).logsumexp(1)
    assert (bound >= energy - 1e-4).all()
    assert bound.mean() > energy.mean() + 0.01


def test_the_bound_is_tight_where_memberships_are_those_of_the_mixture(network, x):
    mixture = network.eval().head
    torch.nn.init.zeros_(mixture.estimator[-1].weight)
    features = network.latent_features(x)
    mixture.reg_covar = 0.0
    bound, _ = mixture.loss(features)
    energy = -mixture.guess.value.log_joint(mixture.standardise(features)).logsumexp(1)
    torch.testing.assert_close(bound, energy.float(), rtol=1e-4, atol=1e-4)


def test_the_gradient_of_the_code_variance_is_that_of_the_batch():
    mixture = build(variational=False).head
    features = torch.randn(64, 4, dtype=torch.float64, requires_grad=True)
    # Running moments of these very rows.
    mixture.running.value = mixture.moments(features)
    _, covariance = mixture.eval().loss(features)
    (gradient,) = torch.autograd.grad(covariance, features)
    alone = Mixture.from_moments(mixture.moments(features), 0.1).covariances
    alone = alone.diagonal(dim1=1, dim2=2)[:, :2].reciprocal().sum()
    torch.testing.assert_close(covariance, alone.float())
    (expected,) = torch.autograd.grad(alone, features)
    torch.testing.assert_close(gradient, expected)


def test_running_moments_follow_the_batches_and_not_validation(network, x):
    mixture = network.head
    features = network.latent_features(x).detach()
    before = [part.clone() for part in mixture.running.value]
    mixture.eval().loss(features)
    assert all(torch.equal(*pair) for pair in zip(mixture.running.value, before, strict=True))
    mixture.train().loss(features)
    rate = len(x) / 1024
    expected = before[0].lerp(mixture.moments(features).counts, rate)
    torch.testing.assert_close(mixture.running.value.counts, expected)


def test_running_moments_are_part_of_the_state(network, x):
    state = {name: value.clone() for name, value in network.state_dict().items()}
    before = network.train().head.running.value.counts.clone()
    network.terms(x, noise_for(network, x))
    assert not torch.equal(network.head.running.value.counts, before)
    network.load_state_dict(state)
    assert torch.equal(network.head.running.value.counts, before)


def test_scores_are_log_densities_of_the_latent_features():
    network = build(variational=False)
    location, scale = torch.tensor([[1.0, 2.0, 3.0, 4.0], [0.5, 2.0, 3.0, 0.1]])
    network.head.start(location, scale, network.head.guess.value)
    x = torch.randn(10, 5)
    features = network.latent_features(x)
    expected = torch.distributions.Normal(location, scale).log_prob(features)
    torch.testing.assert_close(network.log_density(x).float(), expected.sum(1))


def test_scores_of_drawn_codes_are_means_over_the_same_noise():
    network = build(variational=True).eval()
    x = torch.randn(10, 5)
    mean, log_variance = network.autoencoder.posterior(x)
    scores = [
        network.head.log_density(network._features(x, mean + draw * torch.exp(0.5 * log_variance)))
        for draw in network.draws
    ]
    assert len(scores) == 4
    torch.testing.assert_close(network.log_density(x), torch.stack(scores).mean(0))
    assert torch.equal(network.log_density(x), network.log_density(x))
    noise = torch.randn(4, 10, 2)
    assert network.drawn_features(x, noise).shape == (40, 4)
    assert torch.equal(network.drawn_features(x, noise), network.drawn_features(x, noise))


def test_a_mixture_that_needs_jitter_has_it_and_says_so(network, x):
    mixture = network.head
    with torch.no_grad():
        moments = mixture.moments(network.latent_features(x))
    # As if a sum of squares had been rounded down.
    moments.products[0] -= torch.diag(moments.products[0].diagonal() * 2)
    jitter = mixture.settle(moments)
    assert jitter > 0
    assert torch.linalg.cholesky_ex(mixture.fitted.value.covariances).info.sum() == 0
    assert network.log_density(x).isfinite().all()


def test_memberships_are_shares(network, x):
    membership = network.membership(x)
    assert membership.shape == (64, 3)
    np.testing.assert_allclose(membership.sum(1).detach(), 1.0)
