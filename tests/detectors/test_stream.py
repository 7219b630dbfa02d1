"""Detectors that learn from a stream."""

import pickle

import numpy as np
import pytest
import skops.io
from conftest import name
from instances import cheap
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from skvae import (
    TRUSTED_TYPES,
    AEGMMDetector,
    AEOutlierDetector,
    VAEGMMDetector,
    VAEOutlierDetector,
)
from skvae.datasets import load_penguins
from skvae.detectors import _stream
from skvae.detectors._stream import N_LEARNED, N_LEFT_OUT
from skvae.rows import Remembered
from skvae.training.engine import Engine

ON_NETWORKS = [AEOutlierDetector, VAEOutlierDetector, AEGMMDetector, VAEGMMDetector]


def stream_of(detector, X, n_parts=5):
    for part in np.array_split(X, n_parts):
        detector.partial_fit(part)
    return detector


@pytest.mark.parametrize("detector_class", ON_NETWORKS, ids=name)
def test_parts_of_a_table_teach_what_all_of_it_does(detector_class, X):
    odd = X.mean(0) + 8 * np.random.RandomState(0).normal(size=X.shape)
    y = np.repeat([1, -1], len(X))
    detectors = [cheap(detector_class).fit(X), stream_of(cheap(detector_class), X)]
    whole, stream = (
        roc_auc_score(y, detector.score_samples(np.concatenate([X, odd]))) for detector in detectors
    )
    assert stream > whole - 0.05


@pytest.mark.parametrize("detector_class", [VAEOutlierDetector, AEGMMDetector], ids=name)
def test_the_same_stream_gives_the_same_scores_also_through_a_pickle(detector_class, X):
    one, other = stream_of(cheap(detector_class), X), cheap(detector_class)
    for part in np.array_split(X, 5):
        other = pickle.loads(pickle.dumps(other.partial_fit(part)))
    assert_array_equal(one.score_samples(X), other.score_samples(X))
    assert_array_equal(one.held_out_scores_, other.held_out_scores_)
    assert one.offset_ == other.offset_


def test_a_stream_goes_on_from_a_file(X):
    detector = stream_of(cheap(VAEOutlierDetector), X)
    loaded = skops.io.loads(skops.io.dumps(detector), trusted=TRUSTED_TYPES)
    assert_array_equal(
        loaded.partial_fit(X).score_samples(X), detector.partial_fit(X).score_samples(X)
    )


def test_held_out_rows_are_never_learned(X, monkeypatch):
    learned, original = [], Engine.run
    monkeypatch.setattr(
        Engine,
        "run",
        lambda self, train, state: (
            learned.append(np.asarray(train.dataset)[train.indices]) or original(self, train, state)
        ),
    )
    detector = stream_of(cheap(VAEOutlierDetector, standardize=False), X, 4)
    held_out = X[detector.held_out_indices_].astype(np.float32)
    assert detector.n_samples_seen_ == len(X)
    assert (np.diff(detector.held_out_indices_) > 0).all()
    assert_array_equal(
        detector.score_samples(X)[detector.held_out_indices_], detector.held_out_scores_
    )
    assert len(learned) == 4
    for rows in learned:
        assert not (rows[:, None] == held_out).all(2).any()
    assert len(learned[-1]) + len(held_out) == len(X)


