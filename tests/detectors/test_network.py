"""Bad and unusual input, and fits that fail: each says what is wrong and breaks nothing."""

import ast
import copy
import re
import signal
from contextlib import contextmanager

import numpy as np
import pytest
import scipy.sparse
import torch
from instances import cheap, encoder_of, with_parameter
from joblib import Memory
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import Callback, EarlyStopping
from torch import nn

from skvae import (
    MLP,
    AEOutlierDetector,
    EnsembleOutlierDetector,
    VAEOutlierDetector,
)
from skvae.training.engine import Engine


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (lambda X: np.where(X > 5, np.inf, X), "Input X contains infinity"),
        (scipy.sparse.csr_matrix, "Sparse data was passed"),
        (lambda X: np.full(X.shape, "a"), "Column 'x0' holds words"),
        (lambda X: X + 1j, "Complex data not supported"),
        (lambda X: X[:1], "Found array with 1 sample.* while a minimum of 2 is required"),
        (lambda X: X[:0], "Found array with 0 sample"),
        (lambda X: X[:, :0], "Found array with 0 feature"),
        (lambda X: X[0], "Expected 2D array, got 1D array"),
    ],
)
@pytest.mark.filterwarnings("ignore:Can't check dok sparse matrix")
def test_bad_rows_get_the_standard_error(detector_class, X, bad, message):
    with pytest.raises((ValueError, TypeError), match=message):
        cheap(detector_class).fit(bad(X))


@pytest.mark.parametrize("method", ["score_samples", "predict", "feature_scores", "encode"])
def test_wrong_number_of_features(detector_class, X, method):
    detector = cheap(detector_class).fit(X)
    with pytest.raises(ValueError, match=r"X has 4 features, but .* is expecting 5"):
        getattr(detector, method)(X[:, :4])
    with pytest.raises(ValueError, match="X has 4 features"):
        detector.calibrate(X[:, :4])


@pytest.mark.parametrize(
    "method", ["score_samples", "decision_function", "predict", "calibrate", "reconstruct"]
)
def test_not_fitted(detector_class, X, method):
    with pytest.raises(NotFittedError):
        getattr(cheap(detector_class), method)(X)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"contamination": 0}, r"'contamination' .* range \(0.0, 0.5\]. Got 0 instead"),
        ({"contamination": 0.6}, "'contamination' .* Got 0.6 instead"),
        ({"contamination": "foo"}, "'contamination' .* Got 'foo' instead"),
        ({"latent_dim": 0}, "'latent_dim' .* Got 0 instead"),
        ({"architecture": "mlp"}, "'architecture' .* Got 'mlp' instead"),
        ({"architecture": MLP(hidden_layer_sizes=())}, r"positive integers, got \(\)"),
        ({"architecture": MLP(hidden_layer_sizes=(8, -2))}, r"positive integers, got \(8, -2\)"),
        ({"device": "tpu9"}, "device='tpu9' is unknown. Use 'auto', 'cpu'"),
        ({"max_epochs": 0}, "'max_epochs' .* Got 0 instead"),
        ({"lr": 0.0}, "'lr' .* Got 0.0 instead"),
        ({"memory": 3}, "'memory' .* Got 3 instead"),
        ({"early_stopping": True, "validation_fraction": 0.999}, "leaves no row to train on"),
    ],
)
def test_bad_parameters(detector_class, X, arguments, message):
    with pytest.raises(ValueError, match=message):
        cheap(detector_class, **arguments).fit(X)


@pytest.mark.parametrize("detector_class", with_parameter("top_features"))
def test_bad_top_features(detector_class, X):
    with pytest.raises(ValueError, match=r"'top_features' .* Got 0\.0 instead"):
        cheap(detector_class, top_features=0.0).fit(X)


