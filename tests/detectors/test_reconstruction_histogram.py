import pickle

import numpy as np
import pytest
from instances import cheap
from sklearn import config_context
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skvae import MLP, AEOutlierDetector, Conv1d, ReconstructionHistogramClassifier
from skvae.datasets import make_bumps
from skvae.metrics import outlier_roc_auc_score

WIDE = {"height": 0.5, "n_points": 64}


@pytest.fixture(scope="module")
def bumps():
    return make_bumps(200, 40, random_state=0, **WIDE)


NETWORK = {"latent_dim": 4, "lr": 4e-3, "max_epochs": 60, "batch_size": 16}


def classifier(**arguments):
    detector = cheap(AEOutlierDetector, **NETWORK, masked_fraction=0.0, random_state=None)
    return cheap(
        ReconstructionHistogramClassifier, **{"detector": detector, "bins": 10, **arguments}
    )


@pytest.mark.parametrize("architecture", [MLP(hidden_layer_sizes=(32,)), Conv1d(filters=(4, 8))])
def test_it_finds_what_it_was_shown(detector_class, bumps, architecture):
    network = cheap(detector_class, architecture=architecture, **NETWORK)
    if detector_class is AEOutlierDetector:
        network.set_params(masked_fraction=0.0)
    detector = classifier(detector=network).fit(*bumps)
    X, y = make_bumps(100, 100, random_state=1, **WIDE)
    assert detector.score(X, y) > 0.8
    assert detector.score(X, y) == (detector.predict(X) == y).mean()


def test_labels_tell_that_what_is_restored_too_well_is_the_outlier(rng):
    scale, y = np.repeat([[1.0], [0.1]], [300, 50], axis=0), np.repeat([1, -1], [300, 50])
    X, X_new = scale * rng.standard_normal((2, 350, 20))
    detector = classifier().fit(X, y)
    assert detector.score(X_new, y) > 0.95
    assert outlier_roc_auc_score(y, detector.detector_.score_samples(X_new)) < 0.05


def test_the_network_sees_normal_rows_only(X, rng):
    outliers = X[:60] + 10 * rng.standard_normal((60, 5))
    rows, y = np.r_[X, outliers], np.repeat([1, -1], [len(X), 60])
    detector = classifier().fit(rows, y)
    others = classifier().fit(np.r_[X, rng.permutation(outliers) ** 2], y)
    np.testing.assert_array_equal(
        detector.detector_.score_samples(X), others.detector_.score_samples(X)
    )


def test_the_classifier_learns_from_rows_that_the_network_has_not_seen(X):
    seen = {}

    class Recorder(AEOutlierDetector):
        def fit(self, X, y=None):
            seen["network"] = X
            return super().fit(X)

    class Forest(RandomForestClassifier):
        def fit(self, X, y):
            # The first of its fits. The others are for scores of rows that were left out.
            seen.setdefault("labels", y)
            return super().fit(X, y)

    y = np.where(np.arange(200) < 50, -1, 1)
    detector = classifier(
        detector=Recorder(max_epochs=1), classifier=Forest(), held_out_fraction=0.3
    ).fit(X, y)
    assert len(seen["network"]) == 105
    assert len(seen["labels"]) == 45 + 50
    assert (seen["labels"] == -1).sum() == 50
    assert {tuple(row) for row in seen["network"]} <= {tuple(row) for row in X[50:]}
    assert detector.n_features_in_ == 5


@pytest.mark.parametrize(
    ("model", "offset"), [(LogisticRegression(max_iter=1000), 0.5), (RidgeClassifier(), 0.0)]
)
def test_any_classifier(bumps, model, offset):
    X, y = bumps
    detector = classifier(classifier=model).fit(X, y)
    assert detector.offset_ == offset
    np.testing.assert_array_equal(detector.predict(X), detector.pipeline_.predict(X))
    assert hasattr(detector, "predict_proba") == hasattr(model, "predict_proba")


def test_probabilities(bumps):
    X, y = bumps
    detector = classifier()
    assert hasattr(detector, "predict_proba")
    detector.fit(X, y)
    probabilities = detector.predict_proba(X)
    assert detector.classes_.tolist() == [-1, 1]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(probabilities[:, 1], detector.score_samples(X))
    assert not hasattr(detector.fit(X), "predict_proba")


def test_contamination_overrules_the_classifier(bumps):
    X, y = bumps
    model = LogisticRegression(max_iter=1000)
    detector = classifier(classifier=model, contamination=0.25).fit(X, y)
    assert (detector.predict(X) == -1).sum() == 60


def test_without_labels_outliers_score_lower(bumps):
    X, y = bumps
    scores = classifier().fit(X).score_samples(X)
    assert (scores[y == 1].mean() - scores[y == -1].mean()) / scores.std() > 0.5


