"""What holds for every detector."""

import copy
import io
import pickle

import joblib
import numpy as np
import pytest
import sklearn
import torch
from instances import ARGUMENTS, cheap, encoder_of, with_parameter
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_param_validation,
    parametrize_with_checks,
)

import skvae
from skvae import ReconstructionHistogramClassifier
from skvae.metrics import average_precision_scorer

# The labels that the checks pass are 0, 1 and 2.
LABEL_OF_CHECKS = {ReconstructionHistogramClassifier: {"outlier_label": 1}}


def shortly_trained(detector):
    """Return a detector that takes a few epochs: the checks ask for no good one."""
    names = [name for name in detector.get_params() if name.endswith("max_epochs")]
    return detector.set_params(**dict.fromkeys(names, 3))


@parametrize_with_checks(
    [
        shortly_trained(cheap(detector_class, **LABEL_OF_CHECKS.get(detector_class, {})))
        for detector_class in ARGUMENTS
    ]
)
def test_sklearn_checks(estimator, check):
    check(estimator)


def test_every_public_detector_is_in_the_table():
    public = {
        member
        for name in skvae.__all__
        if isinstance(member := getattr(skvae, name), type) and hasattr(member, "fit")
    }
    assert public == set(ARGUMENTS)


@pytest.mark.parametrize("name", ["latent_dim", "max_steps", "n_estimators"])
def test_flags_are_no_numbers(name, X):
    detector = skvae.VAEOutlierDetector(**{name: True})
    with pytest.raises(ValueError, match=f"The '{name}' parameter of VAEOutlierDetector must be"):
        detector.fit(X)


def test_sparse_rows_of_a_pipeline_get_a_hint_that_helps_there(any_detector_class):
    X = [["a"], ["b"]] * 20
    with pytest.raises(TypeError, match=r"toarray.* OneHotEncoder\(sparse_output=False\)"):
        make_pipeline(OneHotEncoder(), cheap(any_detector_class)).fit(X, [1, -1] * 20)


def test_parameter_validation(any_detector_class):
    check_param_validation(any_detector_class.__name__, cheap(any_detector_class))


def test_column_names(any_detector_class):
    detector = cheap(any_detector_class, **LABEL_OF_CHECKS.get(any_detector_class, {}))
    check_dataframe_column_names_consistency(any_detector_class.__name__, detector)


@pytest.mark.parametrize(
    "copied",
    [
        pytest.param(copy.deepcopy, id="deepcopy"),
        pytest.param(lambda detector: pickle.loads(pickle.dumps(detector)), id="pickle"),
        pytest.param(lambda detector: _through_joblib(detector), id="joblib"),
    ],
)
def test_copies_score_alike(detector_class, X, copied):
    detector = cheap(detector_class).fit(X)
    # A fitted detector goes on with the network it has, whatever its parameters become.
    detector.set_params(architecture__hidden_layer_sizes=(3,))
    twin = copied(detector)
    np.testing.assert_array_equal(twin.score_samples(X), detector.score_samples(X))
    np.testing.assert_array_equal(twin.predict(X), detector.predict(X))
    assert twin.history_ == detector.history_
    assert not twin.network_.training


def _through_joblib(detector):
    file = io.BytesIO()
    joblib.dump(detector, file)
    file.seek(0)
    return joblib.load(file)


def test_pickle_holds_no_torch_object(any_detector_class, X):
    named = []

    class Unpickler(pickle.Unpickler):
        def find_class(self, module, name):
            named.append(module.partition(".")[0])
            return super().find_class(module, name)

    Unpickler(io.BytesIO(pickle.dumps(cheap(any_detector_class).fit(X)))).load()
    assert "skvae" in named
    assert "torch" not in named


def test_pickle_from_an_absent_device_loads_on_the_cpu(detector_class, X):
    detector = cheap(detector_class).fit(X)
    expected = detector.score_samples(X)
    detector.device_ = "cuda:63"
    twin = pickle.loads(pickle.dumps(detector))
    assert twin.device_ == "cpu"
    np.testing.assert_array_equal(twin.score_samples(X), expected)


