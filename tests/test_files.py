"""Detectors in files: equal when they are loaded, and refused when they were tampered with."""

import importlib
import io
import json
import pickle
import zipfile
from copy import copy
from pathlib import Path

import numpy as np
import pytest
import skops.io
from conftest import name
from instances import ARGUMENTS, cheap
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skops.io.exceptions import UntrustedTypesFoundException

import skvae
from skvae import (
    TRUSTED_TYPES,
    AEOutlierDetector,
    Conv1d,
    Conv2d,
    EnsembleOutlierDetector,
    ReconstructionHistogramClassifier,
    VAEOutlierDetector,
)
from skvae.datasets import load_penguins
from skvae.files import FORMAT, checked, signed

FORMATS = Path(__file__).parent / "formats"
# What scikit-learn's forests hold, which is not of skvae.
OF_FORESTS = ["sklearn.tree._tree.Tree"]


def curves(n_rows=40):
    return np.random.RandomState(0).uniform(size=(n_rows, 12))


def images(n_rows=40):
    return np.random.RandomState(0).uniform(size=(n_rows, 8, 8))


@pytest.fixture(scope="module")
def fitted():
    return cheap(VAEOutlierDetector, n_estimators=2).fit(curves())


@pytest.fixture(scope="module")
def file(fitted):
    return skops.io.dumps(fitted)


