import numpy as np
import pytest
import torch
from torch import nn

from skvae.training.auto import AUTO_STEPS
from skvae.training.engine import (
    AUTO_EPOCH,
    Stopping,
    _EarlyStopping,
    _History,
    _split,
    _Stop,
    train_network,
)

X = np.linspace(-1, 1, 40, dtype=np.float64)[:, None]


class Drift(nn.Module):
    """Training pushes a number up; validation wants it to be at a target."""

    def __init__(self, target=0.05, fail_at=None, failure=None):
        super().__init__()
        self.at = nn.Parameter(torch.zeros(1))
        self.start = nn.Parameter(torch.rand(1), requires_grad=False)
        self.target = target
        self.fail_at, self.failure = fail_at, failure
        self.register_buffer("n_steps", torch.tensor(0))

    def forward(self, x):
        return x

    def loss(self, x):
        if not self.training:
            return {"loss": (self.at - self.target).square().sum()}
        self.n_steps += 1
        if self.n_steps == self.fail_at:
            if isinstance(self.failure, float):
                return {"loss": self.at.sum() * self.failure, "push": self.at.sum()}
            raise self.failure
        push = -self.at.sum()
        return {"loss": push + 1.0, "push": push}


def train(arguments=None, **settings):
    settings = {
        "seed": 0,
        "device": "cpu",
        "max_epochs": 10,
        "batch_size": 10,
        "lr": 0.01,
        "weight_decay": 0.0,
        "stopping": None,
        "versions": "",
        "verbose": 0,
        **settings,
    }
    return train_network(Drift, arguments or {}, X, **settings)


def test_history_has_the_named_parts_of_each_epoch():
    _, history = train(stopping=Stopping(0.25, 100, 0.0))
    assert [epoch["epoch"] for epoch in history] == list(range(1, 11))
    for epoch in history:
        assert set(epoch) == {"epoch", "train_loss", "train_push", "valid_loss", "seconds"}
        assert epoch["train_loss"] == pytest.approx(epoch["train_push"] + 1.0)
        assert epoch["seconds"] > 0


def test_the_seed_decides():
    starts = [train(seed=seed)[0]["start"].item() for seed in (0, 0, 1)]
    assert starts[0] == starts[1] != starts[2]


def test_training_can_begin_with_some_weights():
    weights, _ = train(initial={"start": np.array([5.0])}, max_epochs=1)
    assert weights["start"] == 5.0
    expected, _ = train(max_epochs=1)
    assert weights["at"] == expected["at"]


