import numpy as np
import pytest
import scipy.stats
import torch
from instances import cheap

from skvae import VAEOutlierDetector
from skvae.metrics import outlier_roc_auc_score


@pytest.mark.parametrize("likelihood", ["student_t", "gaussian"])
def test_scores_are_computed_from_the_parts_of_the_network(X, likelihood):
    detector = cheap(VAEOutlierDetector, standardize=False, likelihood=likelihood, sigma=0.5).fit(X)
    error = X - detector.reconstruct(X)
    detector.set_params(score_type="reconstruction")
    np.testing.assert_allclose(detector.score_samples(X), -(error**2).sum(axis=1), rtol=1e-4)
    density = (
        scipy.stats.norm(scale=0.5) if likelihood == "gaussian" else scipy.stats.t(3, scale=0.5)
    )
    mean = detector.encode(X)
    log_variance = detector.network_.posterior(torch.from_numpy(X).float())[1].detach().numpy()
    kl = 0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1).sum(axis=1)
    np.testing.assert_allclose(
        detector.set_params(score_type="elbo").score_samples(X),
        density.logpdf(error).sum(axis=1) - kl,
        rtol=1e-4,
    )


def test_the_score_can_be_changed_after_fit(X):
    detector = cheap(VAEOutlierDetector, contamination=0.1).fit(X)
    for score in ("elbo", "reconstruction", "reconstruction_probability"):
        detector.set_params(score_type=score).calibrate(X)
        assert (detector.predict(X) == -1).sum() == 20
        expected = cheap(VAEOutlierDetector, contamination=0.1, score_type=score).fit(X)
        np.testing.assert_array_equal(detector.score_samples(X), expected.score_samples(X))
        assert detector.offset_ == expected.offset_


@pytest.mark.parametrize("parameter", [{"score_type": "foo"}, {"top_features": 0}])
def test_parameters_set_after_fit_are_checked(X, parameter):
    (name,) = parameter
    detector = cheap(VAEOutlierDetector).fit(X).set_params(**parameter)
    with pytest.raises(ValueError, match=f"'{name}' parameter of VAEOutlierDetector must be"):
        detector.predict(X)


def test_score_is_the_mean_score(X):
    detector = cheap(VAEOutlierDetector).fit(X)
    assert detector.score(X) == pytest.approx(detector.score_samples(X).mean())


def test_samples_look_like_the_rows(rng):
    X = rng.multivariate_normal([3.0, -1.0], [[1.0, 0.9], [0.9, 1.0]], 2000)
    settings = {"beta": 1.0, "max_epochs": 40, "batch_size": 100, "lr": 1e-2}
    detector = cheap(VAEOutlierDetector, likelihood="gaussian", **settings).fit(X)
    sample = detector.sample(5000)
    assert sample.shape == (5000, 2)
    np.testing.assert_array_equal(sample, detector.sample(5000))
    np.testing.assert_allclose(sample.mean(axis=0), [3.0, -1.0], atol=0.15)
    np.testing.assert_allclose(np.cov(sample.T), [[1.0, 0.9], [0.9, 1.0]], atol=0.15)


@pytest.mark.parametrize("n_samples", [0, -1, 2.5, "a"])
def test_bad_numbers_of_samples(X, n_samples):
    with pytest.raises(ValueError, match="'n_samples' parameter of sample must be"):
        cheap(VAEOutlierDetector).fit(X).sample(n_samples)


def test_a_fixed_sigma_is_kept_and_a_learned_one_finds_the_noise(rng):
    code = rng.standard_normal((2000, 1))
    X = code + rng.standard_normal((2000, 6)) * [0.1, 0.1, 0.1, 0.5, 0.5, 0.5]
    settings = {"likelihood": "gaussian", "latent_dim": 1, "max_epochs": 60, "lr": 1e-2}
    learned = cheap(VAEOutlierDetector, beta=1.0, **settings).fit(X)
    sigma = learned.network_.likelihood.log_sigma.exp().detach().numpy()
    assert (sigma[:3] < 0.3).all()
    assert (sigma[3:] > 0.35).all()
    fixed = cheap(VAEOutlierDetector, sigma=0.25, **settings).fit(X)
    np.testing.assert_allclose(fixed.network_.likelihood.log_sigma.exp().numpy(), 0.25, rtol=1e-6)


def test_a_vae_beats_the_distance_from_the_mean(rng):
    angle = rng.uniform(0, 2 * np.pi, 1000)
    X = np.c_[np.cos(angle), np.sin(angle)] + 0.05 * rng.standard_normal((1000, 2))
    outliers = 0.3 * rng.standard_normal((100, 2))
    detector = VAEOutlierDetector(latent_dim=1, max_epochs=100, batch_size=100, random_state=0)
    detector.fit(X)
    rows, y = np.r_[X, outliers], np.r_[np.ones(1000), -np.ones(100)]
    assert outlier_roc_auc_score(y, -np.linalg.norm(rows, axis=1)) < 0.5
    assert outlier_roc_auc_score(y, detector.score_samples(rows)) > 0.9
