"""Images: the laws of rows hold, and a map shows where the image is odd."""

import pickle

import numpy as np
import pytest
import torch
from instances import cheap, with_parameter
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skvae import (
    MLP,
    AEOutlierDetector,
    Conv2d,
    ReconstructionHistogramClassifier,
    VAEOutlierDetector,
)
from skvae.features import DifferenceHistogram, ReconstructionDifference

SMALL = Conv2d(filters=(4, 8))


@pytest.fixture(scope="module")
def digits():
    images, digit = load_digits(return_X_y=True)
    return (images.reshape(-1, 8, 8) * 15.9).astype(np.uint8), digit


@pytest.fixture(scope="module")
def ones(digits):
    return digits[0][digits[1] == 1]


def seeing(detector_class, **arguments):
    return cheap(detector_class, **{"architecture": SMALL, "max_epochs": 5, **arguments})


@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 1), (12, 5, 3), (6, 6, 5)])
def test_any_shape(detector_class, rng, shape):
    X = rng.uniform(size=(40, *shape))
    detector = seeing(detector_class, max_epochs=1).fit(X)
    assert detector.score_samples(X).shape == (40,)
    assert detector.feature_scores(X).shape == X.shape
    assert detector.reconstruct(X).shape == X.shape
    assert detector.encode(X).shape == (40, 2)


def test_bytes_are_floats_from_zero_to_one(detector_class, ones):
    detector = seeing(detector_class).fit(ones)
    floats = ones / np.float32(255)
    expected = seeing(detector_class).fit(floats)
    np.testing.assert_array_equal(detector.score_samples(ones), expected.score_samples(floats))
    np.testing.assert_array_equal(detector.score_samples(floats), expected.score_samples(ones))
    assert detector.offset_ == expected.offset_


def test_an_image_that_weighs_two_is_there_twice(ones, rng):
    weights = rng.randint(3, size=len(ones))
    detector = seeing(VAEOutlierDetector).fit(ones, sample_weight=weights)
    twin = seeing(VAEOutlierDetector).fit(ones.repeat(weights, axis=0))
    np.testing.assert_array_equal(detector.score_samples(ones), twin.score_samples(ones))


@pytest.mark.parametrize(
    "container",
    [list, np.ndarray.tolist, torch.from_numpy, lambda X: X.astype(int), lambda X: X.astype("u2")],
)
def test_bytes_are_known_in_any_container(ones, container):
    detector = seeing(AEOutlierDetector).fit(ones)
    np.testing.assert_array_equal(
        detector.score_samples(container(ones)), detector.score_samples(ones)
    )


@pytest.mark.parametrize("value", [-1, 256])
def test_whole_numbers_that_are_no_bytes(ones, value):
    X = ones.astype(int)
    X[3, 4, 5] = value
    with pytest.raises(ValueError, match=rf"bytes, 0 to 255, but X holds {value}\. Pass floats"):
        seeing(AEOutlierDetector).fit(X)


def test_flat_rows_are_images_with_their_shape(detector_class, ones):
    images = ones / np.float32(255)
    flat = images.reshape(len(images), -1)
    detector = seeing(detector_class).fit(images)
    architecture = clone(SMALL).set_params(image_shape=(8, 8))
    same = seeing(detector_class, architecture=architecture).fit(flat)
    np.testing.assert_array_equal(same.score_samples(flat), detector.score_samples(images))
    np.testing.assert_array_equal(
        same.feature_scores(flat), detector.feature_scores(images).reshape(flat.shape)
    )


@pytest.mark.parametrize("detector_class", [AEOutlierDetector, VAEOutlierDetector])
@pytest.mark.parametrize(
    ("shape", "architecture", "fraction"),
    [
        ((8, 8), None, 0.95),
        ((64,), Conv2d(filters=(4,), image_shape=(8, 8)), 0.95),
        ((64,), None, 1.0),
    ],
)
def test_the_worst_images_of_a_step_are_left_out(
    detector_class, ones, shape, architecture, fraction
):
    X = (ones / 255).reshape(-1, *shape)

    def scores(support_fraction):
        detector = cheap(
            detector_class,
            architecture=architecture,
            support_fraction=support_fraction,
            batch_size=60,
        )
        return detector.fit(X).score_samples(X)

    np.testing.assert_array_equal(scores("auto"), scores(fraction))
    assert not np.array_equal(scores("auto"), scores(0.9))


def test_a_pipeline_with_a_scaler(detector_class, digits):
    flat = digits[0][:100].reshape(100, 64)
    architecture = Conv2d(filters=(4, 8), image_shape=(8, 8))
    pipeline = make_pipeline(StandardScaler(), seeing(detector_class, architecture=architecture))
    assert set(pipeline.fit_predict(flat)) == {-1, 1}


