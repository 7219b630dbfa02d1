"""Tables as they are: words, missing cells, columns of any scale."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from instances import cheap
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler

from skvae import (
    AEGMMDetector,
    AEOutlierDetector,
    Conv1d,
    EnsembleOutlierDetector,
    SamplingOutlierDetector,
    VAEGMMDetector,
    VAEOutlierDetector,
)

NETWORKS = [AEOutlierDetector, VAEOutlierDetector, AEGMMDetector, VAEGMMDetector]
DETECTORS = [*NETWORKS, SamplingOutlierDetector, EnsembleOutlierDetector]
CELLWISE = [AEOutlierDetector, VAEOutlierDetector]
ALL = pytest.mark.parametrize("detector_class", DETECTORS, ids=lambda c: c.__name__)
OF_NETWORKS = pytest.mark.parametrize("detector_class", NETWORKS, ids=lambda c: c.__name__)
OF_CELLS = pytest.mark.parametrize("detector_class", CELLWISE, ids=lambda c: c.__name__)


def people(n_rows=200, seed=0):
    """Return columns of people: a word goes with a number, and scales differ."""
    random = np.random.RandomState(seed)
    age = random.normal(40, 12, n_rows)
    return {
        "age": age,
        "city": random.choice(["Lima", "Oslo", "Rome"], n_rows).tolist(),
        "income": 1e5 * random.lognormal(0, 0.3, n_rows),
        "retired": (age > 60).tolist(),
    }


def frame(n_rows=200, seed=0):
    return pd.DataFrame(people(n_rows, seed))


def with_gaps(table):
    table = table.copy()
    table.loc[::5, "age"] = np.nan
    table.loc[1::5, "city"] = None
    return table


@ALL
def test_frames_of_two_libraries_and_arrays_of_objects_score_alike(detector_class):
    pandas, polars = frame(), pl.DataFrame(people())
    objects = pandas.to_numpy(dtype=object)
    scores = cheap(detector_class).fit(pandas).score_samples(pandas)
    assert_array_equal(cheap(detector_class).fit(polars).score_samples(polars), scores)
    if detector_class is not EnsembleOutlierDetector:
        by_index = cheap(detector_class, categorical_features=[1, 3]).fit(objects)
        assert_array_equal(by_index.score_samples(objects), scores)


@ALL
def test_weights_and_order_of_frames(detector_class, rng):
    table = with_gaps(frame())
    weights = rng.randint(3, size=len(table))
    repeated = table.iloc[rng.permutation(np.repeat(np.arange(len(table)), weights))]
    detector = cheap(detector_class).fit(table, sample_weight=weights)
    twin = cheap(detector_class).fit(repeated)
    assert_array_equal(detector.score_samples(table), twin.score_samples(table))


@ALL
def test_missing_cells_have_finite_scores_whether_or_not_there_were_any_in_training(detector_class):
    gaps = with_gaps(frame())
    for table in (frame(), gaps):
        detector = cheap(detector_class).fit(table)
        assert np.isfinite(detector.score_samples(gaps)).all()
        assert set(detector.predict(gaps)) <= {-1, 1}


@ALL
def test_a_row_with_nothing_observed_is_no_outlier(detector_class):
    table = with_gaps(frame())
    empty = pd.DataFrame({name: [None] for name in table})
    detector = cheap(detector_class, contamination=0.02).fit(table)
    assert_array_equal(detector.predict(empty), [1])


@ALL
def test_what_a_row_scores_does_not_depend_on_gaps_of_others(detector_class):
    table = with_gaps(frame())
    detector = cheap(detector_class).fit(table)
    scores = detector.score_samples(table)
    alone = np.concatenate([detector.score_samples(table.iloc[[row]]) for row in range(8)])
    assert_array_equal(alone, scores[:8])


@pytest.mark.parametrize(
    "detector_class", [VAEOutlierDetector, AEOutlierDetector], ids=lambda c: c.__name__
)
def test_a_word_that_training_never_saw_is_flagged(detector_class):
    table = frame(600)
    new = frame(20, seed=1)
    detector = detector_class(
        contamination=0.05, max_steps=600, n_estimators=1, random_state=0
    ).fit(table)
    normal = detector.predict(new)
    assert np.mean(normal == -1) < 0.3
    assert_array_equal(detector.predict(new.assign(city="Atlantis")), np.full(20, -1))


def test_a_word_that_contradicts_a_number_is_the_odd_cell():
    table = frame(1000)
    detector = AEOutlierDetector(n_estimators=1, random_state=0).fit(table)
    odd = frame(50, seed=1)
    odd["age"], odd["retired"] = 30.0, True
    scores = detector.feature_scores(odd)
    assert np.mean(np.isin(scores.argmin(axis=1), [0, 3])) > 0.9
    assert_array_equal(detector.reconstruct(odd)["retired"], np.zeros(50, dtype=bool))


@ALL
def test_numbers_of_any_scale_score_as_standardised_ones(detector_class):
    random = np.random.RandomState(0)
    X = random.normal(size=(120, 5)) * [1e-6, 1, 1e3, 1e9, 5] + [0, 5, 1e6, 1e12, 0]
    standardised = StandardScaler().fit_transform(X)
    raw = cheap(detector_class).fit(X)
    assert_allclose(
        raw.score_samples(X), cheap(detector_class).fit(standardised).score_samples(standardised),
        rtol=0.05, atol=0.05,
    )  # fmt: skip


@ALL
def test_standardised_rows_are_left_as_they_are(detector_class):
    X = StandardScaler().fit_transform(np.random.RandomState(0).exponential(size=(120, 5)))
    as_they_are = cheap(detector_class, standardize=False).fit(X).score_samples(X)
    assert_array_equal(cheap(detector_class).fit(X).score_samples(X), as_they_are)


@OF_NETWORKS
def test_reconstructions_come_back_as_they_came(detector_class):
    table = frame().astype({"city": "category"}).set_index(np.arange(200) + 7)
    detector = cheap(detector_class).fit(table)
    new = table.iloc[3:9]
    rows = detector.reconstruct(new)
    assert list(rows.columns) == list(table.columns)
    assert_array_equal(rows.index, new.index)
    assert rows["city"].dtype == "category"
    assert rows["retired"].dtype == bool
    assert 5e4 < rows["income"].median() < 2e5
    assert detector.feature_scores(new).shape == (6, 4)
    polars = cheap(detector_class).fit(pl.DataFrame(people())).reconstruct(pl.DataFrame(people()))
    assert isinstance(polars, pl.DataFrame)
    assert set(polars["city"]) <= {"Lima", "Oslo", "Rome"}


@pytest.mark.parametrize("n_estimators", [1, 2])
def test_samples_are_rows_of_the_table(n_estimators):
    detector = VAEOutlierDetector(max_steps=400, n_estimators=n_estimators, random_state=0)
    rows = detector.fit(frame(400)).sample(200)
    assert list(rows.columns) == list(frame().columns)
    assert set(rows["city"]) == {"Lima", "Oslo", "Rome"}
    assert 30 < rows["age"].mean() < 50
    assert 5e4 < rows["income"].median() < 2e5


@OF_CELLS
def test_feature_scores_add_up_in_the_order_of_the_columns(detector_class):
    table = with_gaps(frame())[["city", "income", "retired", "age"]]
    detector = cheap(detector_class).fit(table)
    cells = detector.feature_scores(table)
    assert_allclose(cells.sum(axis=1), detector.score_samples(table), rtol=1e-4, atol=1e-4)
    far = table.iloc[:1].assign(income=1e9)
    assert detector.feature_scores(far)[0].argmin() == 1


@OF_CELLS
def test_many_words_are_embedded(detector_class):
    random = np.random.RandomState(0)
    words = np.char.add("word", random.randint(100, size=600).astype(str))
    table = pd.DataFrame({"word": words, "number": random.normal(size=600)})
    for n_estimators in (1, 2):
        detector = cheap(detector_class, n_estimators=n_estimators).fit(table)
        scores = detector.score_samples(table)
        assert np.isfinite(scores).all()
        restored = pickle.loads(pickle.dumps(detector))
        assert_array_equal(restored.score_samples(table), scores)
        assert set(detector.reconstruct(table)["word"]) <= set(words)


@ALL
def test_tables_survive_pickling_cloning_and_searching(detector_class, tmp_path):
    table = with_gaps(frame())
    detector = cheap(detector_class, categorical_features=["city", "retired"])
    scores = clone(detector).fit(table).score_samples(table)
    restored = pickle.loads(pickle.dumps(clone(detector).fit(table)))
    assert_array_equal(restored.score_samples(table), scores)
    if hasattr(detector, "memory"):
        for _ in range(2):
            cached = clone(detector).set_params(memory=tmp_path).fit(table)
            assert_array_equal(cached.score_samples(table), scores)
    if hasattr(detector, "score"):
        numbers = frame()[["age", "income"]].assign(code=np.arange(200) % 3)
        search = GridSearchCV(
            cheap(detector_class), {"categorical_features": [None, ["code"]]}, cv=2
        ).fit(numbers)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_a_mapped_array_is_standardised_without_a_copy(tmp_path):
    X = np.random.RandomState(0).normal(5, 3, size=(300, 4)).astype(np.float32)
    mapped = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", X.dtype, X.shape)
    mapped[:] = X
    scores = cheap(VAEOutlierDetector).fit(mapped).score_samples(mapped)
    assert_array_equal(scores, cheap(VAEOutlierDetector).fit(X).score_samples(X))


MESSAGES = {
    "words in an array": (
        np.array([[1, "B"], [2, "C"], [3, "B"]], dtype=object),
        {},
        "Column 'x1' holds words",
    ),
    "words that are not asked for": (
        frame(),
        {"categorical_features": None},
        "Column 'city' holds words",
    ),
    "dates": (
        frame().assign(born=pd.Timestamp("2020-01-01")),
        {},
        "Column 'born' holds dates",
    ),
    "infinity": (frame().assign(age=np.inf), {}, "Column 'age' contains infinity"),
    "words and numbers": (
        frame().assign(city=pd.Series(["Rome", 3] * 100, dtype=object)),
        {},
        "Column 'city' mixes",
    ),
    "an unknown name": (
        frame(),
        {"categorical_features": ["town"]},
        "categorical_features has an item value 'town'",
    ),
    "an index too large": (
        np.ones((9, 2)),
        {"categorical_features": [2]},
        r"must be in \[0, n_features - 1\]",
    ),
    "a short mask": (
        np.ones((9, 2)),
        {"categorical_features": [True]},
        "must have shape",
    ),
    "names without names": (
        np.ones((9, 2)),
        {"categorical_features": ["a"]},
        "without feature names",
    ),
    "images": (
        np.ones((9, 4, 4)),
        {"categorical_features": [0]},
        "columns of a table",
    ),
}


@pytest.mark.parametrize(("X", "arguments", "message"), MESSAGES.values(), ids=MESSAGES)
def test_errors_name_the_column(X, arguments, message):
    for detector_class in (VAEOutlierDetector, SamplingOutlierDetector):
        detector = cheap(detector_class, **arguments)
        with pytest.raises(ValueError, match=message):
            detector.fit(X)
        assert not hasattr(detector, "n_features_in_")


def test_other_columns_than_in_training_are_errors():
    detector = cheap(VAEOutlierDetector).fit(frame())
    with pytest.raises(ValueError, match="town"):
        detector.predict(frame().rename(columns={"city": "town"}))
    with pytest.raises(ValueError, match="Column 'age' held numbers in fit"):
        detector.predict(frame().assign(age="old"))
    with pytest.raises(ValueError, match=r"rows of shape \(2, 2\)"):
        detector.predict(np.ones((3, 2, 2)))


def test_convolutions_refuse_gaps():
    detector = cheap(VAEOutlierDetector, architecture=Conv1d())
    curves = pd.DataFrame(np.random.RandomState(0).normal(size=(30, 16)))
    curves.columns = [f"t{i}" for i in range(16)]
    holes = curves.copy()
    holes.iloc[3, 5] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        detector.fit(holes)
    with pytest.raises(ValueError, match="NaN"):
        detector.fit(holes.to_numpy())
    with pytest.raises(ValueError, match="NaN"):
        detector.fit(curves).predict(holes)


def test_no_warning_comes_from_gaps():
    table = with_gaps(frame()).assign(empty=np.nan)
    assert np.isfinite(cheap(VAEOutlierDetector).fit(table).score_samples(table)).all()


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_a_few_far_values_leave_room_for_differences_among_the_others(unit):
    random = np.random.RandomState(0)
    bytes_sent = random.lognormal(0, 1, 2000)
    bytes_sent[:3] = 1e6
    X = unit * np.c_[bytes_sent, bytes_sent * random.lognormal(0, 0.1, 2000)]
    detector = VAEOutlierDetector(
        contamination=0.02, max_steps=800, n_estimators=1, random_state=0
    ).fit(X)
    assert_array_equal(detector.predict(unit * np.array([[1.0, 1.0], [1.0, 5.0]])), [1, -1])
    typical = np.median(abs(np.log(detector.reconstruct(X[3:]) / X[3:])))
    assert typical < 0.3


def test_a_typo_is_far_from_samples_with_gaps(rng):
    X = rng.normal(size=(500, 3))
    X[:25, 0] = np.nan
    detector = SamplingOutlierDetector(random_state=0).fit(X)
    assert_array_equal(detector.predict([[1e6, 0, 0], [0, 0, 0]]), [-1, 1])


def test_a_row_of_which_little_is_known_is_ordinary_to_distances():
    table = frame()
    detector = SamplingOutlierDetector(random_state=0).fit(table)
    nearly_empty = pd.DataFrame(
        {"age": [None], "city": ["Oslo"], "income": [None], "retired": [None]}
    )
    low, high = np.percentile(detector.held_out_scores_, [5, 95])
    assert low < detector.score_samples(nearly_empty)[0] < high


def test_names_may_be_numbers():
    table = frame()
    table.columns = [3, 1, 2, 0]
    detector = cheap(VAEOutlierDetector).fit(table)
    assert list(detector.reconstruct(table).columns) == [3, 1, 2, 0]


def test_names_that_are_repeated_are_told():
    table = pd.DataFrame(np.random.RandomState(0).normal(size=(20, 2)), columns=["x", "x"])
    with pytest.raises(ValueError, match="several columns with the name 'x'"):
        cheap(VAEOutlierDetector).fit(table)


def test_words_come_back_whatever_the_type_of_those_that_are_asked_for():
    table = frame().astype({"city": "category"})
    detector = cheap(VAEOutlierDetector).fit(table)
    alone = table.assign(city=pd.Categorical(["Oslo"] * 200))
    assert not detector.reconstruct(alone)["city"].isna().any()
    unknown = frame(1).assign(city=np.nan, retired=None)
    assert set(detector.reconstruct(unknown)["city"]) <= {"Lima", "Oslo", "Rome"}


def test_codes_are_the_same_in_any_precision():
    random = np.random.RandomState(0)
    X = np.c_[random.normal(size=100), random.choice([0.1, 0.2, 0.3], 100)]
    X[:, 0] = X[:, 0].astype(np.float32)
    detector = cheap(VAEOutlierDetector, categorical_features=[1]).fit(X)
    single = detector.score_samples(X.astype(np.float32))
    assert_allclose(single, detector.score_samples(X), rtol=1e-5)


def test_a_single_row_may_be_an_array():
    detector = cheap(VAEOutlierDetector).fit(frame()[["age", "city"]])
    with pytest.warns(UserWarning, match="valid feature names"):
        assert np.isfinite(detector.score_samples([[40.0, None]])).all()
    with pytest.warns(UserWarning, match="valid feature names"):
        assert np.isfinite(detector.score_samples([[40.0, np.nan]])).all()


def other_types():
    return {
        "dates now": (frame().assign(age=pd.Timestamp("2020-01-01")), "'age' holds dates"),
        "words now": (frame().assign(age="old"), "'age' held numbers in fit"),
        "numbers now": (frame().assign(city=1.0), "'city' held values such as 'Lima'"),
        "strings now": (frame().assign(retired="True"), "'retired' held values such as"),
        "lists": (frame().assign(city=[[1, 2]] * 200), "'city' holds values that are neither"),
        "complex numbers": (frame().assign(age=1j), "'age' holds values that are neither"),
    }


@pytest.mark.parametrize(("table", "message"), other_types().values(), ids=other_types())
def test_columns_that_changed_their_type_are_told(table, message):
    with pytest.raises(ValueError, match=message):
        cheap(VAEOutlierDetector).fit(frame()).predict(table)


def test_arrays_of_dates_are_refused():
    dates = np.arange(20).astype("datetime64[D]").reshape(10, 2)
    with pytest.raises(ValueError, match="'x0' holds dates"):
        cheap(VAEOutlierDetector).fit(dates)
    with pytest.raises(ValueError, match="'x0' holds dates"):
        cheap(VAEOutlierDetector).fit(dates.astype(object))


def test_experts_need_no_tags():
    class Expert:
        def get_params(self, deep=True):
            return {}

        def fit(self, X):
            return self

        def score_samples(self, X):
            return -abs(np.asarray(X)).sum(axis=1)

    X = np.random.RandomState(0).normal(size=(50, 2))
    detector = EnsembleOutlierDetector([("own", Expert())]).fit(X)
    assert detector.score_samples(X).shape == (50,)
