"""Scores of detectors as features."""

import numpy as np
import pytest
from instances import cheap
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import IsolationForest, StackingClassifier
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline, make_union
from sklearn.utils.estimator_checks import parametrize_with_checks

from skvae import ReconstructionHistogramClassifier, SamplingOutlierDetector, VAEOutlierDetector
from skvae.datasets import load_penguins, make_bumps
from skvae.features import ReconstructionDifference, ScoreTransformer


@parametrize_with_checks(
    [
        ScoreTransformer(cheap(VAEOutlierDetector, max_epochs=2)),
        ScoreTransformer(SamplingOutlierDetector(random_state=0)),
    ]
)
def test_sklearn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("detector", [IsolationForest(random_state=0), cheap(VAEOutlierDetector)])
def test_a_column_has_the_scores(detector, X):
    scores = ScoreTransformer(detector).fit(X).transform(X)
    assert scores.dtype == np.float64
    assert_array_equal(scores[:, 0], detector.fit(X).score_samples(X))


def test_words_and_gaps_go_through():
    penguins = load_penguins()
    transformer = ScoreTransformer(cheap(VAEOutlierDetector)).set_output(transform="pandas")
    scores = transformer.fit_transform(penguins)
    assert list(scores.columns) == list(transformer.get_feature_names_out()) == ["score"]
    assert scores.index.equals(penguins.index)
    assert scores.notna().all(axis=None)


def test_labels_reach_a_detector_that_learns_from_them():
    X, y = make_bumps(60, 30, n_points=32, random_state=0)
    detector = cheap(ReconstructionHistogramClassifier)
    scores = ScoreTransformer(detector).fit(X, y).transform(X)
    assert_array_equal(scores[:, 0], detector.fit(X, y).score_samples(X))


@config_context(enable_metadata_routing=True)
@pytest.mark.parametrize("transformer_class", [ScoreTransformer, ReconstructionDifference])
def test_weights_reach_a_detector_that_requests_them(transformer_class, X, rng):
    weights = rng.randint(3, size=len(X))
    detector = cheap(VAEOutlierDetector)
    requests = transformer_class(clone(detector).set_fit_request(sample_weight=True))
    pipeline = make_pipeline(requests, "passthrough").fit(X, sample_weight=weights)
    expected = detector.fit(X, sample_weight=weights).score_samples(X)
    assert_array_equal(pipeline[0].detector_.score_samples(X), expected)
    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        transformer_class(cheap(VAEOutlierDetector)).fit(X, sample_weight=weights)


def test_weights_need_metadata_routing(X):
    transformer = ScoreTransformer(cheap(VAEOutlierDetector))
    with pytest.raises(ValueError, match="enable_metadata_routing"):
        transformer.fit(X, sample_weight=np.ones(len(X)))


def test_a_frozen_detector_stays_as_it_is(X):
    detector = FrozenEstimator(cheap(VAEOutlierDetector).fit(X[:100]))
    scores = ScoreTransformer(detector).fit(X[100:]).transform(X)
    assert_array_equal(scores[:, 0], detector.score_samples(X))


def test_unions_columns_and_stacks_take_scores_in_cross_validation(X):
    X = np.concatenate([X, X.mean(0) + 5 * np.random.RandomState(0).normal(size=(40, 5))])
    y = np.repeat([1, -1], [200, 40])[: len(X)]
    score = ScoreTransformer(SamplingOutlierDetector(random_state=0))
    linear = LogisticRegression(max_iter=1000)
    classifiers = [
        make_pipeline(make_union("passthrough", score), linear),
        make_pipeline(make_column_transformer((score, [0, 1, 2]), remainder="passthrough"), linear),
        StackingClassifier([("score", make_pipeline(score, linear))], linear),
    ]
    for classifier in classifiers:
        assert cross_val_score(classifier, X, y, cv=3, scoring="roc_auc").mean() > 0.75