@pytest.mark.parametrize("normalization", [False, True])
@pytest.mark.parametrize("method", ["score_samples", "feature_scores", "reconstruct", "encode"])
def test_an_image_gets_the_same_alone_and_among_others(detector_class, rng, normalization, method):
    X = rng.randint(0, 256, (700, 28, 28)).astype(np.uint8)
    architecture = Conv2d(filters=(4, 8), batch_normalization=normalization)
    detector = seeing(detector_class, architecture=architecture, max_epochs=1).fit(X[:100])
    method = getattr(detector, method)
    among_all = method(X)
    for size in (1, 2, 33, 512):
        np.testing.assert_array_equal(method(X[:size]), among_all[:size])
    order = rng.permutation(700)
    np.testing.assert_array_equal(method(X[order]), among_all[order])


def test_copies_score_alike(detector_class, ones):
    architecture = clone(SMALL).set_params(batch_normalization=True)
    detector = seeing(detector_class, architecture=architecture).fit(ones)
    expected = detector.score_samples(ones)
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(detector)).score_samples(ones), expected
    )
    np.testing.assert_array_equal(clone(detector).fit(ones).score_samples(ones), expected)


def test_calibrate(detector_class, ones):
    detector = seeing(detector_class).fit(ones[:100])
    detector.calibrate(ones[100:180], contamination=0.1)
    assert (detector.predict(ones[100:180]) == -1).sum() == 8


def test_memory_finds_a_network_by_its_images(detector_class, ones, tmp_path, monkeypatch):
    arguments = {"memory": str(tmp_path)}
    expected = seeing(detector_class, **arguments).fit(ones).score_samples(ones)
    calls = []
    monkeypatch.setattr("torch.optim.AdamW.step", lambda *_: calls.append(1))
    again = seeing(detector_class, **arguments, contamination=0.2).fit(ones)
    np.testing.assert_array_equal(again.score_samples(ones), expected)
    assert not calls


def test_search(detector_class, ones):
    search = GridSearchCV(
        seeing(detector_class, max_epochs=1),
        {"architecture__filters": [(2,), (4, 8)]},
        cv=2,
    ).fit(ones)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("detector_class", with_parameter("top_features"))
def test_the_map_shows_the_damage(detector_class, ones, rng):
    detector = seeing(
        detector_class,
        architecture=Conv2d(filters=(8, 16)),
        latent_dim=4,
        max_epochs=60,
        batch_size=16,
    ).fit(ones)
    damaged = ones.copy()
    row, column = rng.randint(0, 7, (2, len(ones)))
    # Where a 1 is dark.
    column[column >= 3] = 0
    patch = np.zeros(ones.shape, dtype=bool)
    for image in range(len(ones)):
        patch[image, row[image] : row[image] + 2, column[image] : column[image] + 2] = True
    damaged[patch] = 255
    scores = detector.feature_scores(damaged)
    worst = scores.reshape(len(ones), -1).argmin(axis=1)
    assert patch.reshape(len(ones), -1)[np.arange(len(ones)), worst].mean() > 0.9
    assert (detector.score_samples(damaged) < detector.score_samples(ones)).mean() > 0.95
    # Four of 64 pixels are damaged.
    detector.set_params(top_features=1 / 16)
    expected = np.sort(scores.reshape(len(ones), -1), axis=1)[:, :4].sum(axis=1)
    np.testing.assert_allclose(detector.score_samples(damaged), expected, rtol=1e-4)


def test_differences_and_their_histograms(ones):
    detector = seeing(AEOutlierDetector).fit(ones)
    difference = ReconstructionDifference(FrozenEstimator(detector)).fit(ones)
    floats = ones / np.float32(255)
    np.testing.assert_array_equal(difference.transform(ones), floats - detector.reconstruct(floats))
    counts = DifferenceHistogram().fit_transform(difference.transform(ones))
    assert counts.shape == (len(ones), 10)
    histogram = DifferenceHistogram().fit(ones)
    np.testing.assert_array_equal(histogram.transform(ones), histogram.transform(floats))
    assert histogram.bin_edges_[-1] <= 1
    with pytest.raises(ValueError, match=r"X has rows of shape \(8, 5\), but DifferenceHistogram"):
        histogram.transform(ones[:, :, :5])
    np.testing.assert_array_equal(counts.sum(axis=1), 64)


