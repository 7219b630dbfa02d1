"""From a network and rows to trained weights, on skorch."""

import math
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping, EpochTimer, LRScheduler
from skorch.history import History
from torch import nn
from tqdm import tqdm

from skvae._version import __version__
from skvae.training.arithmetic import is_small_step
from skvae.training.auto import auto_epochs
from skvae.training.batches import Batches, Rows
from skvae.training.parameters import join_parameters
from skvae.training.scoring import LARGEST_VALUE
from skvae.training.seeds import isolated_seed
from skvae.training.threads import single_thread
from skvae.training.weights import Weights, load_weights, weights_of

__all__ = ["Stopping", "train_network"]

# With max_epochs='auto' epochs of a few steps are too short to judge: patience counts this
# many as one.
AUTO_EPOCH = 20

VERSIONS = f"skvae {__version__}, torch {torch.__version__}"


@dataclass(frozen=True)
class Stopping:
    """When to stop early: the names and meanings are those of scikit-learn's MLP."""

    validation_fraction: float
    n_iter_no_change: int
    tol: float

    def n_held_out(self, n_rows: int) -> int:
        """Return how many of the rows are set aside for validation."""
        return math.ceil(self.validation_fraction * n_rows)


def train_network(
    network_class: type[nn.Module],
    arguments: dict[str, Any],
    X: NDArray[Any],
    *,
    seed: int,
    device: str,
    max_epochs: int | Literal["auto"],
    batch_size: int,
    lr: float,
    weight_decay: float,
    stopping: Stopping | None,
    initial: Weights | None = None,
    versions: str,
    verbose: bool | int,
) -> tuple[Weights, list[dict[str, float]]]:
    """Train a network, and return what it learned as plain arrays.

    Everything but ``verbose`` decides the result, and nothing else does, so that the
    function can be cached.

    Parameters
    ----------
    network_class : type
        A torch module whose ``loss`` returns named parts, 'loss' among them.

    arguments : dict
        The arguments it is built with.

    X : ndarray of shape (n_samples, ...)
        The training rows.

    seed : int
        Governs initialisation, shuffling, the split and the noise.

    device : str
        The name of a torch device.

    max_epochs : int or 'auto'
        The number of passes over the rows; 'auto' for about 2,000 steps.

    batch_size : int
        The number of rows in a step.

    lr : float
        The learning rate of the first step. It falls to zero along a cosine.

    weight_decay : float
        The decoupled weight decay.

    stopping : Stopping or None
        When to stop early, or None to never do so.

    initial : dict of str to ndarray, default=None
        Weights to begin with. What is not among them is initialised as usual.

    versions : str
        Which code trains. It has no effect, but a cache must tell versions apart.

    verbose : bool or int
        Whether to show a progress bar on stderr.

    Returns
    -------
    weights : dict of str to ndarray
        The network's state.

    history : list of dict
        For each epoch its number, the named parts of the loss and the seconds it took.

    Raises
    ------
    FloatingPointError
        If the loss or a weight is not finite at the end of an epoch, or ``X`` holds
        values beyond 1e12.
    """
    torch_device = torch.device(device)
    # Scoring limits larger values, and would not see the rows that were trained on.
    largest = max(float(X.max()), -float(X.min()))
    if largest > LARGEST_VALUE:
        raise FloatingPointError(
            f"Training would diverge in epoch 1: X holds a value of {largest:g}, and networks in "
            f"float32 bear at most {LARGEST_VALUE:g}. Scale X, for instance with StandardScaler."
        )
    train, valid = _split(X, stopping, seed)
    n_batches = math.ceil(len(train) / batch_size)
    patience = stopping.n_iter_no_change if stopping else 0
    if max_epochs == "auto":
        max_epochs = auto_epochs(n_batches)
        patience *= math.ceil(AUTO_EPOCH / n_batches)
    n_steps = max_epochs * n_batches
    callbacks = [
        LRScheduler("CosineAnnealingLR", T_max=n_steps, step_every="batch", event_name=None)
    ]
    if stopping is not None:
        callbacks.append(
            _EarlyStopping(
                patience=patience,
                threshold=stopping.tol,
                threshold_mode="abs",
                load_best=True,
            )
        )
    with (
        isolated_seed(seed, torch_device),
        tqdm(total=n_steps, unit="step", disable=not verbose) as bar,
        ExitStack() as stack,
    ):
        if verbose:
            callbacks.append(_Progress(bar))
        network = network_class(**arguments)
        if initial is not None:
            load_weights(network, initial, strict=False)
        if is_small_step(network, X, batch_size):
            stack.enter_context(single_thread())
        engine = _Engine(
            network,
            criterion=None,
            optimizer=torch.optim.AdamW,
            optimizer__fused=True,
            optimizer__weight_decay=weight_decay,
            lr=lr,
            max_epochs=max_epochs,
            batch_size=batch_size,
            iterator_train=Batches,
            iterator_train__device=torch_device,
            iterator_train__shuffle=True,
            iterator_valid=Batches,
            iterator_valid__device=torch_device,
            train_split=lambda rows: (rows, valid),
            callbacks=callbacks,
            device=torch_device,
            verbose=0,
        ).initialize()
        engine.notify("on_train_begin", X=train)
        # skorch's own fit would take Ctrl-C for an early stop, and return normally.
        with suppress(_Stop):
            engine.fit_loop(train)
        engine.notify("on_train_end", X=train)
    weights = weights_of(engine.module_)
    if not all(np.isfinite(value).all() for value in weights.values()):
        raise engine.diverged("weights are")
    return weights, [_epoch_record(epoch) for epoch in engine.history]