@pytest.mark.parametrize(("batch_size", "n_batches"), [(1, 40), (7, 6), (40, 1), (1000, 1)])
def test_auto_epochs_make_about_a_number_of_steps(batch_size, n_batches):
    weights, history = train(max_epochs="auto", batch_size=batch_size)
    assert len(history) == -(-AUTO_STEPS // n_batches)
    assert weights["n_steps"] == len(history) * n_batches


def test_the_learning_rate_falls_to_zero_along_a_cosine():
    # Adam moves a constant slope by the learning rate in each step.
    weights, _ = train()
    steps = np.arange(40)
    expected = 0.01 * 0.5 * (1 + np.cos(np.pi * steps / 40))
    assert weights["at"].item() == pytest.approx(expected.sum(), rel=1e-4)


def test_early_stopping_takes_the_weights_of_the_best_epoch():
    stopping = Stopping(validation_fraction=0.25, n_iter_no_change=3, tol=1e-9)
    weights, history = train(max_epochs=100, stopping=stopping)
    losses = [epoch["valid_loss"] for epoch in history]
    best = int(np.argmin(losses))
    assert len(history) == best + 1 + 3 < 100
    assert (weights["at"].item() - 0.05) ** 2 == pytest.approx(losses[best], rel=1e-3)


def test_small_improvements_do_not_count():
    stopping = Stopping(validation_fraction=0.25, n_iter_no_change=3, tol=10.0)
    _, history = train(max_epochs=100, stopping=stopping)
    assert len(history) == 4


def test_a_split_that_leaves_no_training_row_is_an_error():
    with pytest.raises(ValueError, match=r"validation_fraction=0.99 leaves no row .* = 40"):
        train(stopping=Stopping(0.99, 3, 0.0))


@pytest.mark.parametrize("stopping", [None, Stopping(0.25, 3, 0.0)])
def test_ctrl_c_reaches_the_caller(stopping):
    with pytest.raises(KeyboardInterrupt):
        train({"fail_at": 5, "failure": KeyboardInterrupt()}, stopping=stopping)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_divergence_names_the_epoch_and_the_remedy(value):
    with pytest.raises(
        FloatingPointError, match=r"diverged in epoch 3: .*StandardScaler.*lr \(now 0.01\)"
    ):
        train({"fail_at": 9, "failure": float(value)})


def test_divergence_in_the_last_step_is_noticed():
    class LastStep(Drift):
        def loss(self, x):
            parts = super().loss(x)
            if self.n_steps == 40:
                parts["loss"] = (self.at - self.at.detach()).sum().sqrt()  # slope: infinite
            return parts

    with pytest.raises(FloatingPointError, match="diverged in epoch 10: the weights"):
        train_network(
            LastStep, {}, X, seed=0, device="cpu", max_epochs=10, batch_size=10, lr=0.01,
            weight_decay=0.0, stopping=None, versions="", verbose=0,
        )  # fmt: skip


def test_progress_is_shown_on_stderr_if_wanted(capsys):
    train(verbose=0)
    assert capsys.readouterr() == ("", "")
    train(verbose=1, stopping=Stopping(0.25, 3, 0.0))
    out, err = capsys.readouterr()
    assert out == ""
    assert "step" in err
    assert "valid_loss" in err


def test_fits_of_a_thread_each_do_not_mix():
    from concurrent.futures import ThreadPoolExecutor

    expected = [train(seed=seed)[0]["start"] for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        weights = [weights for weights, _ in pool.map(lambda seed: train(seed=seed), range(4))]
    np.testing.assert_array_equal([weight["start"] for weight in weights], expected)


def test_weights_decay():
    class Still(Drift):
        def __init__(self):
            super().__init__()
            self.far = nn.Parameter(torch.ones(1))

        def loss(self, x):
            return {"loss": super().loss(x)["loss"] + 0.0 * self.far.sum()}

    settings = {"seed": 0, "device": "cpu", "max_epochs": 10, "batch_size": 10, "lr": 0.1}
    far = [
        train_network(
            Still, {}, X, weight_decay=decay, stopping=None, versions="", verbose=0, **settings
        )[0]["far"].item()
        for decay in (0.0, 0.5)
    ]
    assert far[0] == 1.0
    assert far[1] < 0.5


def test_the_held_out_rows_are_a_random_share():
    train_rows, valid_rows = _split(X, Stopping(0.25, 3, 0.0), seed=0)
    assert len(valid_rows) == 10
    np.testing.assert_array_equal(
        np.sort(np.r_[train_rows.index, valid_rows.index]), np.arange(len(X))
    )
    assert set(valid_rows.index) not in ({*range(10)}, {*range(30, 40)})
    assert set(_split(X, Stopping(0.25, 3, 0.0), seed=1)[1].index) != set(valid_rows.index)


def test_patience_counts_short_epochs_together_if_their_number_is_automatic():
    stopping = Stopping(validation_fraction=0.25, n_iter_no_change=3, tol=10.0)
    # 30 training rows in batches of 10 make three steps an epoch.
    _, history = train(max_epochs="auto", stopping=stopping)
    assert len(history) == 1 + 3 * -(-AUTO_EPOCH // 3)


def test_ctrl_c_during_the_check_for_an_early_stop_is_not_an_early_stop():
    class Net:
        @property
        def history(self):
            raise KeyboardInterrupt

    callback = _EarlyStopping(patience=3)
    callback.on_train_begin(Net())
    with pytest.raises(KeyboardInterrupt) as interrupt:
        callback.on_epoch_end(Net())
    assert not isinstance(interrupt.value, _Stop)


@pytest.mark.parametrize("value", [1e13, -1e30])
def test_values_that_scoring_would_limit_are_refused(value):
    rows = X.copy()
    rows[7] = value
    settings = {"seed": 0, "device": "cpu", "max_epochs": 1, "batch_size": 10, "lr": 0.1}
    with pytest.raises(FloatingPointError, match=r"in epoch 1: .* value of 1e\+.*StandardScaler"):
        train_network(
            Drift, {}, rows, weight_decay=0, stopping=None, versions="", verbose=0, **settings
        )


def test_a_look_at_the_last_epoch_does_not_copy_the_others():
    history = _History([{"epoch": 1}, {"epoch": 2}])
    history.to_list = None
    history.record("dur", 0.5)
    assert history[-1] == {"epoch": 2, "dur": 0.5}
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

    class Plain(nn.Module):
        def __init__(self):
            super().__init__()
            self.at = nn.Parameter(torch.zeros(1))

        def forward(self, x):
            return x

        def loss(self, x):
            return {"loss": (x - self.at).square().mean()}

    counts = []
    for max_epochs in (1, 3):
        waits.clear()
        train_network(
            Plain, {}, X, seed=0, device="cpu", max_epochs=max_epochs, batch_size=2, lr=0.01,
            weight_decay=0.0, stopping=None, versions="", verbose=0,
        )  # fmt: skip
        counts.append(waits.count("tolist"))
        assert waits.count("item") == waits.count("__float__") == waits.count("__bool__") == 0
    assert counts == [1, 3]
