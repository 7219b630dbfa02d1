"""Graphs of ONNX say what detectors say."""

import numpy as np
import pytest
from instances import cheap
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skvae import (
    MLP,
    AEGMMDetector,
    AEOutlierDetector,
    Conv2d,
    EnsembleOutlierDetector,
    ReconstructionHistogramClassifier,
    SamplingOutlierDetector,
    VAEGMMDetector,
    VAEOutlierDetector,
)
from skvae.datasets import load_penguins, make_bumps

onnxruntime = pytest.importorskip("onnxruntime")
skl2onnx = pytest.importorskip("skl2onnx")
pytest.importorskip("onnxscript")

import skvae.onnx  # noqa: E402, F401

# torch's exporter copies what its own next version will warn of.
pytestmark = pytest.mark.filterwarnings("ignore:`isinstance:FutureWarning")

# As a share of the likelihood, whose logs scores are.
TOLERANCE = 1e-5


def answers(estimator, X, X_new, **settings):
    """Return labels and decisions of the graph of an estimator."""
    graph = skl2onnx.to_onnx(estimator, X[:1], **settings).SerializeToString()
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    rows = {"X": X_new}
    if hasattr(X_new, "columns"):
        rows = {name: column(X_new[name]) for name in X_new.columns}
    labels, decisions = session.run(None, rows)
    assert labels.shape == decisions.shape == (len(X_new), 1)
    return labels[:, 0], decisions[:, 0]


def column(values):
    are_numbers = values.dtype.kind in "bif"
    return (values.to_numpy() if are_numbers else values.fillna("").to_numpy(str))[:, None]


def assert_alike(estimator, X, X_new, **settings):
    labels, decisions = answers(estimator, X, X_new, **settings)
    scores, expected = estimator.score_samples(X_new), estimator.decision_function(X_new)
    # Rows at the threshold are on either side by rounding.
    np.testing.assert_array_equal(
        labels[np.abs(expected) > 1e-9], estimator.predict(X_new)[np.abs(expected) > 1e-9]
    )
    offset = scores - expected
    np.testing.assert_allclose(decisions + offset, scores, rtol=TOLERANCE, atol=TOLERANCE)


def odd(X, rng):
    """Return rows with gaps, one without anything, and values far away."""
    X_new = np.concatenate([X[:100], 1e3 * X[:5], np.full((1, X.shape[1]), 1e15)])
    X_new[rng.uniform(size=X_new.shape) < 0.1] = np.nan
    X_new[7] = np.nan
    return X_new


@pytest.mark.parametrize(
    "detector",
    [
        cheap(VAEOutlierDetector, n_estimators=2, top_features=0.5),
        cheap(AEOutlierDetector),
        cheap(AEGMMDetector, categorical_features=[6]),
        SamplingOutlierDetector(random_state=0),
    ],
    ids=lambda detector: type(detector).__name__,
)
def test_a_graph_answers_as_a_detector_of_tables_does(detector, X, rng):
    X = np.c_[X, np.exp(3 * X[:, 0]), rng.randint(0, 4, len(X))]
    assert_alike(detector.fit(X), X, odd(X, rng))


def test_draws_and_a_scaler_are_parts_of_the_graph(X):
    pipeline = make_pipeline(StandardScaler(), cheap(VAEGMMDetector, samples=2)).fit(X)
    assert_alike(pipeline, X, 2 * X)


def test_a_frame_with_words_and_gaps_has_an_input_for_each_column():
    penguins = load_penguins()
    detector = cheap(VAEOutlierDetector).fit(penguins)
    assert penguins.isna().any(axis=None)
    new = penguins.assign(island=penguins["island"].replace("Dream", "Elsewhere"))
    assert_alike(detector, penguins, new)
    with pytest.raises(ValueError, match="Column 'year' held no words in fit"):
        skl2onnx.to_onnx(detector, penguins[:1].assign(year="2007"))


def test_codes_of_categories_are_words(X, rng):
    X = np.c_[X, rng.randint(0, 4, len(X))]
    detector = cheap(SamplingOutlierDetector, categorical_features=[5]).fit(X)
    assert_alike(detector, X, X + np.r_[[0] * 5, 1])


def test_equal_and_nearly_equal_rows_are_as_near_as_they_are(X):
    X = 1000 + 1e-3 * np.repeat(X[:40], 8, axis=0)
    detector = SamplingOutlierDetector(standardize=False, random_state=0).fit(X)
    # In float32 they are nearly equal, too.
    assert_alike(detector, X, np.concatenate([X, X + 1e-4, X[:40] + 1e-2]))


def test_other_columns_are_refused(X):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcde"))
    detector = SamplingOutlierDetector(random_state=0).fit(frame)
    with pytest.raises(ValueError, match=r"The columns are \['e', 'd'"):
        skl2onnx.to_onnx(detector, frame[list("edcba")][:1])
    with pytest.raises(ValueError, match="The rows have 4 columns, but those of fit 5"):
        skl2onnx.to_onnx(detector, X[:1, :4])


def test_images_of_bytes_go_in_as_they_are(rng):
    images = rng.randint(0, 256, size=(40, 8, 8)).astype(np.uint8)
    detector = cheap(AEOutlierDetector, architecture=Conv2d(filters=4)).fit(images)
    assert_alike(detector, images, images)


def test_experts_of_any_kind_are_parts_of_an_ensemble(X):
    X = X.astype(np.float32)
    experts = [
        ("near", make_pipeline(StandardScaler(), SamplingOutlierDetector())),
        ("forest", IsolationForest(n_estimators=5)),
        ("ae", cheap(AEOutlierDetector, masked_fraction=0.0)),
    ]
    detector = EnsembleOutlierDetector(experts, combine="mean", random_state=0).fit(X)
    # skl2onnx asks for it where there are trees.
    assert_alike(detector, X, 2 * X, target_opset={"": 21, "ai.onnx.ml": 3})


def test_an_ensemble_has_its_own_units(X):
    near = [("near", SamplingOutlierDetector())]
    detector = EnsembleOutlierDetector(near, random_state=0).fit(X)
    assert_alike(detector, X, 2 * X)


@pytest.mark.parametrize("labelled", [False, True])
def test_histograms_are_counted_alike(labelled):
    X, y = make_bumps(100, 30, random_state=0)
    small = cheap(AEOutlierDetector, architecture=MLP(hidden_layer_sizes=8), masked_fraction=0.0)
    forest = RandomForestClassifier(n_estimators=5)
    detector = ReconstructionHistogramClassifier(
        detector=small, classifier=forest, random_state=0
    ).fit(X, y)
    if not labelled:
        # What there is without labels, in small.
        counts = detector.pipeline_[:-1].transform(X)
        detector.pipeline_.steps[-1] = ("forest", IsolationForest(n_estimators=5).fit(counts))
    X_new = make_bumps(100, 30, random_state=1)[0]
    assert_alike(detector, X, X_new, target_opset={"": 21, "ai.onnx.ml": 3})


def test_old_versions_and_old_offsets_are_refused(X):
    detector = cheap(VAEOutlierDetector).fit(X)
    with pytest.raises(ValueError, match="target_opset=17 is too old"):
        skl2onnx.to_onnx(detector, X[:1], target_opset=17)
    detector.set_params(score_type="reconstruction")
    with pytest.raises(ValueError, match="offset_ is of scores by score_type='elbo'"):
        skl2onnx.to_onnx(detector, X[:1])
