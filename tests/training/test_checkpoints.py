"""A training that was interrupted goes on from a file, and ends as if it had not been."""

import io
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from instances import cheap, with_parameter
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skvae import MLP, Conv1d, EnsembleOutlierDetector, VAEOutlierDetector
from skvae.runtime.recipe import weights_of
from skvae.training import checkpoints
from skvae.training.engine import Engine


def name(detector_class):
    return detector_class.__name__


@pytest.fixture
def interrupt(monkeypatch):
    """Return a function that sends Ctrl-C in the middle of an epoch of all trainings."""
    original = Engine.train_step

    def at(epoch):
        def train_step(self, batch, **params):
            if len(self.history) == epoch:
                raise KeyboardInterrupt
            return original(self, batch, **params)

        monkeypatch.setattr(Engine, "train_step", train_step if epoch else original)

    return at


@contextmanager
def counted():
    """Count the steps of all trainings."""
    steps, original = [], Engine.train_step
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Engine, "train_step", lambda *args, **kw: steps.append(0) or original(*args, **kw)
        )
        yield steps


def kept(folder):
    """Return the files of a folder, of any depth, that keep a training."""
    return [path for path in folder.rglob("*") if path.suffix in (".pt", ".part")]


def epochs(detector):
    return [{**epoch, "seconds": 0.0} for epoch in detector.history_]


@pytest.mark.parametrize("stopping", [False, True])
@pytest.mark.parametrize("n_estimators", [1, 2])
@pytest.mark.parametrize("detector_class", with_parameter("checkpoint"), ids=name)
def test_it_ends_as_if_it_had_not_been_interrupted(
    detector_class, n_estimators, stopping, X, tmp_path, interrupt
):
    detector = cheap(detector_class, early_stopping=stopping, n_iter_no_change=3, tol=0.0)
    detector.set_params(architecture=MLP(hidden_layer_sizes=8, dropout=0.2))
    if "n_estimators" in detector.get_params():
        detector.set_params(n_estimators=n_estimators)
    with counted() as all_steps:
        whole = clone(detector).fit(X)
    detector.set_params(checkpoint=tmp_path / "training")
    for epoch in (1, 3, 4):
        interrupt(epoch)
        with pytest.raises(KeyboardInterrupt):
            detector.fit(X)
        assert not hasattr(detector, "network_")
        assert len(kept(tmp_path)) == 1
    interrupt(None)
    with counted() as steps:
        detector.fit(X)
    assert 0 < len(steps) < len(all_steps)
    assert not kept(tmp_path)
    np.testing.assert_equal(weights_of(detector.network_), weights_of(whole.network_))
    assert epochs(detector) == epochs(whole)
    assert_array_equal(detector.score_samples(X), whole.score_samples(X))
    assert_array_equal(detector.held_out_scores_, whole.held_out_scores_)


