"""The laws of scores on a GPU, where there is one."""

import pickle

import numpy as np
import pytest
import torch
from instances import cheap, with_parameter
from sklearn.base import clone

from skvae import AEOutlierDetector, Conv1d, VAEOutlierDetector

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU.")


@pytest.fixture(params=with_parameter("device"), ids=lambda cls: cls.__name__)
def detector(request):
    return cheap(request.param, device="cuda")


def test_same_seed_gives_equal_scores(detector, X):
    scores = detector.fit(X).score_samples(X)
    np.testing.assert_array_equal(clone(detector).fit(X).score_samples(X), scores)


def test_a_row_scores_alike_alone_and_among_others(detector, rng):
    X = rng.normal(size=(3000, 5))
    detector.fit(X[:200])
    scores = detector.score_samples(X)
    np.testing.assert_array_equal(detector.score_samples(X[1023:1030]), scores[1023:1030])
    alone = [detector.score_samples(X[[row]])[0] for row in range(0, 3000, 300)]
    np.testing.assert_array_equal(alone, scores[::300])


def test_scores_agree_with_those_of_the_cpu(detector, X):
    detector.fit(X)
    scores = detector.score_samples(X)
    twin = pickle.loads(pickle.dumps(detector))
    twin.network_.to("cpu")
    twin.device_ = "cpu"
    np.testing.assert_allclose(twin.score_samples(X), scores, rtol=1e-4, atol=1e-4 * scores.std())


def test_pickle_scores_alike(detector, X):
    detector.fit(X)
    twin = pickle.loads(pickle.dumps(detector))
    assert twin.device_ == "cuda"
    np.testing.assert_array_equal(twin.score_samples(X), detector.score_samples(X))


@pytest.mark.parametrize("detector_class", [AEOutlierDetector, VAEOutlierDetector])
def test_members_are_repeatable(detector_class, X):
    members = cheap(detector_class, device="cuda", n_estimators=3)
    first, second = (clone(members).fit(X) for _ in range(2))
    np.testing.assert_array_equal(first.score_samples(X), second.score_samples(X))
    np.testing.assert_array_equal(first.held_out_scores_, second.held_out_scores_)


def test_convolutions_are_repeatable(rng):
    X = rng.normal(size=(200, 32)).astype(np.float32)
    curves = VAEOutlierDetector(architecture=Conv1d(), device="cuda", max_steps=50, random_state=0)
    scores = curves.fit(X).score_samples(X)
    np.testing.assert_array_equal(clone(curves).fit(X).score_samples(X), scores)
    np.testing.assert_array_equal(curves.score_samples(X[:7]), scores[:7])


def test_the_generators_of_the_gpu_are_left_as_they_were(detector, X):
    state = torch.cuda.get_rng_state()
    detector.fit(X)
    assert torch.equal(torch.cuda.get_rng_state(), state)
