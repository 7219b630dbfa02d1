"""Distances to the nearest rows of small samples."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from skvae import SamplingOutlierDetector


def test_the_score_is_minus_the_log_of_the_mean_nearest_distance(X, rng):
    new = rng.standard_normal((7, 5))
    detector = SamplingOutlierDetector(
        standardize=False, n_estimators=3, max_samples=20, random_state=0
    ).fit(X)
    assert detector.samples_.shape == (3, 20, 5)
    nearest = [NearestNeighbors().fit(sample).kneighbors(new, 1)[0] for sample in detector.samples_]
    np.testing.assert_allclose(detector.score_samples(new), -np.log(np.mean(nearest, axis=0))[:, 0])


def test_samples_are_training_rows_without_repetition(X):
    detector = SamplingOutlierDetector(standardize=False, n_estimators=1, random_state=0)
    (sample,) = detector.fit(X).samples_
    rows = {row.tobytes() for row in X}
    drawn = {row.tobytes() for row in sample}
    assert len(drawn) == 64
    assert drawn <= rows


def test_a_sampled_row_scores_by_the_second_nearest(X):
    detector = SamplingOutlierDetector(
        standardize=False, n_estimators=1, max_samples=200, random_state=0
    ).fit(X)
    distances, _ = NearestNeighbors().fit(X).kneighbors(n_neighbors=1)
    np.testing.assert_allclose(detector.score_samples(X), -np.log(distances[:, 0]))


def test_a_row_scores_the_same_in_any_batch_and_order_of_memory(rng):
    X = rng.standard_normal((3000, 7))
    detector = SamplingOutlierDetector(random_state=0).fit(X)
    scores = detector.score_samples(X)
    np.testing.assert_array_equal(detector.score_samples(np.asfortranarray(X)), scores)
    for start, stop in [(0, 1), (5, 8), (1000, 1100), (2999, 3000)]:
        np.testing.assert_array_equal(detector.score_samples(X[start:stop]), scores[start:stop])


@pytest.mark.parametrize("rows", [np.ones((30, 3)), np.full((30, 2), 1e300)])
def test_equal_and_huge_rows_have_finite_scores(rows):
    rows[0] = -rows[0]
    detector = SamplingOutlierDetector(standardize=False, random_state=0).fit(rows)
    scores = detector.score_samples(rows)
    assert np.isfinite(scores).all()
    assert scores[0] < scores[1:].min()


def test_a_sample_has_a_second_row_for_its_first(X):
    detector = SamplingOutlierDetector(max_samples=2, random_state=0).fit(X)
    assert (detector.score_samples(X) < 10).all()
    with pytest.raises(ValueError, match="'max_samples' parameter of"):
        SamplingOutlierDetector(max_samples=1).fit(X)


def test_images_score_as_their_flat_rows(rng):
    images = rng.randint(0, 256, (40, 4, 4)).astype(np.uint8)
    scores = SamplingOutlierDetector(random_state=0).fit(images).score_samples(images)
    flat = (images / np.float32(255)).reshape(40, 16)
    detector = SamplingOutlierDetector(standardize=False, random_state=0)
    expected = detector.fit(flat).score_samples(flat)
    np.testing.assert_array_equal(scores, expected)