@pytest.mark.parametrize("label", [0, "attack"])
def test_another_label_of_outliers(bumps, label):
    X, y = bumps
    expected = classifier().fit(X, y)
    coded = np.where(y == -1, label, 7 if label == 0 else "normal")
    detector = classifier(outlier_label=label).fit(X, coded)
    np.testing.assert_array_equal(detector.score_samples(X), expected.score_samples(X))
    assert detector.score(X, coded) == expected.score(X, y)
    np.testing.assert_array_equal(
        classifier(outlier_label=label).fit_predict(X, coded), expected.predict(X)
    )


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1], r"\+1 for normal rows and -1 for outliers, got \[0\].*use 1 - 2 \* y"),
        (["a", "b"], r"\+1 for normal rows and -1 for outliers, got \['a', 'b'\]"),
        ([1, 1], r"no outlier to learn from: -1 is not among its labels, \[1\]"),
        ([-1, -1], "0 normal rows, but at least 3"),
        ([1, np.nan], "Input y contains NaN"),
    ],
)
def test_labels_that_are_none(X, labels, message):
    y = np.resize(labels, len(X))
    detector = classifier()
    before = set(vars(detector))
    with pytest.raises(ValueError, match=message):
        detector.fit(X, y)
    assert set(vars(detector)) == before
    with pytest.raises(NotFittedError):
        detector.predict(X)


def test_the_smallest_table():
    X = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [9.0, 9.0]]
    detector = classifier().fit(X, [1, 1, 1, -1])
    assert np.isfinite(detector.score_samples(X)).all()
    with pytest.raises(ValueError, match="2 normal rows, but at least 3"):
        detector.fit(X[1:], [1, 1, -1])


def test_random_states_that_are_set_stay(X):
    y = np.where(np.arange(200) % 5, 1, -1)
    forest = RandomForestClassifier(n_estimators=3, random_state=5)
    detector = classifier(classifier=forest).fit(X, y)
    assert detector.pipeline_["classifier"].random_state == 5
    assert detector.detector_.random_state is not None
    assert detector.detector.random_state is None


def test_a_frozen_detector(X):
    frozen = FrozenEstimator(cheap(AEOutlierDetector, masked_fraction=0.0).fit(X))
    assert classifier(detector=frozen).fit(X).detector_ is frozen


def test_search_over_steps_inside(bumps):
    X, y = bumps
    search = GridSearchCV(
        make_pipeline(StandardScaler(), classifier()),
        {
            "reconstructionhistogramclassifier__detector__latent_dim": [1, 4],
            "reconstructionhistogramclassifier__range": [0.9, (-1.0, 1.0)],
        },
        cv=StratifiedKFold(2),
    ).fit(X, y)
    assert search.best_score_ > 0.8
    assert len(set(search.cv_results_["mean_test_score"])) > 1


def test_auto_is_the_same_in_fit_and_calibrate(bumps):
    X, y = bumps
    detector = classifier().fit(X, y)
    assert detector.offset_ == detector.calibrate(X).offset_ == 0.5
    assert detector.calibrate(X, contamination=0.3).offset_ != 0.5
    unlabelled = classifier().fit(X)
    assert unlabelled.calibrate(X).offset_ == unlabelled.offset_


def test_held_out_rows_are_drawn_at_random(X):
    class Recorder(AEOutlierDetector):
        def fit(self, X, y=None):
            seen.append(X)
            return super().fit(X)

    seen = []
    for seed in (0, 1):
        classifier(detector=Recorder(max_epochs=1), random_state=seed).fit(X)
    first, second = ({tuple(row) for row in rows} for rows in seen)
    assert first != second
    assert first != {tuple(row) for row in X[40:]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"range": (1, 0)}, "range must be two finite numbers"),
        ({"classifier": IsotonicRegression()}, "'classifier' parameter of"),
        ({"classifier": RandomForestClassifier}, "class"),
    ],
)
def test_bad_arguments_are_found_before_the_training(monkeypatch, bumps, arguments, message):
    def fit(*_):
        raise AssertionError

    monkeypatch.setattr(AEOutlierDetector, "fit", fit)
    with pytest.raises((TypeError, ValueError), match=message):
        classifier(**arguments).fit(*bumps)


def test_rows_get_the_same_alone_and_among_others(bumps):
    X, y = bumps
    detector = classifier().fit(X, y)
    among_all = detector.score_samples(X)
    for size in (1, 2, 17):
        np.testing.assert_array_equal(detector.score_samples(X[:size]), among_all[:size])


def test_output_set_to_frames_changes_nothing(bumps):
    X, y = bumps
    expected = classifier().fit(X, y).score_samples(X)
    with config_context(transform_output="pandas"):
        np.testing.assert_array_equal(classifier().fit(X, y).score_samples(X), expected)


def test_pickle(bumps):
    X, y = bumps
    detector = classifier().fit(X, y)
    twin = pickle.loads(pickle.dumps(detector))
    np.testing.assert_array_equal(twin.predict_proba(X), detector.predict_proba(X))


def test_default_training_takes_4000_steps(monkeypatch, bumps):
    X, y = bumps
    steps = []

    def fit(self, X, y=None):
        steps.append((self.max_epochs, self.max_steps))
        raise KeyboardInterrupt

    monkeypatch.setattr(AEOutlierDetector, "fit", fit)
    with pytest.raises(KeyboardInterrupt):
        ReconstructionHistogramClassifier().fit(X, y)
    assert steps == [("auto", 4000)]
