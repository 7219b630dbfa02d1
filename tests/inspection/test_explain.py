"""Which cells make a row odd."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from instances import ARGUMENTS, cheap
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import OneClassSVM

from skvae import (
    AEOutlierDetector,
    Conv2d,
    ReconstructionHistogramClassifier,
    SamplingOutlierDetector,
    VAEOutlierDetector,
)
from skvae.inspection import explain

COLUMNS = ["row", "column", "value", "expected", "share", "direction"]


def related(n_rows=400, seed=0):
    """Return three columns that say the same, and one that says nothing."""
    random = np.random.RandomState(seed)
    common = random.normal(size=(n_rows, 1))
    return np.hstack(
        [common + 0.1 * random.normal(size=(n_rows, 3)), random.normal(size=(n_rows, 1))]
    )


def people(n_rows=300, seed=0):
    random = np.random.RandomState(seed)
    city = random.choice(["Lima", "Oslo", "Rome"], n_rows)
    warm = {"Lima": 20.0, "Oslo": 5.0, "Rome": 15.0}
    degrees = np.array([warm[name] for name in city]) + random.normal(size=n_rows)
    return pd.DataFrame({"degrees": degrees, "city": city, "open": degrees > 10})


# Its scores are those of a histogram, which says little of a row of four cells.
BY_CELLS = [each for each in ARGUMENTS if each is not ReconstructionHistogramClassifier]


@pytest.fixture(scope="module")
def detector():
    return VAEOutlierDetector(random_state=0, max_steps=500).fit(related())


@pytest.mark.parametrize("detector_class", BY_CELLS, ids=lambda c: c.__name__)
def test_the_cell_that_is_far_off_is_named_first(detector_class):
    X = related()
    changed = related(20, seed=1)
    changed[np.arange(20), np.arange(20) % 4] += np.where(changed[:, 0] > 0, -8, 8)
    found = explain(cheap(detector_class).fit(X), changed, reference=X, top=1)
    assert list(found.columns) == COLUMNS
    named = found["column"].str[1:].astype(int)
    assert (named == found["row"] % 4).mean() >= 0.9
    assert_array_equal(found["value"], changed[found["row"], named])
    assert_array_equal(found["direction"] == "above", found["value"] > found["expected"])


def test_what_is_expected_follows_from_the_other_cells(detector):
    found = explain(detector, [[1.5, 1.5, -1.5, 0.0]], top=1)
    assert found["column"].tolist() == ["x2"]
    assert found["expected"][0] == pytest.approx(1.5, abs=0.4)


def test_shares_of_all_cells_add_up_to_one_in_order(detector):
    X = related(10, seed=2) + 3
    found = explain(detector, X, top=4)
    assert_allclose(found.groupby("row")["share"].sum(), 1)
    for _, shares in found.groupby("row")["share"]:
        assert shares.is_monotonic_decreasing
    assert_array_equal(found["row"].unique(), np.arange(10))
    first = explain(detector, X, top=1)
    assert_array_equal(first["share"], found.groupby("row")["share"].first())


def test_a_row_is_explained_alike_alone_and_among_others(detector):
    X = related(30, seed=3)
    X[:, 1] += 5
    before = X.copy()
    among = explain(detector, X)
    alone = explain(detector, X[7:8]).assign(row=7)
    pd.testing.assert_frame_equal(among[among["row"] == 7].reset_index(drop=True), alone)
    assert_array_equal(X, before)


def test_cells_that_are_odd_only_together_are_both_named():
    # Each of two pairs of columns agrees, so that both cells of a pair must be replaced.
    random = np.random.RandomState(0)
    pairs = np.repeat(random.normal(size=(600, 2)), 2, axis=1)
    X = pairs + 0.05 * random.normal(size=pairs.shape)
    detector = VAEOutlierDetector(random_state=0, max_steps=1000).fit(X)
    found = explain(detector, [[6.0, 6.0, 0.5, 0.5]], top=2)
    assert set(found["column"]) == {"x0", "x1"}


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_words_are_explained_by_words(library):
    X = people()
    odd = pd.DataFrame({"degrees": [20.0, 5.0], "city": ["Lima", "Lima"], "open": [True, False]})
    if library == "polars":
        X, odd = pl.DataFrame(X.to_dict("list")), pl.DataFrame(odd.to_dict("list"))
    detector = VAEOutlierDetector(random_state=0, max_steps=1000).fit(X)
    found = explain(detector, odd)
    found = found[found["row"] == 1]
    assert found["column"].iloc[0] == "city"
    assert found["value"].iloc[0] == "Lima"
    assert found["expected"].iloc[0] == "Oslo"
    assert found["direction"].iloc[0] == "other"


def test_pipelines_are_explained_in_the_units_and_names_of_their_input():
    X = people()[["degrees", "city"]]
    odd = pd.DataFrame({"degrees": [20.0], "city": ["Oslo"]}, index=["a"])
    numbers = make_column_selector(dtype_include="number")
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    pipeline = make_pipeline(
        make_column_transformer((StandardScaler(), numbers), (encoder, ["city"])),
        VAEOutlierDetector(random_state=0, max_steps=1000),
    ).fit(X)
    found = explain(pipeline, odd).set_index("column")
    assert set(found.index) <= {"degrees", "city"}
    assert 0 < found.loc["degrees", "expected"] < 10
    assert found.loc["degrees", "direction"] == "above"
    assert found.loc["city", "expected"] == "Lima"


def test_steps_that_refuse_gaps_are_explained_by_the_whole_row():
    X = related()
    pipeline = make_pipeline(PCA(), cheap(AEOutlierDetector)).fit(X)
    found = explain(pipeline, [[0.0, 0.0, 0.0, 9.0]], top=1)
    assert found["column"].tolist() == ["x3"]


@pytest.mark.parametrize("other", [IsolationForest(random_state=0), OneClassSVM(gamma=0.1)])
def test_detectors_without_a_network_expect_the_median_of_the_reference(other):
    X = related()
    found = explain(other.fit(X), [[0.0, 9.0, 0.0, 0.0]], top=1, reference=X)
    assert found["column"].tolist() == ["x1"]
    assert found["expected"][0] == np.median(X[:, 1])
    with pytest.raises(ValueError, match="Pass the training rows as reference"):
        explain(other, [[0.0, 9.0, 0.0, 0.0]])


def test_a_missing_cell_is_not_named(detector):
    found = explain(detector, [[np.nan, 5.0, 0.0, 0.0], [5.0, 0.0, 0.0, np.nan]], top=4)
    assert "x0" not in set(found.loc[found["row"] == 0, "column"])
    assert "x3" not in set(found.loc[found["row"] == 1, "column"])


def test_pixels_of_bytes_are_explained_in_their_unit():
    random = np.random.RandomState(0)
    X = random.randint(100, 120, size=(60, 8, 8, 1)).astype(np.uint8)
    detector = VAEOutlierDetector(
        architecture=Conv2d(filters=(4,)), latent_dim=2, max_epochs=30, random_state=0
    ).fit(X)
    odd = X[:1].copy()
    odd[0, 3, 5, 0] = 255
    found = explain(detector, odd, top=1)
    assert found["column"].tolist() == ["x[3, 5, 0]"]
    assert found["value"][0] == 255
    assert 80 < found["expected"][0] < 150


def test_reconstruction_takes_the_lowest_feature_scores(detector):
    X = related(10, seed=4)
    found = explain(detector, X, top=1, method="reconstruction")
    assert_array_equal(found["column"], [f"x{j}" for j in detector.feature_scores(X).argmin(1)])


def test_reconstruction_needs_a_score_for_each_column():
    forest = IsolationForest(random_state=0).fit(related())
    with pytest.raises(ValueError, match="IsolationForest has no feature_scores"):
        explain(forest, related(2), method="reconstruction")
    encoder = make_column_transformer((OneHotEncoder(), ["city"]), remainder="passthrough")
    X = people()[["degrees", "city"]]
    pipeline = make_pipeline(encoder, cheap(VAEOutlierDetector)).fit(X)
    with pytest.raises(ValueError, match="make 4 columns of 2"):
        explain(pipeline, X, method="reconstruction")


def test_a_classifier_expects_what_its_detector_reconstructs():
    X = related()
    classifier = cheap(ReconstructionHistogramClassifier).fit(X)
    found = explain(classifier, X[:30])
    reconstructed = classifier.detector_.reconstruct(X[:30])
    near = np.abs(
        found["expected"] - reconstructed[found["row"], found["column"].str[1:].astype(int)]
    )
    assert 0 < len(found) <= 120
    assert near.median() < 1


def test_rows_that_do_not_fit_get_the_errors_of_the_detector(detector):
    with pytest.raises(ValueError, match="Found array with 0 sample"):
        explain(detector, np.empty((0, 4)))
    with pytest.raises(ValueError, match="X has 2 features"):
        explain(detector, np.zeros((3, 2)))


def test_what_cannot_score_is_refused():
    with pytest.raises(ValueError, match="score_samples"):
        explain(StandardScaler(), related(2))


def test_few_rows_need_no_reference_where_a_detector_keeps_samples():
    detector = SamplingOutlierDetector(random_state=0).fit(related())
    with pytest.raises(ValueError, match="Pass the training rows as reference"):
        explain(detector, [[0.0, 9.0, 0.0, 0.0]])
