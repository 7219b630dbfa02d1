import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

from skvae.networks.mixture.gaussians import (
    Kept,
    Mixture,
    Moments,
    expectation_maximization,
    stable_cholesky,
)


@pytest.fixture
def rows(rng):
    return rng.standard_normal((200, 3)) @ rng.standard_normal((3, 3)) + [1.0, -2.0, 0.5]


def fit(rows, membership, reg_covar=0.0):
    moments = Moments.of(torch.from_numpy(rows), torch.from_numpy(membership))
    return Mixture.from_moments(moments, reg_covar)


def test_the_mixture_is_that_of_an_em_step_of_scikit_learn(rows):
    reference = GaussianMixture(3, reg_covar=0.0, max_iter=5, tol=0.0, random_state=0)
    with pytest.warns(match="did not converge"):
        reference.fit(rows)
    membership = reference.predict_proba(rows)
    reference.warm_start, reference.max_iter = True, 1
    with pytest.warns(match="did not converge"):
        reference.fit(rows)
    mixture = fit(rows, membership)
    # A millionth of all rows belongs to each component beforehand.
    np.testing.assert_allclose(mixture.weights, reference.weights_, rtol=1e-4)
    np.testing.assert_allclose(mixture.means, reference.means_, rtol=1e-4)
    np.testing.assert_allclose(mixture.covariances, reference.covariances_, rtol=1e-3, atol=1e-5)


def test_log_joint_is_that_of_scipy(rows, rng):
    mixture = fit(rows, rng.dirichlet([1.0, 1.0], size=200))
    expected = [
        np.log(weight) + multivariate_normal(mean, covariance).logpdf(rows)
        for weight, mean, covariance in zip(*(part.numpy() for part in mixture), strict=True)
    ]
    np.testing.assert_allclose(mixture.log_joint(torch.from_numpy(rows)).T, expected, rtol=1e-9)


def test_moments_of_batches_average_to_those_of_all_rows(rows, rng):
    membership = rng.dirichlet([1.0, 1.0], size=200)
    whole = Moments.of(torch.from_numpy(rows), torch.from_numpy(membership))
    parts = [
        Moments.of(torch.from_numpy(rows[part]), torch.from_numpy(membership[part]))
        for part in (slice(0, 50), slice(50, 200))
    ]
    for expected, first, second in zip(whole, *parts, strict=True):
        torch.testing.assert_close(0.25 * first + 0.75 * second, expected)


def test_a_mixture_has_the_moments_it_came_from(rows, rng):
    moments = Moments.of(
        torch.from_numpy(rows), torch.from_numpy(rng.dirichlet([1.0, 1.0], size=200))
    )
    again = Mixture.from_moments(moments, 0.0).moments()
    for value, expected in zip(again, moments, strict=True):
        torch.testing.assert_close(value, expected, rtol=1e-4, atol=1e-6)


def test_reg_covar_is_a_share_of_the_variances(rows):
    membership = np.ones((200, 1))
    added = fit(rows, membership, 0.5).covariances - fit(rows, membership).covariances
    np.testing.assert_allclose(added[0], np.diag(0.5 * rows.var(axis=0)), atol=1e-12)


def test_a_component_without_rows_is_as_wide_as_all_rows(rows):
    mixture = fit(rows, np.c_[np.ones(200), np.zeros(200)])
    assert mixture.weights[1] < 1e-5
    np.testing.assert_allclose(mixture.means[1], rows.mean(axis=0))
    np.testing.assert_allclose(mixture.covariances[1], np.cov(rows.T, ddof=0), atol=1e-8)


def test_jitter_grows_until_a_matrix_is_positive_definite():
    for scale in (1.0, 1e20):
        indefinite = scale * torch.diag(torch.tensor([2.0, -3e-6], dtype=torch.float64))[None]
        factors, jitter = stable_cholesky(indefinite)
        assert jitter == pytest.approx(1e-5)
        added = jitter * scale * torch.eye(2, dtype=torch.float64)
        torch.testing.assert_close(factors @ factors.mT, indefinite + added, rtol=1e-5, atol=0)
    assert stable_cholesky(torch.eye(2)[None])[1] == 0.0


def test_what_is_not_finite_stays_so_and_ends():
    factors, _ = stable_cholesky(torch.full((1, 2, 2), torch.nan, dtype=torch.float64))
    assert not factors.isfinite().all()


def test_a_kept_tuple_is_part_of_the_state_and_not_trained(rows):
    kept = Kept(Mixture.standard(1, 3))
    mixture = fit(rows, np.ones((200, 1)))
    kept.value = mixture
    assert not list(kept.parameters())
    other = Kept(Mixture.standard(1, 3))
    other.load_state_dict(kept.state_dict())
    for value, expected in zip(other.value, mixture, strict=True):
        assert value.dtype == torch.float64
        torch.testing.assert_close(value, expected)


def test_expectation_maximization_is_that_of_scikit_learn(rows, rng):
    rows = np.r_[rows, rows + np.array([6.0, 0.0, 0.0])]
    membership = np.eye(2)[rng.randint(0, 2, len(rows))]
    first = fit(rows, membership)
    reference = GaussianMixture(
        2,
        weights_init=first.weights,
        means_init=first.means,
        precisions_init=np.linalg.inv(first.covariances),
        max_iter=1000,
        tol=1e-9,
        reg_covar=1e-12,
    ).fit(rows)
    mixture, log_density = expectation_maximization(
        torch.from_numpy(rows), torch.from_numpy(membership), 0.0, max_iter=1000, tol=1e-9
    )
    assert log_density == pytest.approx(reference.score(rows), abs=1e-4)
    np.testing.assert_allclose(mixture.means, reference.means_, rtol=1e-3, atol=1e-3)