def test_a_finished_part_is_not_trained_again(X, tmp_path, monkeypatch):
    # Members with convolutions are trained one after another.
    detector = cheap(
        VAEOutlierDetector,
        architecture=Conv1d(filters=4),
        n_estimators=2,
        max_epochs=5,
        checkpoint=tmp_path / "training",
    )
    whole = clone(detector).set_params(checkpoint=None).fit(X)
    assert {epoch["member"] for epoch in whole.history_} == {0, 1}
    steps = []
    original = Engine.train_step

    def train_step(self, batch, **params):
        steps.append(self)
        if len(set(map(id, steps))) == 2:
            raise KeyboardInterrupt
        return original(self, batch, **params)

    monkeypatch.setattr(Engine, "train_step", train_step)
    with pytest.raises(KeyboardInterrupt):
        detector.fit(X)
    monkeypatch.setattr(
        Engine, "train_step", lambda *args, **kw: steps.append(0) or original(*args, **kw)
    )
    steps.clear()
    detector.fit(X)
    n_steps = sum(1 for epoch in whole.history_ if epoch["member"] == 1)
    assert len(steps) == n_steps * -(-100 // 64)
    assert_array_equal(detector.score_samples(X), whole.score_samples(X))


def test_it_goes_together_with_memory(X, tmp_path, interrupt):
    detector = cheap(
        VAEOutlierDetector, memory=tmp_path / "memory", checkpoint=tmp_path / "training"
    )
    whole = cheap(VAEOutlierDetector).fit(X)
    interrupt(3)
    with pytest.raises(KeyboardInterrupt):
        detector.fit(X)
    interrupt(None)
    assert_array_equal(detector.fit(X).score_samples(X), whole.score_samples(X))


def test_what_memory_knows_asks_for_no_checkpoint(X, tmp_path, interrupt):
    detector = cheap(
        VAEOutlierDetector, memory=tmp_path / "memory", checkpoint=tmp_path / "training"
    )
    first = detector.fit(X).score_samples(X)
    interrupt(3)
    with pytest.raises(KeyboardInterrupt):
        clone(detector).set_params(latent_dim=3).fit(X)
    interrupt(None)
    # As in a search that is started again.
    assert_array_equal(clone(detector).fit(X).score_samples(X), first)
    with counted() as steps:
        clone(detector).set_params(latent_dim=3).fit(X)
    with counted() as all_steps:
        cheap(VAEOutlierDetector, latent_dim=3).fit(X)
    assert 0 < len(steps) < len(all_steps)
    assert not kept(tmp_path)


def test_trainings_share_a_folder(X, tmp_path, interrupt):
    detector = EnsembleOutlierDetector(random_state=0)
    detector.set_params(vae__max_steps=40, ae__max_steps=40, far="drop", near="drop")
    whole = clone(detector).fit(X)
    detector.set_params(vae__checkpoint=tmp_path, ae__checkpoint=tmp_path)
    interrupt(2)
    with pytest.raises(KeyboardInterrupt):
        detector.fit(X)
    interrupt(None)
    assert_array_equal(detector.fit(X).score_samples(X), whole.score_samples(X))
    assert not kept(tmp_path)


def test_a_search_that_was_interrupted_ends_as_if_it_had_not_been(X, tmp_path, monkeypatch):
    search = GridSearchCV(cheap(VAEOutlierDetector), {"latent_dim": [1, 2, 3]}, cv=2)
    with counted() as all_steps:
        expected = clone(search).fit(X).cv_results_["mean_test_score"]
    search.set_params(estimator__checkpoint=tmp_path, estimator__memory=tmp_path / "memory")
    trainings, original = [], Engine.train_step

    def train_step(self, batch, **params):
        if self not in trainings:
            trainings.append(self)
        if len(trainings) == 4 and len(self.history) == 10:
            raise KeyboardInterrupt
        return original(self, batch, **params)

    with monkeypatch.context() as patch:
        patch.setattr(Engine, "train_step", train_step)
        with pytest.raises(KeyboardInterrupt):
            search.fit(X)
    assert len(kept(tmp_path)) == 1
    with counted() as steps:
        search.fit(X)
    assert_array_equal(search.cv_results_["mean_test_score"], expected)
    assert 0 < len(steps) < 0.6 * len(all_steps)
    assert not kept(tmp_path)


def test_workers_share_a_folder(X, tmp_path):
    search = GridSearchCV(cheap(VAEOutlierDetector), {"latent_dim": [1, 2]}, cv=2)
    expected = clone(search).fit(X).cv_results_["mean_test_score"]
    search.set_params(estimator__checkpoint=tmp_path, n_jobs=2)
    assert_array_equal(search.fit(X).cv_results_["mean_test_score"], expected)
    assert not kept(tmp_path)


@pytest.mark.parametrize(
    "change", [{"lr": 0.1}, {"random_state": 1}, {"max_epochs": 30}, {"latent_dim": 3}, None]
)
def test_another_training_does_not_use_the_file(X, tmp_path, interrupt, change):
    detector = cheap(VAEOutlierDetector, checkpoint=tmp_path)
    interrupt(2)
    with pytest.raises(KeyboardInterrupt):
        detector.fit(X)
    interrupt(None)
    (path,) = kept(tmp_path)
    before = path.read_bytes()
    other, rows = clone(detector).set_params(**(change or {})), X if change else X + 1
    whole = clone(other).set_params(checkpoint=None)
    assert_array_equal(other.fit(rows).score_samples(X), whole.fit(rows).score_samples(X))
    assert kept(tmp_path) == [path]
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"random_state": None}, "checkpoint needs an int as random_state"),
        ({"callbacks": [object()]}, "checkpoint does not work with callbacks"),
    ],
)
def test_what_a_checkpoint_needs(X, tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        cheap(VAEOutlierDetector, checkpoint=tmp_path, **arguments).fit(X)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_keep_is_told_before_the_training(X, tmp_path, interrupt):
    (tmp_path / "file").touch()
    interrupt(1)
    message = "cannot keep a training"
    with pytest.warns(UserWarning, match=message), pytest.raises(KeyboardInterrupt):
        cheap(VAEOutlierDetector, checkpoint=tmp_path / "file").fit(X)


FIT = """
import sys
import numpy as np
from instances import cheap
from skvae import VAEOutlierDetector
from skvae.training import checkpoints
checkpoints.INTERVAL = 0.0
X = np.random.RandomState(0).normal(size=(200, 5))
cheap(VAEOutlierDetector, max_epochs=200, checkpoint=sys.argv[1]).fit(X)
"""


def test_a_kill_at_any_moment_leaves_a_checkpoint_that_can_be_read(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen([sys.executable, "-c", FIT, str(tmp_path)], env=environment)
    while n_kept(tmp_path) < 3:
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert n_kept(tmp_path) >= 3
    X = np.random.RandomState(0).normal(size=(200, 5))
    detector = cheap(VAEOutlierDetector, max_epochs=200, checkpoint=tmp_path).fit(X)
    whole = clone(detector).set_params(checkpoint=None).fit(X)
    assert_array_equal(detector.score_samples(X), whole.score_samples(X))
    assert not kept(tmp_path)


def n_kept(folder):
    """Return how many epochs a folder has kept of a training."""
    for path in folder.glob("*.pt"):
        content = path.read_bytes()[checkpoints.CHECKSUM_SIZE :]
        states = torch.load(io.BytesIO(content), weights_only=True)
        return sum(len(state["history"]) for state in states.values())
    return 0


def test_a_harmed_file_is_told_and_not_used(X, tmp_path, interrupt):
    detector = cheap(VAEOutlierDetector, checkpoint=tmp_path)
    whole = cheap(VAEOutlierDetector).fit(X)
    interrupt(3)
    with pytest.raises(KeyboardInterrupt):
        detector.fit(X)
    (path,) = kept(tmp_path)
    good = path.read_bytes()
    interrupt(0)
    places = np.random.RandomState(0).choice(len(good), 10, replace=False)
    flipped = [bytearray(good) for _ in places]
    for harmed, place in zip(flipped, places, strict=True):
        harmed[place] ^= 1 << (place % 8)
    for harmed in (*flipped, good[:-50], b"", b"no checkpoint", b"\x80\x04N."):
        path.write_bytes(harmed)
        with pytest.warns(UserWarning, match="is harmed, so that the training begins anew"):
            detector.fit(X)
        assert_array_equal(detector.score_samples(X), whole.score_samples(X))


def test_a_training_that_diverges_leaves_no_file(X, tmp_path):
    detector = cheap(VAEOutlierDetector, checkpoint=tmp_path, lr=1e30)
    with pytest.raises(FloatingPointError):
        detector.fit(X)
    assert not kept(tmp_path)
    detector.set_params(lr=1e-3).fit(X)


def test_a_folder_that_vanishes_costs_no_training(X, tmp_path, monkeypatch):
    folder = tmp_path / "folder"
    folder.mkdir()
    original = Engine.run

    def run(self, *args):
        shutil.rmtree(folder)
        folder.touch()
        original(self, *args)

    monkeypatch.setattr(Engine, "run", run)
    with pytest.warns(UserWarning, match="cannot keep a training"):
        detector = cheap(VAEOutlierDetector, checkpoint=folder).fit(X)
    expected = cheap(VAEOutlierDetector)
    monkeypatch.setattr(Engine, "run", original)
    assert_array_equal(detector.score_samples(X), expected.fit(X).score_samples(X))


FULL = """
import resource, signal, sys
import numpy as np
from instances import cheap
from skvae import VAEOutlierDetector
X = np.random.RandomState(0).normal(size=(60, 5))
detector = cheap(VAEOutlierDetector, memory=sys.argv[1], checkpoint=sys.argv[1] + "/training")
expected = cheap(VAEOutlierDetector).fit(X).score_samples(X)
# Beyond it a file gets no more, as if the disk were full.
resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
assert (detector.fit(X).score_samples(X) == expected).all()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="its files have no such limit")
def test_a_full_disk_costs_no_training(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", FULL, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "cannot keep a training" in done.stderr
    X = np.random.RandomState(0).normal(size=(60, 5))
    detector = cheap(VAEOutlierDetector, memory=tmp_path)
    assert_array_equal(
        detector.fit(X).score_samples(X), cheap(VAEOutlierDetector).fit(X).score_samples(X)
    )


def test_states_are_written_now_and_then(X, tmp_path, monkeypatch):
    written, original = [], checkpoints._Store._write
    monkeypatch.setattr(
        checkpoints._Store,
        "_write",
        lambda self, states: written.append(0) or original(self, states),
    )
    cheap(VAEOutlierDetector, checkpoint=tmp_path / "training").fit(X)
    assert len(written) == 2
    monkeypatch.setattr(checkpoints, "INTERVAL", 0.0)
    cheap(VAEOutlierDetector, checkpoint=tmp_path / "training").fit(X)
    assert len(written) > 20