def test_same_seed_gives_equal_scores(any_detector_class, X):
    first, second, other = (
        cheap(any_detector_class, random_state=seed).fit(X).score_samples(X) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_clone_of_a_fitted_detector_refits_to_equal_scores(any_detector_class, X):
    detector = cheap(any_detector_class).fit(X)
    np.testing.assert_array_equal(
        clone(detector).fit(X).score_samples(X), detector.score_samples(X)
    )


def global_numpy_state():
    # All of it: the key alone changes only after hundreds of draws.
    return pickle.dumps(np.random.mtrand._rand.get_state())


@pytest.mark.parametrize("early_stopping", [False, True])
def test_global_random_states_are_untouched(any_detector_class, X, early_stopping):
    torch_state, numpy_state = torch.get_rng_state(), global_numpy_state()
    detector = cheap(any_detector_class)
    names = [name for name in detector.get_params() if name.endswith("early_stopping")]
    detector.set_params(**dict.fromkeys(names, early_stopping)).fit(X)
    detector.score_samples(X)
    pickle.loads(pickle.dumps(detector))
    if hasattr(detector, "sample"):
        detector.sample(3)
    assert torch.equal(torch_state, torch.get_rng_state())
    assert global_numpy_state() == numpy_state


def test_global_random_states_do_not_matter(detector_class, X):
    dropout = skvae.MLP(hidden_layer_sizes=(16,), dropout=0.2)
    torch.manual_seed(1)
    first = cheap(detector_class, architecture=dropout).fit(X).score_samples(X)
    torch.manual_seed(2)
    second = cheap(detector_class, architecture=dropout).fit(X).score_samples(X)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("method", ["score_samples", "feature_scores", "reconstruct", "encode"])
def test_a_row_gets_the_same_alone_and_among_others(detector_class, rng, method):
    X = rng.standard_normal((3000, 7))
    detector = cheap(detector_class, max_epochs=1).fit(X)
    method = getattr(detector, method)
    among_all = method(X)
    order = rng.permutation(len(X))
    np.testing.assert_array_equal(method(X[order]), among_all[order])
    for size in (1, 2, 17, 1024, 1025):
        np.testing.assert_array_equal(method(X[:size]), among_all[:size])


def test_scores_are_those_that_set_the_offset(any_detector_class, X):
    detector = cheap(any_detector_class, contamination=0.1).fit(X)
    scores = detector.score_samples(X)
    assert detector.offset_ == np.percentile(scores, 10)
    np.testing.assert_array_equal(detector.decision_function(X), scores - detector.offset_)
    assert (detector.predict(X) == -1).sum() == 20


@pytest.mark.parametrize("detector_class", with_parameter("top_features"))
def test_feature_scores_add_up_to_the_score(detector_class, X):
    detector = cheap(detector_class).fit(X)
    feature_scores = detector.feature_scores(X)
    assert feature_scores.shape == X.shape
    np.testing.assert_allclose(
        feature_scores.sum(axis=1), detector.score_samples(X), rtol=1e-4, atol=1e-4
    )


def test_feature_scores_find_the_odd_feature(detector_class, rng):
    # Four features that say the same: one that disagrees can only be the odd one.
    X = rng.standard_normal((1000, 1)) + 0.1 * rng.standard_normal((1000, 4))
    detector = cheap(detector_class, latent_dim=1, max_epochs=100).fit(X)
    odd = X[:50].copy()
    column = np.arange(50) % 4
    odd[np.arange(50), column] += 3.0
    assert (detector.feature_scores(odd).argmin(axis=1) == column).mean() > 0.9


@pytest.mark.parametrize("detector_class", with_parameter("top_features"))
def test_top_features_take_the_worst(detector_class, X):
    detector = cheap(detector_class).fit(X)
    worst = detector.feature_scores(X).min(axis=1)
    np.testing.assert_allclose(
        detector.set_params(top_features=0.2).score_samples(X), worst, rtol=1e-6
    )


def test_training_beats_no_training(detector_class, rng):
    angle = rng.uniform(0, 1.5 * np.pi, 900)
    arc = np.c_[np.cos(angle), np.sin(angle)] + 0.02 * rng.standard_normal((900, 2))
    centre = 0.3 * rng.standard_normal((100, 2))
    architecture = skvae.MLP(hidden_layer_sizes=(32, 32))
    trained = cheap(
        detector_class, architecture=architecture, latent_dim=1, max_epochs=300, batch_size=100
    )
    if detector_class is skvae.AEOutlierDetector:
        # Of two features each has two likely values given the other.
        trained.set_params(masked_fraction=0.0)
    trained.fit(arc)
    untrained = clone(trained).set_params(max_epochs=1, lr=1e-12).fit(arc)
    auroc = [
        np.mean(detector.score_samples(arc)[:, None] > detector.score_samples(centre))
        for detector in (trained, untrained)
    ]
    assert auroc[0] > 0.95
    assert 1 - auroc[0] < (1 - auroc[1]) / 5


def test_the_loss_falls(detector_class, X):
    detector = cheap(detector_class).fit(X)
    history = detector.history_
    assert [epoch["epoch"] for epoch in history] == list(range(1, detector.n_iter_ + 1))
    assert history[19]["train_loss"] < history[0]["train_loss"]


def test_pipeline_finds_what_scaling_reveals(any_detector_class, X):
    pipeline = make_pipeline(StandardScaler(), cheap(any_detector_class, contamination=0.05)).fit(X)
    np.testing.assert_array_equal(
        pipeline.predict(X), np.where(pipeline.decision_function(X) < 0, -1, 1)
    )
    assert (pipeline.predict(X) == -1).sum() == 10


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_grid_search_in_parallel_equals_grid_search_in_sequence(detector_class, X, backend):
    y = np.where(np.arange(len(X)) % 10, 1, -1)
    X = X + 20 * (y == -1)[:, None]
    search = GridSearchCV(
        make_pipeline(StandardScaler(), cheap(detector_class, max_epochs=5)),
        {
            f"{detector_class.__name__.lower()}__architecture__hidden_layer_sizes": [(4,), (8, 4)],
            f"{detector_class.__name__.lower()}__contamination": ["auto", 0.1],
        },
        scoring={"ap": average_precision_scorer, "threads": n_threads},
        refit="ap",
        cv=3,
    ).fit(X, y)
    with joblib.parallel_backend(backend, n_jobs=2):
        parallel = clone(search).set_params(n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(
        parallel.cv_results_["mean_test_ap"], search.cv_results_["mean_test_ap"]
    )
    assert np.isfinite(search.cv_results_["mean_test_ap"]).all()
    if backend == "loky":
        # Processes share the processors out, also after a detector has changed its threads.
        share = max(1, joblib.cpu_count() // 2)
        assert parallel.cv_results_["mean_test_threads"].max() <= share


def n_threads(detector, X, y):
    return torch.get_num_threads()


def test_the_order_of_the_rows_makes_no_difference(any_detector_class, X, rng):
    order = rng.permutation(len(X))
    detector = cheap(any_detector_class).fit(X)
    shuffled = cheap(any_detector_class).fit(X[order])
    np.testing.assert_array_equal(shuffled.score_samples(X), detector.score_samples(X))
    assert shuffled.offset_ == detector.offset_
    held_out = dict(zip(order[shuffled.held_out_indices_], shuffled.held_out_scores_, strict=True))
    scores = [held_out[row] for row in detector.held_out_indices_]
    np.testing.assert_array_equal(scores, detector.held_out_scores_)


def test_a_row_that_weighs_two_is_there_twice(any_detector_class, X, rng):
    weights = rng.randint(3, size=len(X))
    detector = cheap(any_detector_class).fit(X, sample_weight=weights)
    twin = cheap(any_detector_class).fit(X.repeat(weights, axis=0))
    np.testing.assert_array_equal(detector.score_samples(X), twin.score_samples(X))
    assert detector.offset_ == twin.offset_
    assert weights[detector.held_out_indices_].min() > 0
    np.testing.assert_array_equal(
        clone(detector).fit_predict(X, sample_weight=weights), detector.predict(X)
    )
    assert len(detector.held_out_indices_) == len(twin.held_out_indices_)


@config_context(enable_metadata_routing=True)
def test_weights_go_through_pipelines_and_searches(any_detector_class, X, rng):
    weights = rng.randint(3, size=len(X))
    detector = cheap(any_detector_class).set_fit_request(sample_weight=True)
    labels = np.resize([1, -1, 1], len(X))
    expected = clone(detector).fit(X, labels, sample_weight=weights).score_samples(X)
    pipeline = make_pipeline("passthrough", detector).fit(X, labels, sample_weight=weights)
    np.testing.assert_array_equal(pipeline.score_samples(X), expected)
    scorer = average_precision_scorer.set_score_request(sample_weight=True)
    search = GridSearchCV(detector, {"contamination": ["auto"]}, scoring=scorer, cv=2)
    search.fit(X, labels, sample_weight=weights)
    np.testing.assert_array_equal(search.best_estimator_.score_samples(X), expected)


@pytest.mark.parametrize("frame", ["pandas", "polars"])
def test_frames_keep_their_feature_names(any_detector_class, X, frame):
    library = pytest.importorskip(frame)
    columns = [f"column {j}" for j in range(X.shape[1])]
    frame = library.DataFrame(dict(zip(columns, X.T, strict=True)))
    detector = cheap(any_detector_class).fit(frame)
    assert detector.feature_names_in_.tolist() == columns
    np.testing.assert_array_equal(
        detector.score_samples(frame), cheap(any_detector_class).fit(X).score_samples(X)
    )
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        detector.predict(X)


def test_array_api_dispatch(any_detector_class, X):
    expected = cheap(any_detector_class).fit(X).score_samples(X)
    with sklearn.config_context(array_api_dispatch=True):
        detector = cheap(any_detector_class).fit(X)
        np.testing.assert_array_equal(detector.score_samples(X), expected)
        tensor = torch.from_numpy(X)
        np.testing.assert_array_equal(detector.score_samples(tensor), expected)


def test_y_is_ignored(detector_class, X):
    expected = cheap(detector_class).fit(X).score_samples(X)
    for y in (np.zeros(len(X)), np.arange(len(X)).astype(str)):
        np.testing.assert_array_equal(cheap(detector_class).fit(X, y).score_samples(X), expected)


def test_architecture_parameters_can_be_set_before_there_is_an_architecture(detector_class, X):
    detector = cheap(detector_class, architecture=None)
    pipeline = clone(make_pipeline(StandardScaler(), detector)).set_params(
        **{f"{detector_class.__name__.lower()}__architecture__hidden_layer_sizes": (3,)}
    )
    assert pipeline[-1].architecture.hidden_layer_sizes == (3,)
    assert detector.architecture is None
    assert encoder_of(pipeline.fit(X)[-1])[0].out_features == 3
