import numpy as np
import pytest
import torch

import skvae.training.mixtures
from skvae import MLP
from skvae.networks import MixtureAutoEncoder, MixtureVAE
from skvae.networks.gaussians import Mixture
from skvae.training.mixtures import draw_features, fit_mixture

ARGUMENTS = {
    "architecture": MLP(hidden_layer_sizes=8),
    "input_shape": (3,),
    "latent_dim": 2,
    "reconstruction_features": ("cosine",),
    "n_components": 2,
    "reg_covar": 0.1,
    "energy_weight": 0.1,
    "covariance_weight": 0.005,
}


@pytest.fixture
def network():
    variational = {"likelihood": "gaussian", "sigma": None, "beta": 1.0, "samples": 4}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return MixtureVAE(**ARGUMENTS, **variational).eval()


@pytest.fixture
def X(rng):
    return rng.standard_normal((100, 3))


def test_the_draws_follow_from_the_seed_and_leave_no_trace(network, X):
    state = torch.random.get_rng_state()
    first, again, other = (
        draw_features(network, X, np.arange(100), seed=seed, device="cpu") for seed in (0, 0, 1)
    )
    assert first.shape == (400, 3)
    np.testing.assert_array_equal(first, again)
    assert (first[:, :2] != other[:, :2]).all()
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_mixture_is_that_of_all_drawn_features(network, X):
    features = draw_features(network, X, np.arange(100), seed=0, device="cpu")
    expected = Mixture.from_moments(network.latent_mixture.moments(torch.from_numpy(features)), 0.1)
    assert fit_mixture(network, X, seed=0, device="cpu") == 0.0
    for value, wanted in zip(network.latent_mixture.fitted.mixture, expected, strict=True):
        torch.testing.assert_close(value, wanted)


def test_batches_do_not_matter(X, monkeypatch):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = MixtureAutoEncoder(**ARGUMENTS).eval()
    mixtures = []
    for batch_rows in (lambda n_values: 100, lambda n_values: 7):
        monkeypatch.setattr(skvae.training.mixtures, "batch_rows_for", batch_rows)
        fit_mixture(network, X, seed=0, device="cpu")
        mixtures.append([part.clone() for part in network.latent_mixture.fitted.mixture])
    for value, expected in zip(*mixtures, strict=True):
        # The features, in float32, are rounded as the batches are shaped.
        torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-6)