def with_schema(file, change):
    """Return a file of skops with another schema: what it says of the objects in it."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file)) as old, zipfile.ZipFile(changed, "w") as new:
        for each in old.namelist():
            content = old.read(each)
            if each == "schema.json":
                content = json.dumps(change(json.loads(content))).encode()
            new.writestr(each, content)
    return changed.getvalue()


def nodes(schema):
    """Yield all objects within a schema."""
    if isinstance(schema, dict):
        yield schema
    for value in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(value, dict | list):
            yield from nodes(value)


@pytest.mark.parametrize("detector_class", ARGUMENTS, ids=name)
def test_files_of_skops_score_alike(detector_class, X):
    detector = cheap(detector_class)
    if detector_class is ReconstructionHistogramClassifier:
        detector.fit(X, np.where(np.arange(len(X)) % 9, 1, -1))
    else:
        detector.fit(X)
    loaded = skops.io.loads(skops.io.dumps(detector), trusted=TRUSTED_TYPES + OF_FORESTS)
    np.testing.assert_array_equal(loaded.score_samples(X), detector.score_samples(X))
    np.testing.assert_array_equal(loaded.predict(X), detector.predict(X))


@pytest.mark.parametrize(
    ("detector", "rows"),
    [
        (make_pipeline(StandardScaler(), cheap(EnsembleOutlierDetector)), curves()),
        (cheap(VAEOutlierDetector, likelihood="student_t"), load_penguins()),
        (cheap(VAEOutlierDetector, architecture=Conv2d(filters=(4,))), images()),
        (cheap(AEOutlierDetector, architecture=Conv1d(filters=(4,))), curves()),
    ],
    ids=["pipeline", "words", "images", "curves"],
)
def test_pipelines_tables_and_images_in_files(detector, rows):
    detector.fit(rows)
    loaded = skops.io.loads(skops.io.dumps(detector), trusted=TRUSTED_TYPES)
    np.testing.assert_array_equal(loaded.score_samples(rows), detector.score_samples(rows))


@pytest.mark.parametrize("trusted", [t for t in TRUSTED_TYPES if t.startswith("skvae")])
def test_trusted_types_are_where_they_say(trusted):
    module, _, attribute = trusted.rpartition(".")
    assert getattr(importlib.import_module(module), attribute).__module__ == module


def test_a_function_that_was_added_is_not_trusted(file):
    def add_system(schema):
        for node in nodes(schema):
            if node.get("__class__") == "VAE":
                node |= {"__class__": "system", "__module__": "posix"}
        return schema

    tampered = with_schema(file, add_system)
    assert "posix.system" in skops.io.get_untrusted_types(data=tampered)
    with pytest.raises(UntrustedTypesFoundException, match=r"posix\.system"):
        skops.io.loads(tampered, trusted=TRUSTED_TYPES)


def test_another_class_in_place_of_the_network_is_refused(file):
    def swap(schema):
        for node in nodes(schema):
            if node.get("__class__") == "Members" and node["__loader__"] == "TypeNode":
                node |= {"__class__": "MLP", "__module__": "skvae.architectures._mlp"}
        return schema

    with pytest.raises(ValueError, match=r"cannot be built again: .*MLP.* is no network"):
        skops.io.loads(with_schema(file, swap), trusted=TRUSTED_TYPES)


@pytest.mark.parametrize("length", [0, 100, -100])
def test_a_file_that_was_cut_is_refused(file, length):
    with pytest.raises(zipfile.BadZipFile):
        skops.io.loads(file[:length], trusted=TRUSTED_TYPES)


def state_of(detector):
    """Return a state that can be changed."""
    state = detector.__getstate__()
    return {**state, "network_": dict(state["network_"]), "_table": copy(state["_table"])}


def without(key):
    return lambda state: state.pop(key)


def with_weights(change):
    def changed(state):
        weights = state["network_"]
        key = next(iter(weights))
        weights[key] = change(weights[key].copy())

    return changed


def with_nan(weights):
    weights.flat[0] = np.nan
    return weights


def with_table(**parts):
    return lambda state: vars(state["_table"]).update(parts)


@pytest.mark.parametrize(
    ("tamper", "message"),
    [
        (without("offset_"), r"was changed after it was saved: it lacks \['offset_'\]"),
        (without("_recipe"), r"was changed after it was saved: it lacks \['_recipe'\]"),
        (lambda s: s["_written_by"].update(format=-1), "does not say in which format"),
        (lambda s: s["_written_by"].update(attributes=5), "does not say in which format"),
        (lambda s: s.update(held_out_scores_=s["held_out_scores_"] * 2), "its numbers are others"),
        (with_weights(lambda w: w + np.float32(0.5)), "its numbers are others"),
        (lambda s: s.update(offset_=s["offset_"] + 5), "its numbers are others"),
        (with_table(mean=np.full(12, np.nan)), "its numbers are others"),
        (with_table(numbers=np.arange(12)[::-1]), "its numbers are others"),
        (without("_written_by"), "does not say in which format it was saved"),
        (
            lambda s: s["_written_by"].update(format=FORMAT + 1, skvae="9.9"),
            f"was saved by skvae 9.9 in format {FORMAT + 1}, .* Install a newer skvae",
        ),
    ],
)
def test_a_state_that_was_tampered_with_is_refused(fitted, tamper, message):
    state = state_of(fitted)
    tamper(state)
    with pytest.raises(ValueError, match=f"VAEOutlierDetector .*{message}|{message}"):
        VAEOutlierDetector.__new__(VAEOutlierDetector).__setstate__(state)


@pytest.mark.parametrize(
    ("tamper", "message"),
    [
        (with_weights(with_nan), "has values that are not finite"),
        (with_weights(lambda w: w.astype(int)), "and int64, but should"),
        (with_weights(lambda w: w[:-1]), r"is of shape \("),
        (lambda s: s["network_"].popitem(), "is missing"),
        (lambda s: s["network_"].update(more=np.zeros(1)), "more is unknown"),
        (lambda s: s.update(_recipe=None), ""),
        (lambda s: s.update(_table=[]), "its rows are of shape"),
        (lambda s: s.update(_row_shape=12), "its rows are of shape 12"),
    ],
)
def test_a_network_that_cannot_be_is_refused_without_a_checksum_too(fitted, tamper, message):
    state = state_of(fitted)
    state["_written_by"]["format"] = 1
    tamper(state)
    with pytest.raises(ValueError, match=f"VAEOutlierDetector cannot be built again: .*{message}"):
        VAEOutlierDetector.__new__(VAEOutlierDetector).__setstate__(state)


@pytest.mark.parametrize("offset", [np.nan, -np.inf, None])
def test_an_offset_that_is_no_number_is_refused_without_a_checksum_too(fitted, offset):
    state = {**state_of(fitted), "offset_": offset}
    state["_written_by"]["format"] = 1
    with pytest.raises(ValueError, match=f"was changed after it was saved: offset_ is {offset}"):
        VAEOutlierDetector.__new__(VAEOutlierDetector).__setstate__(state)


def test_a_device_that_is_not_there_is_the_cpu(fitted):
    state = {**state_of(fitted), "device_": "cuda:99"}
    loaded = VAEOutlierDetector.__new__(VAEOutlierDetector)
    loaded.__setstate__(state)
    np.testing.assert_array_equal(loaded.score_samples(curves()), fitted.score_samples(curves()))


def test_what_users_add_is_no_harm(fitted):
    detector = pickle.loads(pickle.dumps(fitted))
    detector.own = {"big": np.array([1, 2], ">i8"), "objects": np.array([detector], dtype=object)}
    detector.records = np.zeros(2, dtype=[("a", "O"), ("b", "f8")])
    detector.itself = detector.own
    detector.own["itself"] = detector.own
    loaded = pickle.loads(pickle.dumps(detector))
    np.testing.assert_array_equal(loaded.own["big"], [1, 2])


def test_the_signature_tells_versions_and_is_no_attribute(fitted):
    signature = fitted.__getstate__()["_written_by"]
    assert signature["skvae"] == skvae.__version__
    assert {"numpy", "scikit-learn", "torch"} <= signature.keys()
    assert not hasattr(pickle.loads(pickle.dumps(fitted)), "_written_by")
    state = {"a": 1}
    assert checked(signed(state), "state") == state


# A file of each format, written by the lines below with the skvae of its time.
#     detector = cheap(VAEOutlierDetector, architecture=MLP(hidden_layer_sizes=2)).fit(curves())
#     skops.io.dump(detector, "tests/formats/2.skops", compression=zipfile.ZIP_DEFLATED)
#     np.save("tests/formats/2.npy", detector.score_samples(curves()))
@pytest.mark.parametrize("number", range(1, FORMAT + 1))
@pytest.mark.filterwarnings(
    f"ignore::{InconsistentVersionWarning.__module__}.InconsistentVersionWarning"
)
def test_files_of_older_formats_score_as_they_did(number):
    detector = skops.io.load(FORMATS / f"{number}.skops", trusted=TRUSTED_TYPES)
    expected = np.load(FORMATS / f"{number}.npy")
    np.testing.assert_allclose(detector.score_samples(curves()), expected, rtol=1e-4)