def test_numbers_are_scaled_as_suits_all_rows_seen(X):
    far = 1000 + 50 * X
    stream = stream_of(cheap(VAEOutlierDetector), np.concatenate([far[:50], far[50:] * 3]))
    rows = stream._table.cells_back(stream._learned.rows)
    np.testing.assert_allclose(rows.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(rows.std(0), 1, atol=1e-5)
    seen = np.concatenate([far[:50], far[50:] * 3])[stream._learned.numbers]
    np.testing.assert_allclose(stream._learned.rows, seen, rtol=1e-5)


def test_words_and_gaps_of_a_stream():
    penguins = load_penguins().sample(frac=1, random_state=0)
    detector = cheap(VAEOutlierDetector)
    for start in range(0, len(penguins), 100):
        detector.partial_fit(penguins[start : start + 100])
    odd = penguins[:50].assign(species="Adelie", flipper_length_mm=300.0)
    assert np.median(detector.score_samples(odd)) < detector.offset_


@pytest.mark.parametrize("detector_class", ON_NETWORKS, ids=name)
def test_gaps_that_come_later_do_no_harm(detector_class, X):
    detector = cheap(detector_class, max_steps=50).partial_fit(X[:100])
    with_gaps = X[100:].copy()
    with_gaps[:20, 0] = np.nan
    detector.partial_fit(with_gaps)
    assert not np.isnan(detector._learned.rows).any()
    assert np.isfinite(detector.partial_fit(X[:50]).score_samples(with_gaps)).all()


def test_parameters_are_validated_at_each_call(X):
    detector = cheap(VAEOutlierDetector, max_steps=5).partial_fit(X)
    with pytest.raises(ValueError, match="The 'lr' parameter"):
        detector.set_params(lr="fast").partial_fit(X)


def test_images_of_a_stream(rng):
    images = rng.randint(0, 256, size=(60, 8, 8)).astype(np.uint8)
    detector = stream_of(cheap(AEOutlierDetector), images, 3)
    assert detector.reconstruct(images).shape == images.shape
    assert detector._learned.rows.dtype == np.uint8


def test_the_threshold_moves_with_the_rows(X, monkeypatch):
    monkeypatch.setattr(_stream, "N_LEARNED", 300)
    monkeypatch.setattr(_stream, "N_LEFT_OUT", 60)
    detector = cheap(VAEOutlierDetector, contamination=0.1, threshold="held_out", max_steps=100)
    rng = np.random.RandomState(0)
    for _ in range(3):
        detector.partial_fit(rng.normal(size=(200, 5)))
    moved = rng.normal(size=(200, 5)) * [3, 1, 1, 1, 1] + [8, 0, 0, 0, 0]
    before = (detector.predict(moved) == -1).mean()
    for _ in range(6):
        detector.partial_fit(rng.normal(size=(200, 5)) * [3, 1, 1, 1, 1] + [8, 0, 0, 0, 0])
    assert before > 0.9
    assert (detector.predict(moved) == -1).mean() < 0.3


def test_single_rows_are_a_stream_too(X):
    detector = cheap(VAEOutlierDetector, max_steps=5).partial_fit(X[:50])
    for row in X[50:60]:
        detector.partial_fit([row])
    assert detector.n_samples_seen_ == 60


def test_a_call_that_fails_leaves_the_detector_as_it_was(X):
    detector = stream_of(cheap(VAEOutlierDetector), X)
    scores, seen = detector.score_samples(X), detector.n_samples_seen_
    detector.set_params(lr=1e30)
    with pytest.raises(FloatingPointError):
        detector.partial_fit(X)
    assert detector.n_samples_seen_ == seen
    assert_array_equal(detector.score_samples(X), scores)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"memory": "somewhere"}, "no use for memory"),
        ({"checkpoint": "somewhere"}, "no use for checkpoint"),
        ({"n_estimators": 3}, "trains one network, but n_estimators=3"),
    ],
)
def test_what_has_no_meaning_for_a_stream_is_refused(X, arguments, message):
    with pytest.raises(ValueError, match=message):
        cheap(VAEOutlierDetector, **arguments).partial_fit(X)


def test_fit_begins_anew_and_remembers_nothing(X):
    detector = stream_of(cheap(VAEOutlierDetector), X)
    fresh = clone(detector).fit(X)
    assert_array_equal(detector.fit(X).score_samples(X), fresh.score_samples(X))
    assert not hasattr(detector, "n_samples_seen_")
    with pytest.warns(UserWarning, match="begins anew, since fit remembers no rows") as warned:
        detector.partial_fit(X[:100])
    assert warned[0].filename == __file__
    assert detector.n_samples_seen_ == 100


def test_what_is_remembered_is_a_sample_of_the_last_rows():
    random = np.random.RandomState(0)
    remembered = Remembered.nothing((1,), np.float64)
    for start in range(0, 4000, 40):
        numbers = np.arange(start, start + 40)
        remembered = remembered.and_also(numbers[:, None] * 1.0, numbers, 500, random)
        assert len(remembered) == min(start + 40, 500)
        assert_array_equal(remembered.rows[:, 0], remembered.numbers)
    ages = 3999 - remembered.numbers
    assert len(set(remembered.numbers)) == 500
    assert 400 < ages.mean() < 600


def test_a_stream_needs_no_more_room_than_its_memory(monkeypatch):
    rng = np.random.RandomState(0)
    detector = cheap(VAEOutlierDetector, max_steps=2)
    for _ in range(3):
        detector.partial_fit(rng.normal(size=(8000, 2)))
    assert len(detector._learned) == N_LEARNED
    assert len(detector._left_out) == N_LEFT_OUT
    assert len(pickle.dumps(detector)) < 16 * 2 * (N_LEARNED + N_LEFT_OUT)
