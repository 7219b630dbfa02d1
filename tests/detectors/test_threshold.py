"""Answers, thresholds and p-values, whatever the scores come from."""

import pickle

import numpy as np
import pytest
from instances import cheap
from scipy.stats import false_discovery_control
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skvae import (
    AEOutlierDetector,
    EnsembleOutlierDetector,
    ReconstructionHistogramClassifier,
    SamplingOutlierDetector,
    VAEOutlierDetector,
)
from skvae.thresholds import conformal_offset, conformal_p_values, offset_from_scores

NOMINAL = 0.1


@pytest.fixture
def new():
    return make_blobs(500, n_features=5, centers=3, random_state=0)[0][200:]


def test_held_out_scores_are_of_training_rows(any_detector_class, X):
    detector = cheap(any_detector_class).fit(X)
    scores, rows = detector.held_out_scores_, detector.held_out_indices_
    assert scores.shape == rows.shape
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()
    assert len(set(rows)) == len(rows) >= 30
    assert (np.diff(rows) > 0).all()
    assert rows[-1] < 200


def test_of_rows_that_are_all_equal_none_is_an_outlier(any_detector_class):
    for seed, (n_rows, n_estimators) in enumerate([(20, 3), (60, 1), (90, 3)]):
        X = np.full((n_rows, 4), 3.0)
        detector = cheap(any_detector_class, random_state=seed)
        if "n_estimators" in detector.get_params():
            detector.set_params(n_estimators=n_estimators)
        assert (detector.fit(X).predict(X) == 1).all()


def test_the_threshold_asks_training_rows_or_held_out_ones(any_detector_class, X):
    settings = {"contamination": NOMINAL}
    training, held_out, auto = (
        cheap(any_detector_class, **settings, threshold=threshold).fit(X)
        for threshold in ("training", "held_out", "auto")
    )
    assert training.offset_ == auto.offset_
    assert training.offset_ == np.percentile(training.score_samples(X), 100 * NOMINAL)
    n_below = (held_out.held_out_scores_ < held_out.offset_).sum()
    assert n_below < NOMINAL * (len(held_out.held_out_scores_) + 1)
    calibrated = clone(training).fit(X).calibrate(false_positive_rate=NOMINAL)
    assert held_out.offset_ == calibrated.offset_


def automatic(detector, scores):
    if not isinstance(detector, EnsembleOutlierDetector):
        return offset_from_scores(scores, "auto")
    # In interquartile ranges, which its scores are logarithms of.
    offset = offset_from_scores(np.sign(scores) * np.expm1(abs(scores)), "auto")
    return np.sign(offset) * np.log1p(abs(offset))


def test_auto_contamination_asks_held_out_rows(any_detector_class, X):
    detector = cheap(any_detector_class).fit(X)
    assert detector.offset_ == automatic(detector, detector.held_out_scores_)
    training = cheap(any_detector_class, threshold="training").fit(X)
    assert training.offset_ == automatic(training, training.score_samples(X))


def test_p_values_are_ranks_among_held_out_rows(any_detector_class, X, new):
    detector = cheap(any_detector_class).fit(X)
    p_values = detector.p_values(new)
    expected = conformal_p_values(detector.held_out_scores_, detector.score_samples(new))
    np.testing.assert_array_equal(p_values, expected)
    assert ((p_values > 0) & (p_values <= 1)).all()
    alone = np.concatenate([detector.p_values(new[[row]]) for row in range(5)])
    np.testing.assert_array_equal(alone, p_values[:5])
    twin = pickle.loads(pickle.dumps(detector))
    np.testing.assert_array_equal(twin.p_values(new), p_values)


def test_rows_are_flagged_where_their_p_value_is_at_most_the_rate(any_detector_class, X, new):
    detector = cheap(any_detector_class).fit(X).calibrate(false_positive_rate=NOMINAL)
    flagged = detector.predict(new) == -1
    np.testing.assert_array_equal(flagged, detector.p_values(new) <= NOMINAL)


