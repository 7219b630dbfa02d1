"""A mixture network is trained in two stages, and then set to the mixture of all its rows."""

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.cluster import kmeans_plusplus
from torch import Tensor
from torch.utils.data import Subset

from skvae.networks import MixtureNetwork
from skvae.networks.mixture import Mixture, Moments, expectation_maximization
from skvae.rows import Batches, subset
from skvae.runtime.apply import batch_rows_for
from skvae.runtime.isolation import isolated
from skvae.runtime.recipe import Recipe, Weights, freeze
from skvae.runtime.threads import single_thread
from skvae.training.checkpoints import Checkpoint
from skvae.training.engine import Epochs, run_epochs
from skvae.training.schedule import Schedule

__all__ = ["train_mixture"]

# As shares of the first stage's. More of it moves the codes without telling outliers better.
SECOND_STAGE_EPOCHS, SECOND_STAGE_LR = 0.25, 0.3
# The first guess needs no more rows.
GUESS_ROWS = 10_000
N_GUESSES, N_MOVES = 3, 10
# A feature that varies less, beside its mean, is constant but for float32's rounding.
CONSTANT = 1e-6


def train_mixture(
    recipe: Recipe,
    X: NDArray[Any],
    schedule: Schedule,
    *,
    device: str,
    callbacks: Sequence[Any] = (),
    verbose: bool | int = 0,
    checkpoint: Checkpoint | None = None,
    weights: Weights | None = None,
) -> tuple[MixtureNetwork, Epochs]:
    """Build a mixture network; train its autoencoder, and then both together.

    Parameters and returns are those of ``train_network``. The schedule is that of the first
    stage.

    Warns
    -----
    UserWarning
        If a covariance of the mixture was not positive definite.
    """
    with isolated(recipe.seed, torch.device(device)):
        network: Any = recipe.build(weights).to(device)
        settings: dict[str, Any] = {"seed": recipe.seed, "callbacks": callbacks, "verbose": verbose}
        first, then = (
            checkpoint and checkpoint.part(stage) for stage in ("autoencoder", "mixture")
        )
        history = run_epochs(network.autoencoder, X, schedule, checkpoint=first, **settings)
        rows = subset(X, schedule.learned_rows(len(X)))
        with _scoring(network):
            network.head.start(*_first_guess(network, rows, recipe.seed))
        second = replace(
            schedule,
            n_steps=min(
                schedule.n_steps,
                math.ceil(SECOND_STAGE_EPOCHS * len(history)) * schedule.n_batches(len(X)),
            ),
            lr=SECOND_STAGE_LR * schedule.lr,
        )
        for record in run_epochs(network, X, second, checkpoint=then, **settings):
            history.append({**record, "epoch": len(history) + 1})
        with _scoring(network):
            jitter = settle(network, rows)
    if jitter:
        warnings.warn(
            f"A covariance of the mixture was not positive definite until {jitter:g} times the "
            f"variances was added. Raise reg_covar (now {network.head.reg_covar:g}).",
            stacklevel=2,
        )
    freeze(network)
    return network, history


def settle(network: MixtureNetwork, rows: Subset[Any]) -> float:
    """Set the mixture to the most likely one given the memberships of all rows.

    Their moments are summed up in float64, so that the batches of the training have no part
    in it. Returns the share of the variances that had to be added to the covariances.
    """
    total: list[Any] = [0.0, 0.0, 0.0]
    for batch, noise in _batches(network, rows):
        moments, share = network.moments(batch, noise), len(batch) / len(rows)
        total = [part + share * more for part, more in zip(total, moments, strict=True)]
    return network.head.settle(Moments(*total))


def _first_guess(
    network: MixtureNetwork, rows: Subset[Any], seed: int
) -> tuple[Tensor, Tensor, Mixture]:
    """Return location and scale of the latent features, and a mixture in these units."""
    rng = np.random.RandomState(seed)
    X: Any = rows.dataset
    some = np.asarray(rows.indices)[_some(len(rows), rng)]
    batches = _batches(network, subset(X, some))
    features = torch.cat([network.drawn_features(*batch).cpu() for batch in batches]).double()
    features = features[_some(len(features), rng)]
    if not (finite := features.isfinite().all(0)).all():
        column = int(finite.int().argmin()) - network.draws.shape[1]
        what = repr(network.reconstruction_features[column]) if column >= 0 else "the latent code"
        raise FloatingPointError(
            f"The latent features of training rows are not finite: {what} is the first that is not."
        )
    location, scale = features.mean(0), features.std(0, correction=0)
    scale[scale < CONSTANT * location.abs().clamp(min=1)] = 1.0
    units = (features - location) / scale
    n_components = len(network.head.guess.value.weights)
    guesses = [
        expectation_maximization(units, _clusters(units, n_components, rng), network.head.reg_covar)
        for _ in range(N_GUESSES)
    ]
    guess, _ = max(guesses, key=lambda guess: guess[1])
    return location, scale, guess


def _clusters(rows: Tensor, n_clusters: int, rng: np.random.RandomState) -> Tensor:
    """Return memberships of rows, 0 or 1, after a few moves of k-means."""
    centres = torch.from_numpy(kmeans_plusplus(rows.numpy(), n_clusters, random_state=rng)[0])
    for _ in range(N_MOVES):
        nearest = torch.cdist(rows, centres).argmin(1)
        membership = torch.nn.functional.one_hot(nearest, n_clusters).double()
        centres = membership.T @ rows / membership.sum(0).clamp(min=1).unsqueeze(1)
    return membership


@contextmanager
def _scoring(network: MixtureNetwork) -> Iterator[None]:
    network.eval()
    # The last digits of a sum would depend on the number of threads.
    with single_thread(), torch.no_grad():
        yield


def _batches(network: MixtureNetwork, rows: Subset[Any]) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield batches of rows with the noise for their latent codes."""
    n_draws, latent_dim = network.draws.shape
    X: Any = rows.dataset
    for batch in Batches(rows, batch_rows_for(X.shape[1:]), network.draws.device):
        shape = (n_draws, len(batch), latent_dim)
        yield batch, torch.randn(shape, dtype=torch.float32, device=batch.device)


def _some(n_rows: int, rng: np.random.RandomState) -> NDArray[np.intp]:
    if n_rows <= GUESS_ROWS:
        return np.arange(n_rows)
    return np.sort(rng.choice(n_rows, GUESS_ROWS, replace=False))
