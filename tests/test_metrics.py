import pickle

import numpy as np
import pytest
from instances import cheap
from joblib import parallel_config
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skvae import VAEOutlierDetector
from skvae.metrics import (
    LabelsError,
    average_precision_scorer,
    f1_scorer,
    outlier_average_precision_score,
    outlier_f1_score,
    outlier_roc_auc_score,
    roc_auc_scorer,
)


@pytest.fixture
def labelled(rng):
    X = np.r_[rng.standard_normal((190, 3)), 6 + rng.standard_normal((10, 3))]
    return X, np.r_[np.ones(190, int), -np.ones(10, int)]


@pytest.mark.parametrize("detector", [IsolationForest(random_state=0), cheap(VAEOutlierDetector)])
def test_scorers_treat_outliers_as_the_positive_class(labelled, detector):
    X, y = labelled
    detector.set_params(contamination=0.05).fit(X)
    decision = detector.decision_function(X)
    truth = (y == -1).astype(int)
    assert average_precision_scorer(detector, X, y) == average_precision_score(truth, -decision)
    assert roc_auc_scorer(detector, X, y) == roc_auc_score(truth, -decision)
    assert f1_scorer(detector, X, y) == f1_score(truth, detector.predict(X) == -1)


@pytest.mark.parametrize("scorer", [average_precision_scorer, roc_auc_scorer, f1_scorer], ids=str)
def test_a_row_that_weighs_two_counts_twice(labelled, scorer, rng):
    X, y = labelled
    weights = rng.randint(1, 3, size=len(X))
    forest = IsolationForest(n_estimators=5, contamination=0.05, random_state=0).fit(X)
    twice = scorer(forest, X.repeat(weights, axis=0), y.repeat(weights))
    assert scorer(forest, X, y, sample_weight=weights) == pytest.approx(twice)


def test_a_perfect_ranking_scores_one():
    assert outlier_roc_auc_score([1, 1, -1], [0.3, 0.2, 0.1]) == 1.0


@pytest.mark.parametrize("scorer", [average_precision_scorer, roc_auc_scorer, f1_scorer], ids=str)
def test_other_labels_end_a_search_at_once(labelled, scorer):
    X, y = labelled
    y = (y == -1).astype(int)
    forest = IsolationForest(n_estimators=2).fit(X)
    with pytest.raises(LabelsError, match="Labels must be"):
        scorer(forest, X, y)
    for backend in ("sequential", "threading"):
        search = GridSearchCV(forest, {"contamination": [0.1, 0.2]}, scoring=scorer, n_jobs=2)
        with parallel_config(backend), pytest.raises(LabelsError, match="use 1 - 2"):
            search.fit(X, y)


def test_metrics_refuse_other_labels():
    for metric in (outlier_average_precision_score, outlier_roc_auc_score, outlier_f1_score):
        with pytest.raises(ValueError, match="Labels must be"):
            metric([0, 1], [-1, 1])


def test_scorers_are_pickled(labelled):
    forest = IsolationForest(n_estimators=2, random_state=0).fit(labelled[0])
    again = pickle.loads(pickle.dumps(roc_auc_scorer))
    assert again(forest, *labelled) == roc_auc_scorer(forest, *labelled)
    assert "outlier_roc_auc_score" in str(again)


def test_a_fold_of_one_kind_is_reported_as_undefined():
    with pytest.warns(UndefinedMetricWarning, match="Only one class"):
        assert np.isnan(outlier_roc_auc_score([1, 1], [0.1, 0.2]))


def test_search_with_labels(labelled):
    X, y = labelled
    X, y = X[::-1].copy(), y[::-1].copy()
    search = GridSearchCV(
        make_pipeline(StandardScaler(), cheap(VAEOutlierDetector)),
        {"vaeoutlierdetector__contamination": [0.05, 0.4]},
        scoring={"f1": f1_scorer, "ap": average_precision_scorer},
        refit="f1",
        cv=[(np.arange(0, 200, 2), np.arange(1, 200, 2))],
    ).fit(X, y)
    assert search.best_params_ == {"vaeoutlierdetector__contamination": 0.05}
    # The threshold does not move a ranking.
    assert len(set(search.cv_results_["mean_test_ap"])) == 1


def test_search_without_labels(labelled):
    X = labelled[0][:190]
    pipeline = make_pipeline(StandardScaler(), cheap(VAEOutlierDetector))
    grid = {"vaeoutlierdetector__max_epochs": [1, 60]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(X)
    assert search.best_params_ == {"vaeoutlierdetector__max_epochs": 60}