# Rows of more features than these networks could know a rule of, which they learn by heart.
@pytest.mark.parametrize(
    "detector",
    [
        AEOutlierDetector(masked_fraction=0.0, latent_dim=20),
        AEOutlierDetector(masked_fraction=0.0, latent_dim=20, early_stopping=True),
        VAEOutlierDetector(),
        VAEOutlierDetector(n_estimators=1),
        EnsembleOutlierDetector(
            [("vae", VAEOutlierDetector()), ("far", SamplingOutlierDetector())]
        ),
    ],
    ids=["AE", "AE, stopping", "VAE", "one VAE", "ensemble"],
)
def test_new_rows_are_flagged_at_the_rate_that_was_asked_for(detector, rng):
    X = rng.standard_normal((2300, 20))
    detector.set_params(random_state=0, contamination=NOMINAL, threshold="held_out").fit(X[:300])
    n_held_out = len(detector.held_out_scores_)
    error = np.sqrt(NOMINAL * (1 - NOMINAL) * (1 / n_held_out + 1 / 2000))
    assert abs(np.mean(detector.predict(X[300:]) == -1) - NOMINAL) < 3 * error
    p_values = np.sort(detector.p_values(X[300:]))
    uniform = (np.arange(2000) + 1) / 2000
    assert abs(p_values - uniform).max() < 2 * np.sqrt(1 / n_held_out + 1 / 2000)


def test_training_rows_would_set_another_threshold(rng):
    X = rng.standard_normal((2300, 20))
    detector = VAEOutlierDetector(n_estimators=1, random_state=0).fit(X[:300])
    detector.calibrate(
        np.delete(X[:300], detector.held_out_indices_, axis=0), contamination=NOMINAL
    )
    assert np.mean(detector.predict(X[300:]) == -1) > 0.25


@pytest.mark.parametrize("early_stopping", [False, True])
def test_one_network_does_not_learn_the_rows_that_it_holds_out(detector_class, X, early_stopping):
    detector = cheap(detector_class, standardize=False, early_stopping=early_stopping)
    if "n_estimators" in detector.get_params():
        detector.set_params(n_estimators=1)
    scores = detector.fit(X).score_samples(X)
    changed = X.copy()
    # Rows are learned in the order of the first column, which stays.
    changed[detector.held_out_indices_, 1:] = 0.0
    np.testing.assert_array_equal(clone(detector).fit(changed).score_samples(X), scores)


def test_outliers_survive_a_correction_for_many_rows(X):
    detector = cheap(SamplingOutlierDetector).fit(X)
    rows = np.r_[X[:50], X[:5] + 30]
    discovered = false_discovery_control(detector.p_values(rows)) <= 0.1
    np.testing.assert_array_equal(discovered[50:], True)


def test_calibrate_without_rows_uses_those_that_were_held_out(any_detector_class, X):
    detector = cheap(any_detector_class).fit(X)
    scores = detector.held_out_scores_
    assert detector.calibrate(false_positive_rate=0.3).offset_ == conformal_offset(scores, 0.3)
    np.testing.assert_array_equal(detector.held_out_scores_, scores)


def test_calibrate_with_a_rate_asks_the_normal_rows(any_detector_class, X, new):
    detector = cheap(any_detector_class).fit(X)
    p_values = detector.p_values(new)
    y = np.where(np.arange(300) < 40, -1, 1)
    assert detector.calibrate(new, y, false_positive_rate=NOMINAL) is detector
    offset = detector.offset_
    assert offset == conformal_offset(detector.score_samples(new[40:]), NOMINAL)
    assert detector.calibrate(new[40:], false_positive_rate=NOMINAL).offset_ == offset
    np.testing.assert_array_equal(detector.p_values(new), p_values)


def test_calibrate_with_labels_finds_the_outliers(X):
    detector = cheap(SamplingOutlierDetector).fit(X)
    rows, y = np.r_[X[:100], X[:10] + 30], np.r_[np.ones(100), -np.ones(10)]
    np.testing.assert_array_equal(detector.calibrate(rows, y).predict(rows), y)


