"""Which cells are beyond what normal rows show."""

import numpy as np
import pytest
from instances import cheap
from sklearn.ensemble import IsolationForest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skvae import VAEOutlierDetector
from skvae.inspection import feature_outliers


@pytest.mark.parametrize("method", ["replacement", "reconstruction"])
def test_normal_cells_are_told_as_often_as_was_asked_for(method):
    random = np.random.RandomState(0)
    X = random.normal(size=(1400, 1)) + 0.3 * random.normal(size=(1400, 4))
    detector = make_pipeline(StandardScaler(), cheap(VAEOutlierDetector)).fit(X[:400])
    told = feature_outliers(detector, X[900:], X[400:900], false_positive_rate=0.05, method=method)
    assert told.shape == (500, 4)
    np.testing.assert_array_less(np.abs(told.mean(0) - 0.05), 0.04)


def test_the_odd_cell_is_told_and_few_others():
    random = np.random.RandomState(0)
    X = random.normal(size=(620, 1)) + 0.1 * random.normal(size=(620, 4))
    detector = VAEOutlierDetector(random_state=0, max_steps=500).fit(X[:400])
    changed = X[600:].copy()
    changed[:, 2] += 4
    told = feature_outliers(detector, changed, X[400:600])
    assert told[:, 2].all()
    assert told[:, [0, 1, 3]].mean() < 0.2


def test_what_is_told_of_a_row_does_not_depend_on_others():
    X = np.random.RandomState(0).normal(size=(200, 3))
    forest = IsolationForest(random_state=0).fit(X)
    odd = X[:3].copy()
    odd[:, 2] = 50
    alone = [feature_outliers(forest, row[None], X[50:], false_positive_rate=0.05) for row in odd]
    together = feature_outliers(forest, np.r_[odd, X[3:50]], X[50:], false_positive_rate=0.05)
    np.testing.assert_array_equal(np.concatenate(alone), together[:3])
    assert together[:3, 2].all()


def test_too_few_normal_rows_are_told_once():
    X = np.random.RandomState(0).normal(size=(100, 3))
    detector = cheap(VAEOutlierDetector).fit(X)
    with pytest.warns(UserWarning, match="needs the scores of 99") as told:
        feature_outliers(detector, X[:2], X[:50])
    assert len(told) == 1


@pytest.mark.parametrize("filled", [False, True])
def test_a_missing_cell_is_no_outlier(filled):
    random = np.random.RandomState(0)
    X = random.choice([-5, 5], (600, 3)) + 0.1 * random.normal(size=(600, 3))
    detector = IsolationForest(random_state=0)
    if filled:
        detector = make_pipeline(SimpleImputer(), detector)
    detector.fit(X[:300])
    X_new = X[:100].copy()
    X_new[:, 0] = np.nan
    told = feature_outliers(detector, X_new, X[300:], false_positive_rate=0.2)
    assert not told[:, 0].any()
    assert told[:, 1:].any()
