"""Several detectors as one."""

import numpy as np
import pytest
from instances import cheap
from sklearn.base import BaseEstimator, clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import IsolationForest
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skvae import (
    AEGMMDetector,
    EnsembleOutlierDetector,
    SamplingOutlierDetector,
    VAEOutlierDetector,
)
from skvae.metrics import average_precision_scorer
from skvae.rows import n_held_out


class FirstColumn(BaseEstimator):
    """An expert that takes the first column for the score."""

    def __init__(self, column=0):
        self.column = column

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def score_samples(self, X):
        return X[:, self.column]


class Failing(FirstColumn):
    def fit(self, X, y=None):
        raise KeyboardInterrupt


def sampling(**arguments):
    return EnsembleOutlierDetector(
        [("few", SamplingOutlierDetector(max_samples=8)), ("many", SamplingOutlierDetector())],
        random_state=0,
        **arguments,
    )


def test_scores_are_standardised_on_the_training_rows(rng):
    X = rng.standard_normal((101, 2)) * [1, 100]
    detector = EnsembleOutlierDetector([("a", FirstColumn()), ("b", FirstColumn(1))]).fit(X)
    first, median, third = np.percentile(X, [25, 50, 75], axis=0)
    new = np.array([median, third + 9 * (third - first), [median[0], median[1] - 1e6]])
    deviations = (new - median) / (third - first)
    expected = np.sign(deviations) * np.log1p(np.abs(deviations))
    np.testing.assert_allclose(detector.expert_scores(new), expected)
    np.testing.assert_allclose(detector.score_samples(new), expected.min(axis=1))


@pytest.mark.parametrize(("combine", "function"), [("max", np.min), ("mean", np.mean)])
def test_combine_can_be_changed_after_fit(X, combine, function):
    detector = sampling().fit(X).set_params(combine=combine)
    expected = function(detector.expert_scores(X), axis=1)
    np.testing.assert_array_equal(detector.score_samples(X), expected)
    assert detector.calibrate(X, contamination=0.1).predict(X).mean() == pytest.approx(0.8)


@pytest.mark.parametrize("combine", ["max", "mean"])
def test_a_row_scores_the_same_alone_and_among_others(rng, combine):
    X = rng.standard_normal((300, 4))
    experts = [(f"of {size}", SamplingOutlierDetector(max_samples=size)) for size in range(2, 12)]
    experts.append(("vae", cheap(VAEOutlierDetector, max_epochs=2)))
    detector = EnsembleOutlierDetector(experts, combine=combine, random_state=0).fit(X)
    scores = detector.score_samples(X)
    for start, stop in [(0, 1), (3, 50), (299, 300)]:
        np.testing.assert_array_equal(detector.score_samples(X[start:stop]), scores[start:stop])


def test_held_out_scores_set_the_standard(X):
    expert = cheap(VAEOutlierDetector, n_estimators=3, random_state=None)
    detector = EnsembleOutlierDetector([("vae", expert)], random_state=0).fit(X)
    held_out = detector.named_estimators_.vae.held_out_scores_
    np.testing.assert_array_equal(detector.centers_, [np.median(held_out)])


def test_the_same_score_for_most_rows(rng):
    X = np.zeros((50, 1))
    X[:3, 0] = [1, 2, -3]
    expert_scores = EnsembleOutlierDetector([("a", FirstColumn())]).fit(X).expert_scores(X)
    assert np.isfinite(expert_scores).all()
    assert (expert_scores[3:] == 0).all()
    assert EnsembleOutlierDetector([("a", FirstColumn())]).fit(X[3:]).scales_ == [1]


def test_experts_that_see_other_columns_hold_out_the_same_rows(X, rng):
    experts = [
        (
            f"of {k}",
            make_pipeline(
                make_column_transformer(("passthrough", [k, k + 1])), cheap(AEGMMDetector)
            ),
        )
        for k in range(3)
    ]
    detector = EnsembleOutlierDetector([*experts, ("forest", IsolationForest())], random_state=0)
    assert len(detector.fit(X).held_out_indices_) == n_held_out(len(X))
    order = rng.permutation(len(X))
    shuffled = clone(detector).fit(X[order])
    np.testing.assert_array_equal(shuffled.score_samples(X), detector.score_samples(X))
    assert set(order[shuffled.held_out_indices_]) == set(detector.held_out_indices_)