def test_calibrate_behind_other_steps(X):
    pipeline = make_pipeline(StandardScaler(), cheap(SamplingOutlierDetector)).fit(X)
    pipeline[-1].calibrate(pipeline[:-1].transform(X), contamination=0.2)
    assert (pipeline.predict(X) == -1).sum() == 40


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"contamination": 0.1, "false_positive_rate": 0.1}, "or false_positive_rate, but got"),
        ({"y": [1, -1, 1], "contamination": 0.1}, "contamination or y, but got both"),
        ({"y": [1, -1, 1], "X": None, "false_positive_rate": 0.1}, "needs rows, X, or"),
        ({"X": None}, "needs rows, X, or"),
        ({"X": None, "contamination": 0.1}, "needs rows, X, or"),
        ({"y": [1, 0, 1]}, r"Labels must be \+1 .* got \[0\]"),
        ({"y": [1, 1, 1]}, "y has only the label 1"),
        ({"y": [1, -1]}, "inconsistent numbers of samples"),
        ({"false_positive_rate": 0.0}, "'false_positive_rate' parameter of"),
    ],
)
def test_bad_calibration(X, arguments, message):
    detector = cheap(SamplingOutlierDetector).fit(X)
    before = vars(detector).copy()
    with pytest.raises(ValueError, match=message):
        detector.calibrate(**{"X": X[:3], **arguments})
    assert vars(detector) == before


def test_an_ensemble_holds_out_what_all_of_its_experts_do(X):
    experts = [
        ("one", cheap(VAEOutlierDetector, n_estimators=1)),
        ("several", cheap(AEOutlierDetector, n_estimators=2)),
        ("scaled", make_pipeline(StandardScaler(), cheap(AEOutlierDetector))),
    ]
    ensemble = EnsembleOutlierDetector(experts, random_state=0).fit(X)
    rows = ensemble.named_estimators_.one.held_out_indices_
    np.testing.assert_array_equal(ensemble.held_out_indices_, rows)
    columns = [
        ensemble.named_estimators_.one.held_out_scores_,
        ensemble.named_estimators_.several.held_out_scores_,
        ensemble.named_estimators_.scaled[-1].held_out_scores_,
    ]
    np.testing.assert_array_equal(ensemble.centers_, [np.median(column) for column in columns])
    columns[1] = columns[1][rows]
    deviations = (np.transpose(columns) - ensemble.centers_) / ensemble.scales_
    expected = (np.sign(deviations) * np.log1p(abs(deviations))).min(axis=1)
    np.testing.assert_allclose(ensemble.held_out_scores_, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("detector", "name", "value"),
    [
        (cheap(VAEOutlierDetector), "score_type", "reconstruction"),
        (cheap(AEOutlierDetector), "top_features", 0.5),
        (cheap(EnsembleOutlierDetector), "combine", "mean"),
    ],
)
def test_thresholds_and_held_out_scores_of_another_kind_are_not_used(X, new, detector, name, value):
    before = detector.fit(X).get_params()[name]
    p_values = detector.p_values(new)
    detector.set_params(**{name: value})
    changed = rf"of scores by {name}={before!r}, which is now {value!r}"
    with pytest.raises(ValueError, match=rf"held_out_scores_ are {changed}. Fit again"):
        detector.p_values(new)
    with pytest.raises(ValueError, match=rf"held_out_scores_ are {changed}. Fit again"):
        detector.calibrate(false_positive_rate=NOMINAL)
    with pytest.raises(ValueError, match=rf"offset_ is {changed}. Call calibrate"):
        detector.predict(new)
    detector.calibrate(new, contamination=NOMINAL)
    assert (detector.predict(new) == -1).sum() == 30
    detector.set_params(**{name: before})
    np.testing.assert_array_equal(detector.p_values(new), p_values)


def test_experts_that_hold_out_no_row_in_common(X):
    experts = [
        (
            str(seed),
            cheap(ReconstructionHistogramClassifier, held_out_fraction=0.1, random_state=seed),
        )
        for seed in range(3)
    ]
    with pytest.raises(ValueError, match=r"The experts \['0', '1', '2'\] hold out different rows"):
        EnsembleOutlierDetector(experts).fit(X[:60])


def test_labels_may_be_words_and_columns(X):
    rows, y = np.r_[X[:100], X[:10] + 30], np.r_[["good"] * 100, ["bad"] * 10]
    detector = cheap(ReconstructionHistogramClassifier, outlier_label="bad").fit(rows, y)
    detector.calibrate(rows, y)
    detector.calibrate(rows[:100], y[:100], false_positive_rate=NOMINAL)
    sampling = cheap(SamplingOutlierDetector).fit(X)
    offset = sampling.calibrate(X, np.ones(200), false_positive_rate=NOMINAL).offset_
    assert sampling.calibrate(X, false_positive_rate=NOMINAL).offset_ == offset
    with pytest.raises(ValueError, match="1d array"):
        sampling.calibrate(X, np.ones((200, 2)), false_positive_rate=NOMINAL)