@pytest.mark.parametrize("detector_class", with_parameter("support_fraction"))
@pytest.mark.parametrize("fraction", [0.49, 1.01, np.nan, "foo", None])
def test_bad_support_fraction(detector_class, X, fraction):
    with pytest.raises(ValueError, match=r"'support_fraction' parameter of .* must be"):
        cheap(detector_class, support_fraction=fraction).fit(X)


@pytest.mark.parametrize(
    "arguments", [{"score_type": "foo"}, {"sigma": 1e-4}, {"beta": -1.0}, {"likelihood": "foo"}]
)
def test_bad_parameters_of_the_vae(X, arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=f"'{name}' parameter of VAEOutlierDetector must be"):
        cheap(VAEOutlierDetector, **arguments).fit(X)


def test_cuda_where_there_is_none(detector_class, X, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(ValueError, match=r"'cuda' was asked for, .* sees 0 .* device='cpu'"):
        cheap(detector_class, device="cuda").fit(X)


@pytest.mark.parametrize(
    "unusual",
    [
        pytest.param(lambda X: X[:, :1], id="one feature"),
        pytest.param(lambda X: np.c_[X, np.ones(len(X))], id="a constant column"),
        pytest.param(lambda X: np.ones((50, 3)), id="equal rows"),
        pytest.param(lambda X: X[:3], id="three rows"),
        pytest.param(lambda X: X.astype(np.float16), id="float16"),
        pytest.param(lambda X: X.astype(np.float32), id="float32"),
        pytest.param(lambda X: X.astype(np.longdouble), id="longdouble"),
        pytest.param(lambda X: np.round(X).astype(int), id="int"),
        pytest.param(lambda X: X > 0, id="bool"),
        pytest.param(lambda X: X.tolist(), id="list"),
        pytest.param(lambda X: X.astype(object), id="object"),
        pytest.param(np.asfortranarray, id="columns first"),
        pytest.param(lambda X: X[::-1, ::2], id="strides"),
    ],
)
def test_unusual_rows_work(detector_class, X, unusual):
    X = unusual(X)
    detector = cheap(detector_class).fit(X)
    scores = detector.score_samples(X)
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()
    assert set(detector.predict(X)) <= {-1, 1}


def test_a_code_larger_than_the_row_works(detector_class, X):
    assert cheap(detector_class, latent_dim=50).fit(X).encode(X).shape == (200, 50)


def test_fewer_rows_than_a_batch_work(detector_class, X):
    detector = cheap(detector_class, batch_size=10_000).fit(X[:20])
    assert detector.n_iter_ == cheap(detector_class).fit(X).n_iter_


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("n_rows", [3, 8, 9, 20])
def test_automatic_batches_work_on_tiny_tables(detector_class, X, n_rows, early_stopping):
    arguments = {"max_epochs": 2, "early_stopping": early_stopping}
    detector = cheap(detector_class, batch_size="auto", **arguments).fit(X[:n_rows])
    assert np.isfinite(detector.score_samples(X)).all()


def test_automatic_batches_count_the_rows_that_are_trained_on(detector_class):
    X = np.random.RandomState(0).standard_normal((520, 3))
    arguments = {"max_epochs": 1, "early_stopping": True}
    # A third is held out, and a tenth of the others validates.
    for n_rows, size in ((820, 8), (900, 64)):
        rows = np.resize(X, (n_rows, 3))
        scores = [
            cheap(detector_class, batch_size=batch_size, **arguments).fit(rows).score_samples(X)
            for batch_size in ("auto", size)
        ]
        np.testing.assert_array_equal(*scores)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_read_only_and_memory_mapped_rows_work(detector_class, X, tmp_path, dtype):
    X = X.astype(dtype)
    expected = cheap(detector_class).fit(X).score_samples(X)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    np.testing.assert_array_equal(cheap(detector_class).fit(mapped).score_samples(mapped), expected)


def test_equal_rows_cannot_meet_a_contamination(detector_class):
    X = np.ones((50, 3))
    with pytest.warns(UserWarning, match="asks for 5 outliers among 50 rows, but 0 are below"):
        detector = cheap(detector_class, contamination=0.1).fit(X)
    assert (detector.predict(X) == 1).all()


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("size", [1e30, 1e300])
def test_values_that_training_cannot_bear(detector_class, X, size, early_stopping):
    detector = cheap(detector_class, standardize=False, early_stopping=early_stopping)
    with pytest.raises(FloatingPointError, match=r"diverge in epoch 1: .*StandardScaler"):
        detector.fit(size * X)


@pytest.mark.parametrize("arguments", [{}, {"sigma": 0.001, "likelihood": "gaussian"}])
def test_huge_values_among_normal_rows_are_outliers(detector_class, X, arguments):
    arguments = arguments if detector_class is VAEOutlierDetector else {}
    detector = cheap(detector_class, **arguments).fit(X)
    huge = X[:3].copy()
    huge[:, 0] = [1e30, -1e30, 1e300]
    assert np.isfinite(detector.score_samples(huge)).all()
    assert (detector.predict(huge) == -1).all()
    assert np.isfinite(detector.feature_scores(huge)).all()


def interrupt(*_):
    # What Ctrl-C calls; the signal itself is ignored in a process that runs in the background.
    signal.default_int_handler(signal.SIGINT, None)


class Interrupted(MLP):
    """Presses Ctrl-C at the first step, where the network is three wide."""

    def build_encoder(self, input_shape, n_outputs):
        encoder = super().build_encoder(input_shape, n_outputs)
        if self.width == 3:
            encoder.register_forward_hook(interrupt)
        return encoder

    def __init__(self, *, width=8):
        super().__init__(hidden_layer_sizes=(width,))
        self.width = width


def test_ctrl_c_leaves_an_earlier_fit_as_it_was(detector_class, X):
    detector = cheap(detector_class, architecture=Interrupted(width=4)).fit(X)
    scores, before = detector.score_samples(X), set(vars(detector))
    detector.set_params(architecture=Interrupted(width=3))
    with pytest.raises(KeyboardInterrupt):
        detector.fit(X[:, :4])
    assert set(vars(detector)) == before
    np.testing.assert_array_equal(detector.score_samples(X), scores)


@pytest.mark.parametrize(
    ("arguments", "factor", "error"),
    [
        ({"architecture": Interrupted(width=3)}, 1, KeyboardInterrupt),
        ({"standardize": False}, 1e30, FloatingPointError),
    ],
)
def test_a_first_fit_that_fails_leaves_nothing(detector_class, X, arguments, factor, error):
    detector = cheap(detector_class, **arguments)
    before = set(vars(detector))
    with pytest.raises(error):
        detector.fit(X * factor)
    assert set(vars(detector)) == before
    with pytest.raises(NotFittedError):
        detector.predict(X)


def test_calibrate_moves_the_offset_and_nothing_else(any_detector_class, X, rng):
    detector = cheap(any_detector_class).fit(X)
    scores, parameters = detector.score_samples(X), detector.get_params()
    batch = rng.permutation(X)[:100]
    assert detector.calibrate(batch, contamination=0.2) is detector
    assert (detector.predict(batch) == -1).sum() == 20
    detector.set_params(contamination=0.3).calibrate(batch)
    assert (detector.predict(batch) == -1).sum() == 30
    assert detector.get_params() == {**parameters, "contamination": 0.3}
    np.testing.assert_array_equal(detector.score_samples(X), scores)


@pytest.mark.parametrize("contamination", [0, 0.7, "foo"])
def test_calibrate_checks_the_contamination(any_detector_class, X, contamination):
    detector = cheap(any_detector_class).fit(X)
    offset = detector.offset_
    with pytest.raises(ValueError, match=r"'contamination' parameter of .* must be"):
        detector.calibrate(X, contamination=contamination)
    with pytest.raises(ValueError, match=r"'contamination' parameter of .* must be"):
        detector.set_params(contamination=contamination).calibrate(X)
    assert detector.offset_ == offset


def count_trainings(monkeypatch):
    calls = []
    loop = Engine.fit_loop
    monkeypatch.setattr(
        Engine, "fit_loop", lambda self, *args, **kw: calls.append(1) or loop(self, *args, **kw)
    )
    return calls


# joblib warns when it writes slowly, as on a busy machine.
@pytest.mark.filterwarnings("ignore:Persisting input arguments took")
def test_memory_keeps_networks_apart_by_what_influences_training(
    detector_class, X, monkeypatch, tmp_path
):
    trainings = count_trainings(monkeypatch)
    detector = cheap(detector_class, memory=tmp_path, device="cpu").fit(X)
    scores = detector.score_samples(X)
    number = len(trainings)
    without_influence = {
        "contamination": 0.2, "threshold": "held_out", "top_features": 0.5, "verbose": 1,
        "lr": np.float64(detector.lr),
        "validation_fraction": 0.3, "n_iter_no_change": 2, "tol": 0.5,
        "memory": Memory(str(tmp_path), verbose=0),
    }  # fmt: skip
    if "support_fraction" in detector.get_params():
        without_influence["support_fraction"] = 1  # what 'auto' is for a table
    for name, value in without_influence.items():
        if name in detector.get_params():
            clone(detector).set_params(**{name: value}).fit(X)
            assert len(trainings) == number, name
    np.testing.assert_array_equal(clone(detector).fit(X).score_samples(X), scores)
    assert len(trainings) == number
    with_influence = {
        "architecture": MLP(hidden_layer_sizes=(4,)), "latent_dim": 1, "max_epochs": 3,
        "batch_size": 50, "lr": 0.1, "weight_decay": 0.1, "early_stopping": True,
        "random_state": 1, "beta": 0.7, "sigma": 0.5, "likelihood": "gaussian",
        "standardize": False, "categorical_features": [0],
        "n_components": 3, "reg_covar": 0.2, "reconstruction_features": ["cosine"],
        "energy_weight": 0.5, "covariance_weight": 0.1, "samples": 2, "support_fraction": 0.7,
        "masked_fraction": 0.2, "n_partitions": 2, "n_estimators": 2,
    }  # fmt: skip
    known = {
        *without_influence,
        *with_influence,
        "device",
        "score_type",
        "callbacks",
        "max_steps",
        "checkpoint",
    }
    assert set(detector.get_params(deep=False)) <= known
    for name, value in with_influence.items():
        if name in detector.get_params():
            number = len(trainings)
            clone(detector).set_params(**{name: value}).fit(X)
            assert len(trainings) > number, name
    for name in ("validation_fraction", "n_iter_no_change", "tol"):
        number = len(trainings)
        stopped = clone(detector).set_params(early_stopping=True)
        stopped.set_params(**{name: without_influence[name]}).fit(X)
        assert len(trainings) > number, name
    number = len(trainings)
    detector.fit(np.asfortranarray(X))
    assert len(trainings) == number
    detector.fit(X + 1)
    assert len(trainings) > number


def test_a_search_over_thresholds_and_scores_trains_once_a_fold(X, monkeypatch, tmp_path):
    trainings = count_trainings(monkeypatch)
    search = GridSearchCV(
        cheap(VAEOutlierDetector, memory=str(tmp_path)),
        {
            "contamination": ["auto", 0.01, 0.1],
            "score_type": ["elbo", "reconstruction"],
            "top_features": [0.5, 1.0],
        },
        cv=3,
        refit=False,
    ).fit(X)
    assert len(search.cv_results_["params"]) == 12
    assert len(trainings) == 3


@pytest.mark.parametrize("seed", [None, np.random.RandomState(0)])
@pytest.mark.parametrize("any_class", [VAEOutlierDetector, EnsembleOutlierDetector])
def test_memory_needs_a_seed_to_find_anything_again(any_class, X, seed, tmp_path):
    detector = cheap(any_class, memory=str(tmp_path), random_state=seed)
    with pytest.raises(ValueError, match="memory needs an int as random_state"):
        detector.fit(X)


class OwnModules(BaseEstimator):
    """An architecture with modules of its own, and nothing that skvae knows of."""

    def __init__(self, width=6):
        self.width = width

    def build_encoder(self, input_shape, n_outputs):
        return nn.Sequential(
            nn.Linear(*input_shape, self.width), nn.Dropout(0.1), nn.Linear(self.width, n_outputs)
        )

    def build_decoder(self, n_inputs, output_shape):
        return nn.Sequential(nn.Linear(n_inputs, *output_shape))


def test_own_architectures(detector_class, X):
    detector = cheap(detector_class, architecture=OwnModules())
    search = GridSearchCV(detector, {"architecture__width": [2, 6]}, cv=2).fit(X)
    best = search.best_estimator_
    assert encoder_of(best)[0].out_features == best.architecture.width
    np.testing.assert_array_equal(clone(best).fit(X).score_samples(X), best.score_samples(X))


def test_the_history_tells_train_and_validation_loss(detector_class, X):
    plain = cheap(detector_class).fit(X)
    stopped = cheap(detector_class, early_stopping=True).fit(X)
    assert set(stopped.history_[0]) - set(plain.history_[0]) == {
        name.replace("train_", "valid_") for name in plain.history_[0] if "train_" in name
    }


def test_defaults_are_those_of_the_documentation(detector_class):
    documented = re.findall(r"^    (\w+) : .*default=(.+)$", detector_class.__doc__, re.MULTILINE)
    parameters = detector_class().get_params()
    assert {name: ast.literal_eval(value) for name, value in documented} == parameters


class Masked(OwnModules):
    """Draws something when it is built that is not part of the weights."""

    def build_encoder(self, input_shape, n_outputs):
        encoder = super().build_encoder(input_shape, n_outputs)
        encoder[0].register_buffer("mask", torch.rand(input_shape), persistent=False)
        encoder[0].register_forward_pre_hook(lambda layer, inputs: (inputs[0] * layer.mask,))
        return encoder


def test_what_is_drawn_when_a_network_is_built_is_drawn_alike_when_it_is_built_again(
    detector_class, X
):
    detector = cheap(detector_class, architecture=Masked(), random_state=5, max_epochs=200).fit(X)
    with_another_mask = copy.deepcopy(detector)
    np.testing.assert_array_equal(with_another_mask.score_samples(X), detector.score_samples(X))
    if detector_class is AEOutlierDetector:
        trained = detector.history_[-1]["train_loss"]
        assert -detector.score(X) == pytest.approx(trained, rel=0.5)


def disturbances():
    yield "inference mode", torch.inference_mode()
    yield "no gradients", torch.no_grad()
    yield "autocast", torch.autocast("cpu", torch.bfloat16)
    yield "default device", torch.device("meta")
    yield "default type", default_dtype(torch.float64)


@contextmanager
def default_dtype(dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    yield
    torch.set_default_dtype(before)


@pytest.mark.parametrize("name", [name for name, _ in disturbances()])
@pytest.mark.parametrize("architecture", [MLP(hidden_layer_sizes=(8,), dropout=0.1), OwnModules()])
def test_a_fit_depends_on_its_inputs_alone(detector_class, X, architecture, name):
    arguments = {"architecture": architecture, "early_stopping": True, "max_epochs": 5}
    expected = cheap(detector_class, **arguments).fit(X).score_samples(X)
    with dict(disturbances())[name]:
        detector = cheap(detector_class, **arguments).fit(X)
        np.testing.assert_array_equal(detector.score_samples(X), expected)
        twin = copy.deepcopy(detector)
    np.testing.assert_array_equal(twin.score_samples(X), expected)


@pytest.mark.parametrize("memory", [False, True])
@pytest.mark.parametrize(
    "layout", [np.asfortranarray, lambda X: np.ascontiguousarray(X.T).T, lambda X: X[::-1][::-1]]
)
def test_the_order_of_memory_changes_no_fit(detector_class, X, layout, memory, tmp_path):
    arguments = {"max_epochs": 3, "memory": str(tmp_path) if memory else None}
    expected = cheap(detector_class, **arguments).fit(X).score_samples(X)
    detector = cheap(detector_class, **arguments).fit(layout(X))
    np.testing.assert_array_equal(detector.score_samples(layout(X)), expected)
    np.testing.assert_array_equal(detector.score_samples(X), expected)


def test_training_ends_after_max_steps(detector_class, X):
    history = cheap(detector_class, max_epochs="auto", max_steps=6).fit(X).history_
    # Batches of 64 make four steps an epoch.
    assert sum("train_energy" not in epoch for epoch in history) == 2
    # The second stage of a mixture has no more steps than the first.
    few = cheap(detector_class, max_epochs="auto", max_steps=2, batch_size=10).fit(X)
    assert few.n_iter_ <= 2
    settings = {"max_epochs": 5, "batch_size": 100}
    np.testing.assert_array_equal(
        cheap(detector_class, max_steps=10, **settings).fit(X).score_samples(X),
        cheap(detector_class, **settings).fit(X).score_samples(X),
    )


class Recorder(Callback):
    def __init__(self):
        self.losses_ = []

    def on_epoch_end(self, net, **kwargs):
        self.losses_.append(net.history[-1, "train_loss"])


def test_callbacks_watch_the_training_and_change_nothing(detector_class, X, tmp_path):
    detector = cheap(detector_class, callbacks=[Recorder()], memory=tmp_path)
    recorder = detector.callbacks[0]
    detector.fit(X)
    assert recorder.losses_ == [epoch["train_loss"] for epoch in detector.history_]
    np.testing.assert_array_equal(
        detector.score_samples(X), cheap(detector_class).fit(X).score_samples(X)
    )
    # A clone has callbacks of its own, and a cache never keeps them from being called.
    again = clone(detector).fit(X)
    assert again.callbacks[0] is not recorder
    assert len(recorder.losses_) == again.n_iter_
    assert len(again.callbacks[0].losses_) == again.n_iter_


def test_callbacks_of_skorch_end_the_training(detector_class, X):
    stop = EarlyStopping(monitor="train_loss", patience=2, threshold=10.0, threshold_mode="abs")
    detector = cheap(detector_class, callbacks=[stop]).fit(X)
    assert detector.n_iter_ < cheap(detector_class).fit(X).n_iter_


def test_bad_callbacks(detector_class, X):
    with pytest.raises(ValueError, match=r"'callbacks' parameter of .* must be"):
        cheap(detector_class, callbacks=Recorder()).fit(X)


@pytest.mark.parametrize("seed", range(5))
def test_rows_get_the_same_in_every_batch_whatever_the_widths(detector_class, seed):
    rng = np.random.RandomState(seed)
    n_features, latent_dim, *hidden = (int(width) for width in rng.randint(1, 201, 4))
    X = rng.standard_normal((1200, n_features))
    arguments = {"latent_dim": latent_dim, "max_epochs": 1}
    if "n_components" in detector_class().get_params():
        arguments["latent_dim"] = 1 + latent_dim % 20
    detector = cheap(
        detector_class, architecture=MLP(hidden_layer_sizes=hidden), batch_size=600, **arguments
    ).fit(X)
    for method in (detector.score_samples, detector.reconstruct, detector.encode):
        among_all = method(X)
        for size in (1, 33, 300):
            np.testing.assert_array_equal(method(X[:size]), among_all[:size])
            np.testing.assert_array_equal(method(X[-size:]), among_all[-size:])