def test_any_detector_can_be_an_expert(X):
    experts = [
        ("forest", IsolationForest(n_estimators=10)),
        ("lof", LocalOutlierFactor(novelty=True)),
        ("vae", make_pipeline(StandardScaler(), cheap(VAEOutlierDetector, random_state=None))),
    ]
    detector = EnsembleOutlierDetector(experts, random_state=0).fit(X)
    assert detector.expert_scores(X).shape == (200, 3)
    assert detector.predict([[100.0] * 5]) == [-1]
    assert list(detector.named_estimators_) == ["forest", "lof", "vae"]
    # Experts with no seed of their own get one, and those of the user stay as they were.
    assert detector.named_estimators_.forest.random_state is not None
    assert experts[0][1].random_state is None
    assert not hasattr(experts[0][1], "estimators_")


def test_experts_choose_columns_of_a_frame(X):
    pandas = pytest.importorskip("pandas")
    # The ensemble sorts rows by the first column that differs, and the expert alone by the second.
    X[:, 0] = 0
    frame = pandas.DataFrame(X, columns=list("abcde"))
    selected = make_pipeline(
        make_column_transformer(("passthrough", ["b"])), SamplingOutlierDetector(random_state=0)
    )
    detector = EnsembleOutlierDetector([("b", selected)]).fit(frame)
    assert list(detector.feature_names_in_) == list("abcde")
    alone = SamplingOutlierDetector(random_state=0).fit(X[:, 1:2]).score_samples(X[:, 1:2])
    assert (np.argsort(detector.score_samples(frame)) == np.argsort(alone)).all()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_experts_in_parallel_equal_experts_in_sequence(X, n_jobs):
    np.testing.assert_array_equal(
        sampling(n_jobs=n_jobs).fit(X).score_samples(X), sampling().fit(X).score_samples(X)
    )


def test_default_experts_have_parameters_to_set():
    detector = EnsembleOutlierDetector().set_params(vae__beta=0.5, ae="drop")
    assert [name for name, _ in detector.estimators] == ["vae", "ae", "near", "far"]
    assert detector.get_params()["vae__beta"] == 0.5
    assert EnsembleOutlierDetector().set_params(combine="mean").estimators is None
    with pytest.raises(ValueError, match="Invalid parameter 'forest'"):
        EnsembleOutlierDetector().set_params(forest__n_estimators=3)


def test_an_expert_can_be_dropped(X):
    detector = sampling().set_params(few="drop").fit(X)
    assert list(detector.named_estimators_) == ["many"]


def test_searches_reach_the_experts(X):
    y = np.where(np.arange(200) % 20, 1, -1)
    grid = {"few__max_samples": [4, 8], "many": ["drop", SamplingOutlierDetector()]}
    search = GridSearchCV(sampling(), grid, scoring=average_precision_scorer).fit(X, y)
    assert search.best_params_.keys() == grid.keys()


def test_memory_keeps_fitted_experts(X, tmp_path):
    experts = [("vae", cheap(VAEOutlierDetector, random_state=None))]
    detector = EnsembleOutlierDetector(experts, memory=tmp_path, random_state=0)
    first = detector.fit(X).named_estimators_.vae
    again = detector.set_params(combine="mean").fit(X).named_estimators_.vae
    assert again.history_ == first.history_
    other = detector.set_params(vae__max_epochs=2).fit(X).named_estimators_.vae
    assert other.n_iter_ == 2


@pytest.mark.parametrize(
    ("experts", "error", "match"),
    [
        ([], ValueError, "no expert"),
        ([("a", "drop")], ValueError, "no expert"),
        ([("a", FirstColumn()), ("a", FirstColumn())], ValueError, "not unique"),
        ([("combine", FirstColumn())], ValueError, "conflict"),
        ([("lof", LocalOutlierFactor())], ValueError, r"'lof'.*score_samples. Set novelty=True"),
        ([("scaler", StandardScaler())], ValueError, r"'scaler'.*score_samples"),
        ([("vae", VAEOutlierDetector)], TypeError, r"got the class VAE.* Call it"),
    ],
)
def test_bad_experts(X, experts, error, match):
    with pytest.raises(error, match=match):
        EnsembleOutlierDetector(experts).fit(X)


def test_scores_that_are_not_finite_name_the_expert(X):
    class Broken(FirstColumn):
        def score_samples(self, X):
            return np.full(len(X), np.nan)

    detector = EnsembleOutlierDetector([("sound", FirstColumn()), ("broken", Broken())])
    with pytest.raises(FloatingPointError, match=r"'broken'.*not finite"):
        detector.fit(X)
    assert not hasattr(detector, "estimators_")


def test_a_fit_that_is_interrupted_leaves_no_trace(X):
    detector = sampling().fit(X)
    before = detector.score_samples(X)
    with pytest.raises(KeyboardInterrupt):
        detector.set_params(many=Failing()).fit(X[:50])
    np.testing.assert_array_equal(detector.score_samples(X), before)
