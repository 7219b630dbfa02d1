"""Which cells make a row odd."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from instances import ARGUMENTS, cheap
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)
from sklearn.svm import OneClassSVM

from skvae import (
    AEOutlierDetector,
    Conv2d,
    ReconstructionHistogramClassifier,
    SamplingOutlierDetector,
    VAEOutlierDetector,
)
from skvae.inspection import explain, feature_outliers
from skvae.inspection._expected import reconstructed_cells
from skvae.inspection._variants import replaced, usual_cells

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
    assert found["expected"][0] == np.percentile(X[:, 1], 50, method="lower")
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
    with pytest.raises(ValueError, match="may move or mix columns"):
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
    with pytest.raises(ValueError, match="X has 2 features"):
        explain(detector, np.zeros((3, 2)))


def test_no_rows_have_no_reasons(detector):
    found = explain(detector, np.empty((0, 4)))
    assert list(found.columns) == COLUMNS
    assert len(found) == 0
    assert feature_outliers(detector, np.empty((0, 4)), related()).shape == (0, 4)


def test_what_cannot_score_is_refused():
    with pytest.raises(ValueError, match="score_samples"):
        explain(StandardScaler(), related(2))


def test_distances_expect_the_median_of_the_reference():
    X = related()
    detector = SamplingOutlierDetector(random_state=0).fit(X)
    found = explain(detector, [[0.0, 9.0, 0.0, 0.0]], top=1, reference=X)
    assert found["column"].tolist() == ["x1"]
    with pytest.raises(ValueError, match="Pass the training rows as reference"):
        explain(detector, [[0.0, 9.0, 0.0, 0.0]])


def test_a_reference_does_not_overrule_a_network(detector):
    X = related(5, seed=2) + 3
    pd.testing.assert_frame_equal(explain(detector, X, reference=related()), explain(detector, X))


@pytest.mark.parametrize(
    "reference",
    [people()[["city", "degrees", "open"]], people()[["city"]], people().to_numpy()],
    ids=["order", "fewer", "array"],
)
def test_a_reference_must_have_the_columns_of_the_rows(reference):
    forest = IsolationForest(random_state=0).fit(related())
    with pytest.raises(ValueError, match="reference must have the columns of X"):
        explain(forest, people(), reference=reference)


def test_a_column_of_which_nothing_is_expected_is_not_named():
    X = related()
    forest = IsolationForest(random_state=0).fit(X)
    empty = X.copy()
    empty[:, 0] = np.nan
    assert "x0" not in set(explain(forest, X[:20], reference=empty)["column"])


@pytest.mark.parametrize(
    "steps",
    [
        [PCA()],
        [make_column_transformer((StandardScaler(), [2, 1]), remainder="passthrough")],
        [FunctionTransformer(lambda X: X[:, ::-1], lambda X: X[:, ::-1])],
    ],
    ids=["mixed", "moved", "unknown"],
)
def test_reconstruction_is_refused_behind_steps_that_may_move_columns(steps):
    X = related()
    pipeline = make_pipeline(*steps, cheap(VAEOutlierDetector)).fit(X)
    with pytest.raises(ValueError, match="may move or mix columns"):
        explain(pipeline, X[:2], method="reconstruction")


def test_a_moved_column_is_named_where_it_was():
    X = related() * [1, 10, 100, 1000]
    moved = make_column_transformer((StandardScaler(), [2, 1]), remainder="passthrough")
    pipeline = make_pipeline(moved, VAEOutlierDetector(random_state=0, max_steps=500)).fit(X)
    found = explain(pipeline, [[0.0, 90.0, 0.0, 0.0]], top=1)
    assert found["column"].tolist() == ["x1"]
    assert abs(found["expected"][0]) < 10


def test_codes_are_rounded_on_their_way_back():
    random = np.random.RandomState(0)
    number = random.normal(size=500)
    word = np.array(["a", "b", "c"])[np.digitize(number, [-0.6, 0.6])]
    X = pd.DataFrame({"number": number, "word": word})
    encoder = make_column_transformer((OrdinalEncoder(), ["word"]), remainder="passthrough")
    pipeline = make_pipeline(encoder, VAEOutlierDetector(random_state=0, max_steps=1000)).fit(X)
    clear = X[(np.abs(number) > 1) | (np.abs(number) < 0.2)]
    whole = reconstructed_cells(pipeline, clear)
    assert np.mean(whole[:, 1] == clear["word"]) > 0.95


def test_an_imputer_lets_the_network_say_what_it_expects():
    X = pd.DataFrame(related(), columns=list("abcd"))
    steps = [SimpleImputer(), StandardScaler(), VAEOutlierDetector(random_state=0, max_steps=500)]
    odd = X.iloc[[0]].assign(b=50.0)
    found = explain(make_pipeline(*steps).fit(X), odd, top=1)
    assert found["column"].tolist() == ["b"]
    assert found["expected"][0] == pytest.approx(X.loc[0, ["a", "c"]].mean(), abs=1)


@pytest.mark.parametrize("step", [FunctionTransformer(np.arcsinh), Normalizer()])
def test_a_step_without_a_way_back_is_told(step):
    X = related()
    pipeline = make_pipeline(step, cheap(VAEOutlierDetector)).fit(X)
    with pytest.raises(ValueError, match="has no way back through the steps before it"):
        explain(pipeline, X[:3])
    with pytest.warns(UserWarning, match="What is usual in reference is expected"):
        found = explain(pipeline, X[:3], reference=X)
    usual = np.percentile(X, 50, axis=0, method="lower")
    assert_array_equal(found["expected"], usual[found["column"].str[1:].astype(int)])


def test_flags_and_categories_are_neither_above_nor_below():
    X = people().assign(
        code=lambda X: pd.Categorical(X["city"].map({"Lima": 1, "Oslo": 2, "Rome": 3}))
    )
    detector = VAEOutlierDetector(random_state=0, max_steps=300).fit(X)
    odd = X.iloc[:20].assign(open=~X["open"][:20], code=X["code"].iloc[20:40].array)
    of_column = explain(detector, odd, top=4).groupby("column")["direction"].agg(set)
    assert of_column["open"] == of_column["code"] == {"other"}
    assert of_column["degrees"] <= {"above", "below"}


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_word_column_may_be_missing_in_all_rows(library):
    X = people()
    detector = VAEOutlierDetector(random_state=0, max_steps=300).fit(
        X if library == "pandas" else pl.DataFrame(X.to_dict("list"))
    )
    odd = pd.DataFrame({"degrees": [90.0], "city": [None], "open": [True]})
    odd = odd if library == "pandas" else pl.DataFrame(odd.to_dict("list"))
    assert explain(detector, odd, top=1)["column"].tolist() == ["degrees"]


def test_an_enumeration_may_lack_the_expected_word():
    X = people()
    detector = VAEOutlierDetector(random_state=0, max_steps=1000).fit(
        pl.DataFrame(X.to_dict("list"))
    )
    odd = pl.DataFrame({"degrees": [5.0], "city": ["Lima"], "open": [False]})
    odd = odd.with_columns(pl.col("city").cast(pl.Enum(["Lima"])))
    found = explain(detector, odd, top=1)
    assert found["expected"].tolist() == ["Oslo"]


def test_whole_numbers_expect_one_that_occurs():
    X = pd.DataFrame({"code": [2, 5] * 100, "number": np.arange(200.0)})
    encoder = make_column_transformer((OneHotEncoder(), ["code"]), remainder="passthrough")
    forest = make_pipeline(encoder, IsolationForest(random_state=0)).fit(X)
    found = explain(forest, X[:4], reference=X)
    assert set(found.loc[found["column"] == "code", "expected"]) <= {2.0, 5.0}


def related_words(n_rows=500):
    """Return a number, and a word that tells whether it is low, medium or high."""
    random = np.random.RandomState(0)
    number = random.normal(size=n_rows)
    word = np.array(["low", "medium", "high"])[np.digitize(number, [-0.6, 0.6])]
    X = pd.DataFrame({"number": number, "word": word})
    return X, (np.abs(number) > 1) | (np.abs(number) < 0.2)


@pytest.mark.parametrize(
    "encoder",
    [
        OneHotEncoder(),
        OneHotEncoder(drop="first"),
        FrozenEstimator(OneHotEncoder(drop="first").fit(related_words()[0][["word"]])),
        FrozenEstimator(OrdinalEncoder().fit(related_words()[0][["word"]])),
    ],
    ids=["one-hot", "one dropped", "frozen", "frozen codes"],
)
def test_words_come_back_from_any_encoder(encoder):
    X, clear = related_words()
    encoded = make_column_transformer((encoder, ["word"]), remainder="passthrough")
    pipeline = make_pipeline(encoded, VAEOutlierDetector(random_state=0, max_steps=1000)).fit(X)
    whole = reconstructed_cells(pipeline, X[clear])
    assert np.mean(whole[:, 1] == X["word"][clear]) > 0.9


@pytest.mark.parametrize("encoder", [OneHotEncoder, OrdinalEncoder])
def test_rare_words_that_share_a_code_come_back_as_one_of_them(encoder):
    random = np.random.RandomState(0)
    X = pd.DataFrame({"word": random.choice(list("aaaabbbbcd"), 200), "x": random.normal(size=200)})
    encoded = make_column_transformer(
        (encoder(max_categories=3), ["word"]), remainder="passthrough"
    )
    pipeline = make_pipeline(encoded, cheap(VAEOutlierDetector)).fit(X)
    expected = explain(pipeline, X[:50], top=2).query("column == 'word'")["expected"]
    assert set(expected) <= set("abcd")


def test_intervals_come_back_as_their_middles():
    X = related()
    binned = KBinsDiscretizer(n_bins=4, encode="ordinal", strategy="uniform")
    pipeline = make_pipeline(binned, cheap(VAEOutlierDetector)).fit(X)
    assert all(len(np.unique(column)) <= 4 for column in reconstructed_cells(pipeline, X).T)


def test_an_imputer_that_tells_of_gaps_has_a_way_back():
    X = related()
    X[::7, 1] = np.nan
    imputer = SimpleImputer(add_indicator=True)
    pipeline = make_pipeline(imputer, VAEOutlierDetector(random_state=0, max_steps=500)).fit(X)
    found = explain(pipeline, [[1.5, 1.5, -1.5, 0.0]], top=1)
    assert found["column"].tolist() == ["x2"]
    assert found["expected"][0] > 0.5
    with pytest.raises(ValueError, match="may move or mix columns"):
        explain(pipeline, X[:3], method="reconstruction")


def test_searches_and_frozen_pipelines_are_explained_as_what_is_in_them():
    X = 100 + related()
    pipeline = make_pipeline(StandardScaler(), cheap(VAEOutlierDetector))
    grid = {"vaeoutlierdetector__latent_dim": [2]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X)
    expected = explain(pipeline.fit(X), X[:3])
    for wrapped in (search, FrozenEstimator(pipeline)):
        pd.testing.assert_frame_equal(explain(wrapped, X[:3]), expected)


def test_any_error_of_a_step_is_told_and_none_of_a_network_is_hidden(monkeypatch):
    X = people().assign(open=1.0)
    codes = {"Lima": 0, "Oslo": 1, "Rome": 2}
    words = np.array(list(codes))
    step = FunctionTransformer(
        lambda X: X.assign(city=[codes[word] for word in X["city"]]),
        lambda X: X.assign(city=words[np.rint(X["city"]).clip(0, 2).astype(int)]),
        check_inverse=False,
    )
    pipeline = make_pipeline(step, cheap(VAEOutlierDetector)).fit(X)
    # A missing city is no key of the dict, so that whole rows are reconstructed.
    assert set(explain(pipeline, X[:9]).query("column == 'city'")["expected"]) <= set(words)

    def broken(self, X):
        raise TypeError("a fault of the network")

    monkeypatch.setattr(VAEOutlierDetector, "reconstruct", broken)
    with pytest.raises(TypeError, match="a fault of the network"):
        explain(pipeline, X[:3], reference=X)


@pytest.mark.parametrize(
    "step", [make_pipeline(StandardScaler(), "passthrough"), FrozenEstimator(StandardScaler())]
)
def test_reconstruction_sees_through_steps_that_keep_columns(step):
    X = related()
    if isinstance(step, FrozenEstimator):
        step.estimator.fit(X)
    pipeline = make_pipeline(step, cheap(VAEOutlierDetector)).fit(X)
    scores = pipeline[-1].feature_scores(pipeline[0].transform(X[:5]))
    found = explain(pipeline, X[:5], top=1, method="reconstruction")
    assert found["column"].tolist() == [f"x{j}" for j in scores.argmin(1)]


def test_a_normalizer_mixes_columns():
    X = related()
    pipeline = make_pipeline(Normalizer(), cheap(VAEOutlierDetector)).fit(X)
    with pytest.raises(ValueError, match="may move or mix columns"):
        explain(pipeline, X[:3], method="reconstruction")


def test_the_rows_of_another_shape_are_told_in_short():
    X = np.zeros((4, 28, 28))
    with pytest.raises(ValueError, match=r"rows of shape \(28, 28\).*\(28, 27\)") as caught:
        explain(IsolationForest(), X, reference=X[:, :, 1:])
    assert len(str(caught.value)) < 400


def test_a_column_may_mix_words_and_numbers():
    X = np.array([[1, 0.5], ["x", 0.1], ["x", 0.3], [2, 5.0]], dtype=object)
    assert usual_cells(X, 1).tolist() == [["x", 0.3]]


def test_bytes_do_not_wrap_around():
    values = np.array([[-22.0, 270.0, 100.0]])
    image = np.full((1, 1, 3), 9, dtype=np.uint8)
    assert_array_equal(replaced(image, np.ones((1, 3), dtype=bool), values), [[[0, 255, 100]]])


def test_bytes_are_scaled_once_in_a_pipeline():
    X = np.random.RandomState(0).randint(100, 120, size=(60, 6, 6)).astype(np.uint8)
    scale = FunctionTransformer(lambda X: X / 255, lambda X: X * 255, check_inverse=False)
    pipeline = make_pipeline(scale, cheap(AEOutlierDetector, masked_fraction=0.0)).fit(X)
    odd = X[:1].copy()
    odd[0, 2, 3] = 255
    found = explain(pipeline, odd, top=1)
    assert found["column"].tolist() == ["x[2, 3]"]
    rows = pipeline[-1].reconstruct(odd / 255)
    assert found["expected"][0] == pytest.approx(255 * rows[0, 2, 3], rel=1e-5)


def test_sparse_rows_get_the_error_of_scikit_learn(detector):
    with pytest.raises(TypeError, match=r"[Ss]parse"):
        explain(detector, csr_matrix(related(3)))