class _Stop(KeyboardInterrupt):
    """The validation loss no longer falls, as told from the user's Ctrl-C."""


class _EarlyStopping(EarlyStopping):
    def on_epoch_end(self, net, **kwargs):
        try:
            super().on_epoch_end(net, **kwargs)
        except KeyboardInterrupt:
            if self.misses_ == self.patience:
                raise _Stop from None
            raise


class _Progress(Callback):
    def __init__(self, bar):
        self.bar = bar

    def on_batch_end(self, net, training=None, **kwargs):
        if training:
            self.bar.update()

    def on_train_end(self, net, **kwargs):
        # After an early stop the bar is full too.
        self.bar.total = self.bar.n

    def on_epoch_end(self, net, **kwargs):
        epoch = net.history[-1]
        losses = {name: epoch[name] for name in ("train_loss", "valid_loss") if name in epoch}
        self.bar.set_postfix(epoch=epoch["epoch"], **losses, refresh=False)


class _History(History):
    """skorch's history copies all epochs to look up one, and so slows down with each."""

    def __getitem__(self, i):
        epoch, *name = i if isinstance(i, tuple) else (i,)
        record = list.__getitem__(self, epoch)
        return record[name[0]] if name else record


class _Engine(NeuralNet):
    """skorch's training loop for a network that computes its own loss.

    It records the means of the loss's named parts once an epoch, and nothing a batch.
    """

    @property
    def _default_callbacks(self):
        return [("epoch_timer", EpochTimer())]

    def initialize_history(self):
        self.history_ = _History()
        return self

    def initialize_criterion(self):
        return self

    def initialize_optimizer(self):
        self.parameters_ = join_parameters(self.module_)
        _, arguments = self.get_params_for_optimizer("optimizer", [])
        self.optimizer_ = self.optimizer(self.parameters_, **arguments)
        return self

    def get_split_datasets(self, X, y=None, **fit_params):
        return self.train_split(X)

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        if iterator is None:
            return
        if self.module_.training != training:
            self._set_training(training)
        totals = torch.zeros((), device=self.device)
        for batch in iterator:
            parts = step_fn(batch)
            means = torch.stack(list(parts.values())).detach()
            totals = totals.add(means, alpha=len(batch))
            self.notify("on_batch_end", batch=batch, training=training)
        # No earlier, since to read a number is to wait for the device.
        for name, total in zip(parts, totals.tolist(), strict=True):
            mean = total / len(iterator.rows)
            if not math.isfinite(mean):
                raise self.diverged(f"{prefix} {name} is")
            self.history.record(f"{prefix}_{name}", mean)

    def train_step(self, batch, **fit_params):
        for parameter in self.parameters_:
            if parameter.grad is not None:
                parameter.grad.zero_()
        parts = self.module_.loss(batch)
        parts["loss"].backward()
        self.optimizer_.step()
        return parts

    def validation_step(self, batch, **fit_params):
        with torch.no_grad():
            return self.module_.loss(batch)

    def diverged(self, what: str) -> FloatingPointError:
        return FloatingPointError(
            f"Training diverged in epoch {len(self.history)}: the {what} not finite. Scale X, for "
            f"instance with StandardScaler, or lower lr (now {self.lr:g})."
        )


def _split(X: NDArray[Any], stopping: Stopping | None, seed: int) -> tuple[Rows, Rows | None]:
    index = np.arange(len(X))
    if stopping is None:
        return Rows(X, index), None
    n_valid = stopping.n_held_out(len(X))
    if n_valid == len(X):
        raise ValueError(
            f"validation_fraction={stopping.validation_fraction} leaves no row to train on: X has "
            f"n_samples = {len(X)}. Lower it, or set early_stopping=False."
        )
    index = np.random.RandomState(seed).permutation(index)
    return Rows(X, index[n_valid:]), Rows(X, index[:n_valid])


def _epoch_record(epoch: dict[str, Any]) -> dict[str, float]:
    record = {
        name: value
        for name, value in epoch.items()
        if name == "epoch" or name.startswith(("train_", "valid_"))
    }
    record["seconds"] = epoch["dur"]
    return record
