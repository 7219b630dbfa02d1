import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    GradientNormClipping,
    LRScheduler,
)
from torch import nn
from torch.optim.lr_scheduler import ConstantLR

from skvae.networks import Network, Term
from skvae.runtime.recipe import Recipe, weights_of
from skvae.training.engine import _History, train_network
from skvae.training.schedule import Schedule, Stopping

X = np.linspace(-1, 1, 40, dtype=np.float64)[:, None]
CPU = torch.device("cpu")


class Drift(Network):
    """Training pushes a number up; validation wants it to be at a target."""

    def __init__(self, target=0.05, fail_at=None, failure=None):
        super().__init__()
        self.at = nn.Parameter(torch.zeros(1))
        self.start = nn.Parameter(torch.rand(1), requires_grad=False)
        self.target = target
        self.fail_at, self.failure = fail_at, failure
        self.register_buffer("n_steps", torch.tensor(0))

    def encode(self, x):
        return x

    reconstruct = encode

    def terms(self, x, noise=None):
        if not self.training:
            return {"distance": Term((self.at - self.target).square().expand(len(x)))}
        self.n_steps += 1
        if self.n_steps == self.fail_at:
            if isinstance(self.failure, float):
                return {"push": Term(self.at.expand(len(x)), self.failure)}
            raise self.failure
        return {"push": Term(self.at.expand(len(x)), -1.0)}


def train(arguments=None, network_class=Drift, rows=X, seed=0, callbacks=(), verbose=0, **settings):
    settings = {"n_steps": 40, "batch_size": 10, "lr": 0.01, **settings}
    network, history = train_network(
        Recipe(network_class, arguments or {}, seed), rows, Schedule(**settings), device="cpu",
        callbacks=callbacks, verbose=verbose,
    )  # fmt: skip
    return weights_of(network), history


def test_history_has_the_named_parts_of_each_epoch():
    _, history = train(stopping=Stopping(0.25, 100, 0.0), n_steps=30)
    assert [epoch["epoch"] for epoch in history] == list(range(1, 11))
    for epoch in history:
        assert set(epoch) == {
            "epoch", "train_loss", "train_push", "valid_loss", "valid_distance", "seconds",
        }  # fmt: skip
        assert epoch["train_loss"] == pytest.approx(-epoch["train_push"])
        assert {type(value) for value in epoch.values()} == {int, float}
        assert epoch["seconds"] > 0


def test_losses_are_means_over_rows_whatever_the_batches():
    class Mean(Drift):
        def terms(self, x, noise=None):
            return {"value": Term(x + 0 * self.at)}

    rows = np.arange(10.0)[:, None]
    for batch_size in (1, 3, 10):
        _, history = train(network_class=Mean, rows=rows, batch_size=batch_size, n_steps=10)
        assert history[0]["train_loss"] == pytest.approx(4.5)


def test_the_seed_decides():
    starts = [train(seed=seed)[0]["start"].item() for seed in (0, 0, 1)]
    assert starts[0] == starts[1] != starts[2]


