import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

from skvae import MLP
from skvae.likelihoods import Gaussian
from skvae.networks import AE, VAE, MixtureNetwork
from skvae.networks.mixture import Mixture
from skvae.rows import subset
from skvae.runtime.isolation import isolated
from skvae.runtime.recipe import Recipe, weights_of
from skvae.training.mixture import settle, train_mixture
from skvae.training.schedule import Schedule

AUTOENCODER = {"architecture": MLP(hidden_layer_sizes=8), "input_shape": (3,), "latent_dim": 2}
ARGUMENTS = {
    "latent_dim": 2,
    "reconstruction_features": ("cosine",),
    "n_components": 2,
    "reg_covar": 0.1,
    "energy_weight": 0.1,
    "covariance_weight": 0.005,
}
CPU = torch.device("cpu")


def recipe(variational=True, seed=0):
    settings = {"likelihood": Gaussian, "beta": 1.0} if variational else {}
    autoencoder = partial(VAE if variational else AE, **AUTOENCODER, **settings)
    return Recipe(MixtureNetwork, {**ARGUMENTS, "autoencoder": autoencoder, "n_draws": 4}, seed)


def train(X, **arguments):
    schedule = Schedule(n_steps=20, batch_size=25, lr=0.01)
    return train_mixture(recipe(**arguments), X, schedule, device="cpu")


@pytest.fixture
def X(rng):
    return rng.standard_normal((100, 3))


def test_the_first_stage_is_the_autoencoder_alone_and_the_second_a_quarter(X):
    network, history = train(X)
    assert [epoch["epoch"] for epoch in history] == list(range(1, 8))
    assert ["train_energy" in epoch for epoch in history] == 5 * [False] + 2 * [True]
    assert not network.training


def test_the_network_is_built_once(X, monkeypatch):
    builds = []
    build = Recipe.build
    monkeypatch.setattr(Recipe, "build", lambda *given: builds.append(1) or build(*given))
    train(X)
    assert len(builds) == 1


def test_the_seed_decides_and_leaves_no_trace(X):
    state = torch.random.get_rng_state()
    first, again, other = (weights_of(train(X, seed=seed)[0]) for seed in (0, 0, 1))
    np.testing.assert_equal(first, again)
    assert (first["head.fitted.means"] != other["head.fitted.means"]).any()
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_mixture_is_that_of_the_drawn_features_of_all_rows(X):
    network, _ = train(X)
    x = torch.from_numpy(X).float()
    with isolated(5, CPU), torch.no_grad():
        moments = network.moments(x, torch.randn(4, 100, 2))
    with isolated(5, CPU), torch.no_grad():
        assert settle(network, subset(X, np.arange(len(X)))) == 0.0
    expected = Mixture.from_moments(moments, 0.1)
    for value, wanted in zip(network.head.fitted.value, expected, strict=True):
        torch.testing.assert_close(value, wanted)


def test_batches_do_not_matter(X, monkeypatch):
    network, _ = train(X, variational=False)
    mixtures = []
    for n_rows in (100, 7):
        monkeypatch.setattr("skvae.training.mixture.batch_rows_for", lambda shape, n=n_rows: n)
        with torch.no_grad():
            settle(network, subset(X, np.arange(len(X))))
        mixtures.append([part.clone() for part in network.head.fitted.value])
    for value, expected in zip(*mixtures, strict=True):
        # The features, in float32, are rounded as the batches are shaped.
        torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-6)


def test_fits_in_threads_change_neither_each_other_nor_the_process(rng):
    X = rng.standard_normal((2000, 3))
    expected = [weights_of(train(X, seed=seed)[0]) for seed in range(4)]
    n_threads = [library["num_threads"] for library in threadpool_info()]
    filters = list(warnings.filters)
    together = threading.Barrier(4, timeout=60)

    def fit(seed):
        together.wait()
        return weights_of(train(X, seed=seed)[0])

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(fit, range(4)))
    assert [library["num_threads"] for library in threadpool_info()] == n_threads
    assert warnings.filters == filters
    for result, alone in zip(results, expected, strict=True):
        np.testing.assert_equal(result, alone)
