import numpy as np
import pytest
import torch
from instances import cheap
from sklearn.datasets import make_blobs

from skvae import AEGMMDetector, VAEGMMDetector
from skvae.runtime.apply import BATCH_ROWS


@pytest.fixture(params=[AEGMMDetector, VAEGMMDetector], ids=["AEGMM", "VAEGMM"])
def mixture_detector(request):
    return request.param


def test_the_mixture_follows_from_the_memberships_of_all_rows_that_are_learned(rng):
    X = rng.standard_normal((BATCH_ROWS + 1000, 4))
    detector = cheap(AEGMMDetector, max_epochs=1, reg_covar=0.1).fit(X)
    learned = np.delete(X, detector.held_out_indices_, axis=0)
    features = detector.latent_features(learned).astype(np.float64)
    membership = detector.membership(learned).astype(np.float64)
    mixture = detector.mixture_
    np.testing.assert_allclose(mixture.weights, membership.mean(axis=0), rtol=1e-4)
    for k, weights in enumerate(membership.T):
        mean = np.average(features, axis=0, weights=weights)
        np.testing.assert_allclose(mixture.means[k], mean, rtol=1e-3, atol=1e-4)
        covariance = np.cov(features.T, aweights=weights, ddof=0)
        covariance += 0.1 * np.diag(features.var(axis=0))
        scale = np.sqrt(np.outer(features.var(axis=0), features.var(axis=0)))
        np.testing.assert_allclose(mixture.covariances[k] / scale, covariance / scale, atol=1e-3)


def test_latent_features_are_code_and_reconstruction_features(mixture_detector, X):
    detector = cheap(
        mixture_detector, standardize=False, reconstruction_features=["euclidean"]
    ).fit(X)
    features = detector.latent_features(X)
    distance = np.linalg.norm(X - detector.reconstruct(X), axis=1)
    np.testing.assert_allclose(features[:, :2], detector.encode(X), rtol=1e-6)
    np.testing.assert_allclose(features[:, 2], distance, rtol=1e-4, atol=1e-5)
    assert detector.mixture_.means.shape == (2, 3)


def largest_error(x, reconstruction):
    return (x - reconstruction).abs().flatten(1).amax(1)


def test_reconstruction_features_can_be_functions(X):
    detector = cheap(
        AEGMMDetector, standardize=False, reconstruction_features=(largest_error,)
    ).fit(X)
    expected = abs(X - detector.reconstruct(X)).max(axis=1)
    np.testing.assert_allclose(detector.latent_features(X)[:, -1], expected, rtol=1e-4, atol=1e-5)


def test_unknown_reconstruction_features(X):
    with pytest.raises(ValueError, match=r"holds 'cosin'. Each must be one of \['cosine', "):
        cheap(AEGMMDetector, reconstruction_features=("cosin",)).fit(X)


@pytest.mark.parametrize(
    ("feature", "found"),
    [
        (lambda x, reconstruction: x, r"returned torch.Size\(\[\d+, 5\]\)"),
        (lambda x, reconstruction: torch.zeros(3), r"returned torch.Size\(\[3\]\)"),
        (lambda x, reconstruction: 0.0, "returned float"),
    ],
)
def test_reconstruction_features_of_another_shape(X, feature, found):
    with pytest.raises(ValueError, match=f"one number for each of the .* rows, but it {found}"):
        cheap(AEGMMDetector, reconstruction_features=(feature,)).fit(X)


def no_number(x, reconstruction):
    return x.sum(1) * float("nan")


def test_a_reconstruction_feature_that_is_not_finite_is_named(X):
    with pytest.raises(FloatingPointError, match="not finite: <function no_number"):
        cheap(AEGMMDetector, reconstruction_features=("cosine", no_number)).fit(X)


def test_the_code_alone_can_be_enough(mixture_detector, X):
    detector = cheap(mixture_detector, reconstruction_features=()).fit(X)
    assert detector.latent_features(X).shape == (200, 2)


def test_clusters_are_found():
    X, label = make_blobs([300, 100], n_features=4, centers=None, random_state=0)
    detector = cheap(AEGMMDetector, max_epochs=40).fit(X)
    first = detector.membership(X)[:, 0] > 0.5
    assert max(np.mean(first == label), np.mean(first != label)) > 0.99
    share = np.delete(label, detector.held_out_indices_).mean()
    np.testing.assert_allclose(sorted(detector.mixture_.weights), [share, 1 - share], atol=0.01)


def test_feature_scores_are_errors_of_the_reconstruction(mixture_detector, X):
    detector = cheap(mixture_detector, standardize=False).fit(X)
    expected = -((X - detector.reconstruct(X)) ** 2)
    np.testing.assert_allclose(detector.feature_scores(X), expected, rtol=1e-3, atol=1e-5)


def test_the_energy_falls_while_both_are_trained(rng):
    X = rng.standard_normal((500, 6)) * [3, 3, 1, 1, 1, 1]
    detector = cheap(AEGMMDetector, max_epochs=60, lr=1e-2, energy_weight=1.0).fit(X)
    energy = [epoch["train_energy"] for epoch in detector.history_ if "train_energy" in epoch]
    assert len(energy) == 15
    assert energy[-1] < energy[0] - 0.5


def test_more_components_than_rows(mixture_detector, X):
    with pytest.raises(ValueError, match=r"n_components=7, but only 4 of the n_samples = 5"):
        cheap(mixture_detector, n_components=7).fit(X[:5])


def test_a_covariance_that_is_not_positive_definite_is_told(X, monkeypatch):
    monkeypatch.setattr("skvae.training.mixture.settle", lambda network, rows: 1e-8)
    with pytest.warns(UserWarning, match=r"until 1e-08 times .* Raise reg_covar \(now 0.1\)"):
        cheap(AEGMMDetector).fit(X)


HARD = {
    "constant column": lambda X: np.c_[X, np.full(len(X), 3.0)],
    "duplicate columns": lambda X: np.c_[X, X],
    "equal rows": lambda X: np.repeat(X[:1], 50, axis=0),
    "two rows, many times": lambda X: np.repeat(X[:2], 50, axis=0),
    "collinear columns": lambda X: X[:, :1] * np.arange(1, 5),
    "zeros": np.zeros_like,
    "large values": lambda X: 1e6 * X,
    "small values": lambda X: 1e-6 * X,
    "five rows": lambda X: X[:5],
}


@pytest.mark.filterwarnings("ignore:contamination='auto' asks for")
@pytest.mark.parametrize("reg_covar", [0.0, 0.1])
@pytest.mark.parametrize("hard", HARD)
def test_scores_are_finite_on_hard_rows(mixture_detector, X, hard, reg_covar):
    X = HARD[hard](X)
    detector = cheap(mixture_detector, n_components=4, max_epochs=4, reg_covar=reg_covar).fit(X)
    for rows in (X, X + 1, 1e12 * np.ones_like(X)):
        assert np.isfinite(detector.score_samples(rows)).all()
        assert np.isfinite(detector.membership(rows)).all()
    assert all(np.isfinite(part).all() for part in detector.mixture_.values())