def test_the_classifier_takes_images(digits):
    X, digit = digits
    rows = np.isin(digit, [1, 3])
    y = np.where(digit[rows] == 1, 1, -1)
    detector = ReconstructionHistogramClassifier(
        detector=seeing(AEOutlierDetector, max_epochs=60, batch_size=16), random_state=0
    )
    assert detector.fit(X[rows], y).score(X[rows], y) > 0.8
    floats = X[rows] / np.float32(255)
    np.testing.assert_array_equal(detector.score_samples(floats), detector.score_samples(X[rows]))
    np.testing.assert_array_equal(
        clone(detector).fit(floats, y).score_samples(floats), detector.score_samples(floats)
    )


def test_a_network_that_is_told_the_outliers_learns_from_all_other_images(ones, monkeypatch):
    monkeypatch.setattr("skvae.detectors._reconstruction_histogram.MAX_STEPS", 20)
    y = np.r_[-1, np.ones(len(ones) - 1, dtype=int)]
    classifier = ReconstructionHistogramClassifier(random_state=0).fit(ones, y)
    assert classifier.detector_.support_fraction == 1


@pytest.mark.parametrize(
    ("shape", "wrong"), [((8, 8), (8, 7)), ((8, 8), (8, 8, 1)), ((8, 8), (8,)), ((8, 8, 3), (8, 8))]
)
def test_another_shape_than_in_fit(detector_class, rng, shape, wrong):
    detector = seeing(detector_class, max_epochs=1).fit(rng.uniform(size=(40, *shape)))
    with pytest.raises(ValueError, match=r"X has rows of shape .* was fitted on rows of shape"):
        detector.score_samples(rng.uniform(size=(3, *wrong)))


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((3, 32, 32), r"\(3, 32, 32\) seem to have their channels first.*moveaxis\(X, 1, -1\)"),
        ((2, 2), r"filters=\(4, 8\), which is too often for rows of the shape \(2, 2\)"),
        ((8,), r"Conv2d takes X of shape .*got images of shape \(8,\)"),
        ((8, 8, 3, 2), r"Conv2d takes X of shape .*got images of shape \(8, 8, 3, 2\)"),
        ((8, 8, 0), r"X has rows of shape \(8, 8, 0\), which hold nothing"),
        ((0, 8), r"X has rows of shape \(0, 8\), which hold nothing"),
    ],
)
def test_images_that_are_none(rng, shape, message):
    detector = seeing(AEOutlierDetector)
    before = set(vars(detector))
    with pytest.raises(ValueError, match=message):
        detector.fit(rng.uniform(size=(40, *shape)))
    assert set(vars(detector)) == before


@pytest.mark.parametrize("image_shape", [(8, "a"), (-8, -8), (8.5, 8), (0, 64), ()])
def test_an_image_shape_that_is_none(rng, image_shape):
    detector = AEOutlierDetector(architecture=Conv2d(image_shape=image_shape))
    with pytest.raises(ValueError, match="image_shape must be one or more positive integers"):
        detector.fit(rng.uniform(size=(40, 64)))


def test_rows_that_do_not_fill_the_image_shape(rng):
    detector = AEOutlierDetector(architecture=Conv2d(image_shape=(8, 9)))
    with pytest.raises(ValueError, match=r"image_shape=\(8, 9\) takes rows of shape .*\(72,\)"):
        detector.fit(rng.uniform(size=(40, 64)))


def test_ragged_images():
    with pytest.raises(ValueError, match="inhomogeneous"):
        seeing(AEOutlierDetector).fit([np.zeros((8, 8)), np.zeros((8, 7))])


def test_a_network_of_full_layers_sees_images_flat(ones):
    floats = ones / np.float32(255)
    flat = floats.reshape(len(ones), -1)
    detector = seeing(
        AEOutlierDetector,
        standardize=False,
        architecture=MLP(hidden_layer_sizes=(16,)),
        masked_fraction=0.0,
        support_fraction=0.9,
    )
    np.testing.assert_array_equal(
        clone(detector).fit(ones).score_samples(ones),
        clone(detector).fit(flat).score_samples(flat),
    )


@pytest.mark.parametrize(
    "layout", [np.asfortranarray, lambda X: np.ascontiguousarray(X.swapaxes(1, 2)).swapaxes(1, 2)]
)
def test_the_order_of_memory_changes_no_fit(detector_class, ones, layout, tmp_path):
    expected = seeing(detector_class).fit(ones).score_samples(ones)
    for memory in (None, str(tmp_path)):
        detector = seeing(detector_class, memory=memory).fit(layout(ones))
        np.testing.assert_array_equal(detector.score_samples(layout(ones)), expected)
