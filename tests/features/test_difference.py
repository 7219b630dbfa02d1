import numpy as np
import pandas as pd
import pytest
from instances import cheap
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import (
    check_param_validation,
    check_set_output_transform_pandas,
    check_set_output_transform_polars,
    check_transformer_get_feature_names_out,
    check_transformer_get_feature_names_out_pandas,
    parametrize_with_checks,
)

from skvae import MLP, AEOutlierDetector
from skvae.features import DifferenceHistogram, ReconstructionDifference


@parametrize_with_checks([ReconstructionDifference(cheap(AEOutlierDetector, max_epochs=2))])
def test_sklearn_checks(estimator, check):
    check(estimator)


# The checks fit on frames and transform arrays, and the other way round.
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.filterwarnings("ignore:X has feature names")
@pytest.mark.parametrize(
    "check",
    [
        check_param_validation,
        check_set_output_transform_pandas,
        check_set_output_transform_polars,
        check_transformer_get_feature_names_out,
        check_transformer_get_feature_names_out_pandas,
    ],
)
def test_more_sklearn_checks(check):
    detector = cheap(AEOutlierDetector, max_epochs=2)
    check("ReconstructionDifference", ReconstructionDifference(detector))


def test_differences_are_rows_less_reconstructions(detector_class, X):
    difference = ReconstructionDifference(cheap(detector_class)).fit(X)
    expected = X - cheap(detector_class).fit(X).reconstruct(X)
    np.testing.assert_array_equal(difference.transform(X), expected)
    assert difference.transform(X.astype(np.float32)).dtype == np.float32


def test_a_frozen_detector_is_used_as_it_is(X):
    detector = cheap(AEOutlierDetector).fit(X[:100])
    difference = ReconstructionDifference(FrozenEstimator(detector)).fit(X[100:])
    np.testing.assert_array_equal(difference.transform(X), X - detector.reconstruct(X))


def test_a_frozen_detector_knows_the_names_it_was_fitted_with(X):
    frame = pd.DataFrame(X, columns=list("abcde"))
    detector = cheap(AEOutlierDetector).fit(frame)
    difference = ReconstructionDifference(FrozenEstimator(detector)).fit(frame)
    np.testing.assert_array_equal(difference.transform(frame), X - detector.reconstruct(frame))


def test_in_a_pipeline(X):
    y = np.where(np.arange(len(X)) % 4, "usual", "odd")
    X = X + 3 * (y == "odd")[:, np.newaxis]
    classifier = make_pipeline(
        ReconstructionDifference(cheap(AEOutlierDetector)),
        DifferenceHistogram(bins=20),
        RandomForestClassifier(random_state=0),
    ).fit(X, y)
    assert set(classifier.predict(X)) == {"usual", "odd"}
    names = classifier[:-1].get_feature_names_out()
    assert names[0] == "differencehistogram0"
    assert len(names) == 20


def test_a_fit_that_fails_leaves_nothing(X):
    difference = ReconstructionDifference(cheap(AEOutlierDetector, architecture=MLP(dropout=2)))
    before = set(vars(difference))
    with pytest.raises(ValueError, match="dropout"):
        difference.fit(X)
    assert set(vars(difference)) == before
