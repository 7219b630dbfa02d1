"""From a network and rows to a trained network, epoch after epoch, on skorch."""

import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from copy import deepcopy
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping, LRScheduler
from skorch.helper import predefined_split
from skorch.history import History
from torch import Tensor, nn
from tqdm import tqdm

from skvae.networks import Network
from skvae.rows import Batches, largest_value
from skvae.runtime.apply import LARGEST_VALUE
from skvae.runtime.arithmetic import is_small_step
from skvae.runtime.isolation import generators_of, isolated
from skvae.runtime.recipe import Recipe, Weights, freeze, weights_of
from skvae.runtime.threads import single_thread
from skvae.training.checkpoints import Checkpoint
from skvae.training.loss import mean_terms
from skvae.training.parameters import join_parameters, separate_parameters
from skvae.training.schedule import Schedule

__all__ = ["Epochs", "run_epochs", "train_network"]

Epochs = list[dict[str, Any]]


def train_network(
    recipe: Recipe,
    X: NDArray[Any],
    schedule: Schedule,
    *,
    device: str,
    callbacks: Sequence[Any] = (),
    verbose: bool | int = 0,
    checkpoint: Checkpoint | None = None,
    weights: Weights | None = None,
) -> tuple[Network, Epochs]:
    """Build a network, train it, and return it with a record of each epoch.

    It begins with ``weights``, if there are any.

    The seed of the recipe governs the training too. A FloatingPointError is raised if the
    loss or a weight is not finite at the end of an epoch, or a value of ``X`` is beyond 1e12.
    """
    with isolated(recipe.seed, torch.device(device)):
        network = recipe.build(weights).to(device)
        history = run_epochs(
            network,
            X,
            schedule,
            seed=recipe.seed,
            callbacks=callbacks,
            verbose=verbose,
            checkpoint=checkpoint,
        )
    return freeze(network), history


def run_epochs(
    network: Network,
    X: NDArray[Any],
    schedule: Schedule,
    *,
    seed: int,
    callbacks: Sequence[Any] = (),
    verbose: bool | int = 0,
    checkpoint: Checkpoint | None = None,
) -> Epochs:
    """Train a network, on its device, where torch is isolated.

    From a checkpoint of the same training it goes on as if it had not been interrupted.
    """
    # Scoring limits larger values, and would not see the rows that were trained on.
    largest = largest_value(X)
    if largest > LARGEST_VALUE:
        raise FloatingPointError(
            f"Training would diverge in epoch 1: X holds a value of {largest:g}, and networks in "
            f"float32 bear at most {LARGEST_VALUE:g}. Scale X, for instance with StandardScaler."
        )
    train, valid = schedule.split(X, seed)
    device = next(network.parameters()).device
    callbacks = [*callbacks]
    if (stopping := schedule.stopping) is not None:
        settings = {"patience": stopping.n_iter_no_change, "threshold": stopping.tol}
        early = EarlyStopping(**settings, threshold_mode="abs", load_best=True)
        callbacks.insert(0, early)
    state = None if checkpoint is None else checkpoint.state
    with ExitStack() as stack:
        if verbose:
            n_done = 0 if state is None else len(state["history"]) * schedule.n_batches(len(X))
            n_done = min(n_done, schedule.n_steps)
            bar = tqdm(total=schedule.n_steps, initial=n_done, unit="step")
            callbacks.append(_Progress(stack.enter_context(bar)))
        if checkpoint is not None:
            stack.callback(checkpoint.write)
            callbacks.append(_Keeper(checkpoint))
        if is_small_step(network, X.shape[1:], min(schedule.batch_size, len(X))):
            stack.enter_context(single_thread())
        engine = Engine(
            network,
            schedule=schedule,
            criterion=nn.Identity,
            optimizer=partial(_adamw, network),
            optimizer__weight_decay=schedule.weight_decay,
            lr=schedule.lr,
            max_epochs=math.ceil(schedule.n_steps / schedule.n_batches(len(X))),
            batch_size=schedule.batch_size,
            iterator_train=Batches,
            iterator_train__device=device,
            iterator_train__shuffle=True,
            iterator_valid=Batches,
            iterator_valid__device=device,
            train_split=None if valid is None else predefined_split(valid),
            callbacks=callbacks,
            callbacks__print_log=None,
            device=device,
            verbose=0,
        ).initialize()
        engine.run(train, state)
        if checkpoint is not None:
            checkpoint.keep(engine.final_state())
    if len(engine.optimizer_.param_groups[0]["params"]) == 1:
        separate_parameters(network)
    if not all(np.isfinite(value).all() for value in weights_of(network).values()):
        raise engine.diverged("weights are")
    return [_record(epoch) for epoch in engine.history]


