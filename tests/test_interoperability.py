"""The page about other tools: its blocks as they stand there, and what it says of them."""

import re
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from instances import cheap
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.model_selection import cross_val_score

from skvae import VAEOutlierDetector
from skvae.metrics import outlier_roc_auc_score
from skvae.thresholds import conformal_p_values
from skvae.training.engine import Engine

PAGE = Path(__file__).parents[1] / "doc" / "guide" / "interoperability.rst"
_, *PARTS = re.split(r"^(.+)\n[-=]+\n", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
SECTIONS = dict(zip(PARTS[::2], PARTS[1::2], strict=True))


def run(title, names):
    """Run the blocks below a title, and return all names that there are then."""
    blocks = re.findall(r"code-block:: python\n\n((?: {4}.*\n|\n)+)", SECTIONS[title])
    names = dict(names)
    exec(compile(dedent("".join(blocks)), f"{PAGE}: {title}", "exec"), names)
    return names


@pytest.fixture(scope="module")
def names():
    return run("Other tools", {})


@pytest.fixture
def detector(names):
    return names["detector"]


@pytest.fixture
def X_new(names):
    return names["X_new"]


@pytest.fixture
def outlier(names):
    return names["y_new"] == -1


@pytest.fixture
def scores(detector, X_new):
    return detector.score_samples(X_new)


def test_frames_of_polars_and_pandas_score_alike(detector, names, X_new, scores):
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    columns = ["a", "b", "c", "d", "e"]
    for frame in (pandas.DataFrame, polars.DataFrame):
        fitted = clone(detector).fit(frame(dict(zip(columns, names["X"].T, strict=True))))
        new = frame(dict(zip(columns, X_new.T, strict=True)))
        assert_array_equal(fitted.score_samples(new), scores)


def test_nonconform(detector, names, X_new, outlier, scores):
    nonconform = pytest.importorskip("nonconform")
    names = run("nonconform", names)
    assert_array_equal(names["p_values"], conformal_p_values(scores[:50], scores[50:]))
    assert_array_equal(names["p_values"][outlier[50:]], 1 / 51)
    assert (detector.p_values(X_new)[outlier] < 0.05).all()

    trained = clone(names["conformal"]).fit(names["X"]).compute_p_values(X_new)
    assert trained[outlier].max() < np.median(trained[~outlier])

    split = nonconform.Split()
    reversed_ = nonconform.ConformalDetector(detector, strategy=split).calibrate(X_new[:50])
    assert_array_equal(reversed_.compute_p_values(X_new[outlier]), 1.0)
    with pytest.raises(ValueError, match="Unable to infer score polarity automatically"):
        nonconform.ConformalDetector(detector, strategy=split, score_polarity="auto")


def test_dask(names, scores):
    pytest.importorskip("dask")
    pytest.importorskip("pyarrow")
    names = run("Dask", names)
    assert_array_equal(names["scores"].compute(), scores)
    series = names["series"].compute()
    assert_array_equal(series, scores)
    assert series.name == "score"
    with pytest.raises(ValueError, match="`dtype` inference failed in `map_blocks`"):
        names["blocks"].map_blocks(names["detector"].score_samples, drop_axis=1)


def test_optuna(names, monkeypatch, tmp_path):
    pytest.importorskip("optuna")
    trainings = []
    loop = Engine.fit_loop
    monkeypatch.setattr(
        Engine, "fit_loop", lambda self, *args, **kw: trainings.append(1) or loop(self, *args, **kw)
    )
    studies = []
    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
        monkeypatch.chdir(folder)
        studies.append(run("Optuna", names)["study"])
        networks = {(t.params["latent_dim"], t.params["lr"]) for t in studies[-1].trials}
        assert len(networks) == 3
        assert len(trainings) == len(studies) * 3 * len(networks)
    first, second = ([(t.params, t.value) for t in study.trials] for study in studies)
    assert first == second
    assert len(first) == 8


def test_the_score_without_labels_does_not_look_at_the_threshold(names):
    values = [
        cross_val_score(cheap(VAEOutlierDetector, contamination=share), names["X"], cv=2)
        for share in ("auto", 0.3)
    ]
    assert_array_equal(*values)


def test_mlflow(names, detector, X_new, scores, monkeypatch, tmp_path):
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("mlflow.pyfunc")
    monkeypatch.chdir(tmp_path)
    names = run("MLflow", names)
    assert_array_equal(names["loaded"].score_samples(X_new), scores)
    assert_array_equal(names["labels"], detector.predict(X_new))

    mlflow.sklearn.save_model(
        detector,
        "scores",
        serialization_format="skops",
        skops_trusted_types=names["TRUSTED_TYPES"],
        pip_requirements=["skops"],
        pyfunc_predict_fn="score_samples",
    )
    with pytest.raises(mlflow.MlflowException, match="missing required score_samples method"):
        mlflow.pyfunc.load_model("scores")


def test_shap(names, detector, scores):
    pytest.importorskip("shap")
    names = run("SHAP", names)
    explanation = names["explanation"]
    background = detector.score_samples(names["X"][:50]).mean()
    assert_allclose(explanation.base_values, background)
    assert_allclose(explanation.values.sum(axis=1), scores[-3:] - background)
    assert set(names["reasons"]["row"]) == {0, 1, 2}


def test_pyod(names, X_new, outlier):
    pytest.importorskip("pyod")
    names = run("PyOD", names)
    expert = clone(names["experts"][1][1]).fit(names["X"])
    ranks = np.argsort(expert.score_samples(X_new))
    assert_array_equal(ranks, np.argsort(-expert.detector_.decision_function(X_new)))
    assert (names["ensemble"].predict(X_new)[outlier] == -1).all()


def test_what_pyod_makes_of_scores(names, X_new):
    base = pytest.importorskip("pyod.models.base")

    class Reversed(base.BaseDetector):
        def __init__(self, detector, contamination):
            super().__init__(contamination=contamination)
            self.detector = detector

        def fit(self, X, y=None):
            self._set_n_classes(y)
            self.decision_scores_ = self.decision_function(X)
            self._process_decision_scores()
            return self

        def decision_function(self, X):
            return -self.detector.score_samples(X)

    X = names["X"]
    detector = clone(names["detector"]).set_params(contamination=0.1).fit(X)
    of_pyod = Reversed(detector, contamination=0.1).fit(X)
    assert_allclose(of_pyod.threshold_, -detector.offset_)
    assert_array_equal(of_pyod.labels_ == 1, detector.predict(X) == -1)
    assert_array_equal(of_pyod.predict(X_new) == 1, detector.predict(X_new) == -1)


def test_skore(names, outlier, scores):
    skore = pytest.importorskip("skore")
    arguments = {"X_test": names["X_new"], "y_test": names["y_new"], "pos_label": -1}
    for refused in (names["detector"], IsolationForest().fit(names["X"])):
        with pytest.raises(AttributeError, match="object has no attribute 'classes_'"):
            skore.EstimatorReport(refused, **arguments)
    metrics = run("skore", names)["report"].metrics
    flagged = names["detector"].predict(names["X_new"]) == -1
    assert metrics.precision() == outlier[flagged].mean()
    assert metrics.recall() == flagged[outlier].mean()
    assert metrics.roc_auc() == pytest.approx(outlier_roc_auc_score(names["y_new"], scores))


def test_pyod_on_the_page_for_those_who_come_from_it():
    pytest.importorskip("pyod")
    page = Path(__file__).parents[1] / "doc" / "start" / "migrating.rst"
    rows, _, rest = page.read_text(encoding="utf-8").partition("\nIsolationForest\n---")
    section = rest.partition("\nPyOD\n---")[2].partition("\nalibi-detect\n---")[0]
    names = {}
    exec("\n".join(re.findall(r"^(?:>>>|\.\.\.) ?(.*)$", rows, flags=re.MULTILINE)), names)
    X, X_new, outlier = names["X"], names["X_new"], names["y_new"] == -1
    blocks = re.findall(r"code-block:: python\n\n((?: {4}.*\n|\n)+)", section)
    assert ["pyod" in block for block in blocks] == [True, False]
    for block in blocks:
        exec(compile(dedent(block), f"{page}: PyOD", "exec"), names)
        assert names["training_labels"].sum() == 0.05 * len(X)
        assert outlier_roc_auc_score(names["y_new"], -names["scores"]) > 0.9
        assert names["flagged"][outlier].mean() > 0.9

    peer = clone(names["peer"])
    with pytest.raises(UnboundLocalError):
        peer.fit(X[:20])
    peer = names["peer"]
    assert not np.array_equal(peer.decision_function(X_new), peer.decision_function(X_new))
    threshold = peer.threshold_
    assert peer.set_params(contamination=0.3).threshold_ == threshold