@pytest.mark.parametrize("n_steps", [1, 3, 4, 5, 10])
def test_training_ends_within_an_epoch_if_the_steps_do(n_steps):
    weights, history = train(n_steps=n_steps)
    assert weights["n_steps"] == n_steps
    assert len(history) == -(-n_steps // 4)


def test_the_learning_rate_is_that_of_the_schedule():
    # Adam moves a constant slope by the learning rate in each step.
    weights, _ = train()
    expected = sum(Schedule(40, 10, 0.01).rate(step) for step in range(40))
    assert weights["at"].item() == pytest.approx(expected, rel=1e-4)


def test_early_stopping_returns_to_the_weights_of_the_best_epoch():
    stopping = Stopping(validation_fraction=0.25, n_iter_no_change=3, tol=1e-9)
    weights, history = train(n_steps=300, stopping=stopping)
    losses = [epoch["valid_loss"] for epoch in history]
    best = int(np.argmin(losses))
    assert len(history) == best + 1 + 3 < 100
    assert (weights["at"].item() - 0.05) ** 2 == pytest.approx(losses[best], rel=1e-3)


def test_small_improvements_do_not_count():
    stopping = Stopping(validation_fraction=0.25, n_iter_no_change=3, tol=10.0)
    assert len(train(n_steps=300, stopping=stopping)[1]) == 4


class Interrupt(Callback):
    """Keeps the state of the training at the end of an epoch, and presses Ctrl-C."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.epoch:
            self.state = net.state()
            raise KeyboardInterrupt


@pytest.mark.parametrize("stopping", [None, Stopping(0.25, 3, 0.0)])
def test_ctrl_c_reaches_the_caller(stopping):
    with pytest.raises(KeyboardInterrupt):
        train({"fail_at": 5, "failure": KeyboardInterrupt()}, stopping=stopping)
    with pytest.raises(KeyboardInterrupt):
        train(callbacks=[Interrupt(3)], stopping=stopping)


def test_callbacks_see_the_training():
    class Recorder(Callback):
        def __init__(self):
            self.calls = []

        def on_train_begin(self, net, **kwargs):
            self.calls.append("begin")

        def on_batch_end(self, net, **kwargs):
            self.calls.append("batch")

        def on_epoch_end(self, net, **kwargs):
            self.calls.append(net.module_.at.item())
            net.history.record("mine", 3.0)

        def on_train_end(self, net, **kwargs):
            self.calls.append("end")

    recorder = Recorder()
    weights, history = train(callbacks=[("recorder", recorder)], n_steps=8)
    assert recorder.calls[:5] == ["begin", *4 * ["batch"]]
    assert len(recorder.calls) == 2 + 8 + 2
    assert recorder.calls[-2:] == [weights["at"].item(), "end"]
    assert [epoch["mine"] for epoch in history] == [3.0, 3.0]
    np.testing.assert_equal(train(n_steps=8)[0], weights)


def test_callbacks_can_end_the_training_and_set_the_rate():
    stop = EarlyStopping(monitor="train_loss", patience=2, lower_is_better=False)
    assert len(train(callbacks=[stop])[1]) == 3
    scheduler = LRScheduler(ConstantLR, factor=1.0, step_every="batch")
    weights, _ = train(callbacks=[scheduler])
    assert scheduler.lr_scheduler_ is None
    assert weights["at"].item() == pytest.approx(40 * 0.01, rel=1e-4)


def test_callbacks_can_clip_gradients():
    # Adam divides by the size of the slope, but for its epsilon.
    weights, _ = train(callbacks=[GradientNormClipping(1e-12)])
    assert abs(weights["at"].item()) < 0.01 * abs(train()[0]["at"].item())


@pytest.mark.parametrize(
    ("monitor", "stopping"),
    [("train_loss_best", None), ("valid_loss_best", Stopping(0.25, 100, 0.0))],
)
def test_checkpoints_of_skorch(tmp_path, monitor, stopping):
    checkpoint = Checkpoint(monitor, f_history=None, dirname=str(tmp_path), load_best=True)
    weights, history = train(callbacks=[checkpoint], stopping=stopping, n_steps=160)
    saved = torch.load(tmp_path / "params.pt", weights_only=True)
    np.testing.assert_equal({name: value.numpy() for name, value in saved.items()}, weights)
    best = [epoch["epoch"] for epoch in history if epoch["event_cp"]][-1]
    assert (best == len(history)) == (stopping is None)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_divergence_names_the_epoch_and_the_remedy(value):
    with pytest.raises(
        FloatingPointError, match=r"diverged in epoch 3: .*StandardScaler.*lr \(now 0.01\)"
    ):
        train({"fail_at": 9, "failure": float(value)})


def test_divergence_in_the_last_step_is_noticed():
    class LastStep(Drift):
        def terms(self, x, noise=None):
            terms = super().terms(x)
            if self.n_steps == 40:
                slope = (self.at - self.at.detach()).sum().sqrt()  # infinite
                terms["push"] = Term(slope.expand(len(x)))
            return terms

    with pytest.raises(FloatingPointError, match="diverged in epoch 10: the weights"):
        train(network_class=LastStep)


@pytest.mark.parametrize("value", [1e13, -1e30])
def test_values_that_scoring_would_limit_are_refused(value):
    rows = X.copy()
    rows[7] = value
    with pytest.raises(FloatingPointError, match=r"in epoch 1: .* value of 1e\+.*StandardScaler"):
        train(rows=rows)


def test_progress_is_shown_on_stderr_if_wanted(capsys):
    train(verbose=0)
    assert capsys.readouterr() == ("", "")
    train(verbose=1, stopping=Stopping(0.25, 3, 0.0))
    out, err = capsys.readouterr()
    assert out == ""
    assert "step" in err
    assert "valid_loss" in err
    assert "100%" in re.split("[\r\n]+", err.strip())[-1]


def test_fits_of_a_thread_each_do_not_mix():
    expected = [train(seed=seed)[0]["start"] for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        weights = [weights for weights, _ in pool.map(lambda seed: train(seed=seed), range(4))]
    np.testing.assert_array_equal([weight["start"] for weight in weights], expected)


def test_weights_decay():
    class Still(Drift):
        def __init__(self):
            super().__init__()
            self.far = nn.Parameter(torch.ones(1))

        def terms(self, x, noise=None):
            return {**super().terms(x), "nothing": Term((0.0 * self.far).expand(len(x)))}

    far = [
        train(network_class=Still, weight_decay=decay, lr=0.1)[0]["far"].item()
        for decay in (0.0, 0.5)
    ]
    assert far[0] == 1.0
    assert far[1] < 0.5


def test_a_look_at_the_last_epoch_does_not_copy_the_others():
    history = _History([{"epoch": 1}, {"epoch": 2, "batches": [{"train_loss": 1.0}]}])
    assert history[-1, "batches", -1, "train_loss"] == 1.0
    assert history[:, "epoch"] == [1, 2]
    history.to_list = None
    history.record("dur", 0.5)
    assert history[-1]["dur"] == 0.5
    assert history[-1, "epoch"] == 2
    assert history[0] == {"epoch": 1}


def test_an_epoch_waits_for_the_device_once(monkeypatch):
    waits = []
    for name in ("item", "tolist", "__bool__", "__float__"):
        original = getattr(torch.Tensor, name)

        def counted(self, *args, _name=name, _original=original, **kwargs):
            waits.append(_name)
            return _original(self, *args, **kwargs)

        monkeypatch.setattr(torch.Tensor, name, counted)

    class Plain(Drift):
        def terms(self, x, noise=None):
            return {"error": Term((x - self.at).square())}

    counts = []
    for n_epochs in (1, 3):
        waits.clear()
        train(network_class=Plain, batch_size=2, n_steps=20 * n_epochs)
        counts.append(waits.count("tolist"))
        assert waits.count("item") == waits.count("__float__") == waits.count("__bool__") == 0
    assert counts == [1, 3]