class _Progress(Callback):
    def __init__(self, bar: Any) -> None:
        self.bar = bar

    def on_batch_end(self, net: Any, training: bool | None = None, **kwargs: Any) -> None:
        if training:
            self.bar.update()

    def on_train_end(self, net: Any, **kwargs: Any) -> None:
        # After an early stop the bar is full too.
        self.bar.total = self.bar.n

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        epoch = net.history[-1]
        losses = {name: epoch[name] for name in ("train_loss", "valid_loss") if name in epoch}
        self.bar.set_postfix(epoch=epoch["epoch"], **losses, refresh=False)


class _Keeper(Callback):
    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        self.checkpoint.keep(net.state())


class _History(History):
    """skorch's history copies all epochs to look up one, and so slows down with each."""

    def __getitem__(self, i: Any) -> Any:
        match i:
            case int():
                return list.__getitem__(self, i)
            case (int(epoch), str(name)) if name in list.__getitem__(self, epoch):
                return list.__getitem__(self, epoch)[name]
        return super().__getitem__(i)


class Engine(NeuralNet):
    """skorch's training loop for a network that returns the terms of its loss.

    The means of an epoch are recorded as if they were those of one batch, since to look at
    a loss is to wait for the device.
    """

    def __init__(self, module: Network, *, schedule: Schedule, **settings: Any) -> None:
        self.schedule = schedule
        super().__init__(module, **settings)

    def run(self, train: Any, state: dict[str, Any] | None = None) -> None:
        """Train all epochs, or those that are left after ``state``."""
        if state is not None and "optimizer" not in state:
            self.load_final_state(state)
            return
        self.notify("on_train_begin", X=train, y=None)
        if state is not None:
            self.load_state(state)
        try:
            self.fit_loop(train, epochs=self.max_epochs - len(self.history))
        # skorch's own fit would take Ctrl-C for an early stop, and return normally.
        except KeyboardInterrupt:
            if not any(
                isinstance(callback, EarlyStopping) and callback.misses_ == callback.patience
                for _, callback in self.callbacks_
            ):
                raise
        self.notify("on_train_end", X=train, y=None)
        for _, callback in self.callbacks_:
            if isinstance(callback, LRScheduler):
                # It holds the optimiser, which no pickle of the detector needs.
                callback.initialize()

    def state(self) -> dict[str, Any]:
        """Return all that the rest of the training depends on, at the end of an epoch."""
        callbacks = {
            name: {key: value for key, value in vars(callback).items() if key.endswith("_")}
            for name, callback in self.callbacks_
        }
        more = {"optimizer": self.optimizer_.state_dict(), "callbacks": callbacks}
        return {**self.final_state(), **deepcopy(more)}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go back to the end of an epoch."""
        state = deepcopy(state)
        self.load_final_state(state)
        self.optimizer_.load_state_dict(state["optimizer"])
        for name, callback in self.callbacks_:
            vars(callback).update(state["callbacks"].get(name, {}))

    def final_state(self) -> dict[str, Any]:
        """Return all that depends on the training when it is finished."""
        return {
            "network": deepcopy(self.module_.state_dict()),
            # Past epochs do not change.
            "history": list(self.history),
            "generators": [g.get_state() for g in generators_of(torch.device(self.device))],
        }

    def load_final_state(self, state: dict[str, Any]) -> None:
        """Become what a finished training left."""
        self.module_.load_state_dict(state["network"])
        self.history[:] = deepcopy(state["history"])
        generators = generators_of(torch.device(self.device))
        for generator, generator_state in zip(generators, state["generators"], strict=True):
            generator.set_state(generator_state)

    def initialize_history(self) -> "Engine":
        """Use a history that is quick to look at."""
        self.history_ = _History()
        return self

    def run_single_epoch(
        self,
        iterator: Batches | None,
        training: bool,
        prefix: str,
        step_fn: Callable[[Tensor], dict[str, Tensor]],
        **fit_params: Any,
    ) -> None:
        """Pass over the rows once, or until the last step of the schedule."""
        if iterator is None:
            return
        self._set_training(training)
        first = (len(self.history) - 1) * len(iterator)
        batches = islice(iterator, self.schedule.n_steps - first) if training else iterator
        own_rate = any(isinstance(callback, LRScheduler) for _, callback in self.callbacks_)
        self.history.new_batch()
        totals = torch.zeros((), dtype=torch.float32, device=self.device)
        n_rows = 0
        for step, batch in enumerate(batches, start=first):
            if training and not own_rate:
                self.optimizer_.param_groups[0]["lr"] = self.schedule.rate(step)
            parts = step_fn(batch)
            totals = totals.add(torch.stack(list(parts.values())).detach(), alpha=len(batch))
            n_rows += len(batch)
            self.notify("on_batch_end", batch=batch, training=training)
        means = {
            f"{prefix}_{name}": total / n_rows
            for name, total in zip(parts, totals.tolist(), strict=True)
        }
        for name, mean in means.items():
            if not math.isfinite(mean):
                raise self.diverged(f"{name.replace('_', ' ')} is")
            self.history.record(name, mean)
        self.history.record_batch(f"{prefix}_batch_size", n_rows)
        self.history.record_batch(f"{prefix}_loss", means[f"{prefix}_loss"])

    def train_step(self, batch: Tensor, **fit_params: Any) -> dict[str, Tensor]:
        """Take one step, and return the means of the terms."""
        # In place, since joined parameters share the memory of their gradients.
        for parameter in self.optimizer_.param_groups[0]["params"]:
            if parameter.grad is not None:
                parameter.grad.zero_()
        noise = None
        if n_numbers := self.module_.noise_dim:
            noise = torch.randn(len(batch), n_numbers, dtype=torch.float32, device=batch.device)
        parts = mean_terms(self.module_.terms(batch, noise), self.schedule.support_fraction)
        parts["loss"].backward()
        parameters = self.module_.named_parameters()
        self.notify("on_grad_computed", named_parameters=parameters, batch=batch, training=True)
        self.optimizer_.step()
        return parts

    def validation_step(self, batch: Tensor, **fit_params: Any) -> dict[str, Tensor]:
        """Return the means of the terms, without noise."""
        with torch.no_grad():
            return mean_terms(self.module_.terms(batch), self.schedule.support_fraction)

    def diverged(self, what: str) -> FloatingPointError:
        """Return the error to raise where something is not finite."""
        return FloatingPointError(
            f"Training diverged in epoch {len(self.history)}: the {what} not finite. Scale X, for "
            f"instance with StandardScaler, or lower lr (now {self.lr:g})."
        )


def _adamw(network: nn.Module, groups: Any, **settings: Any) -> torch.optim.Optimizer:
    return torch.optim.AdamW(join_parameters(network), fused=True, **settings)


def _record(epoch: dict[str, Any]) -> dict[str, Any]:
    hidden = ("batches", "dur", "train_loss_best", "valid_loss_best")
    record = {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in epoch.items()
        if name not in hidden
    }
    return {**record, "seconds": epoch["dur"]}
