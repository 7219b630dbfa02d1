"""A mixture over what a network says of many rows, batch by batch."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from skvae.training.batches import Batches, Rows
from skvae.training.scoring import batch_rows_for
from skvae.training.seeds import isolated_seed
from skvae.training.threads import single_thread

__all__ = ["draw_features", "fit_mixture"]


def draw_features(
    network: Any, X: NDArray[Any], index: NDArray[np.intp], *, seed: int, device: str
) -> NDArray[np.float64]:
    """Return the latent features of all codes that are drawn for rows.

    Parameters
    ----------
    network : torch.nn.Module
        A network with ``drawn_features``, in evaluation mode.

    X : ndarray of shape (n_samples, ...)
        The array of rows.

    index : ndarray of shape (n_rows,) of int
        Which of its rows.

    seed : int
        Governs the draws.

    device : str
        The name of the network's torch device.

    Returns
    -------
    features : ndarray of shape (n_codes, n_features)
        As many rows for each of the rows as the network draws codes.
    """
    with _repeatable(seed, device):
        features = [network.drawn_features(batch).cpu() for batch in _batches(X, index, device)]
        return torch.cat(features).double().numpy()


def fit_mixture(network: Any, X: NDArray[Any], *, seed: int, device: str) -> float:
    """Set a network's mixture to the most likely one given its memberships of rows.

    Their moments are summed up in float64, so that the mixture is that of all rows, and
    the batches of the training have no part in it.

    Parameters
    ----------
    network : torch.nn.Module
        A network with ``moments`` and a ``latent_mixture``, in evaluation mode.

    X : ndarray of shape (n_samples, ...)
        The rows.

    seed : int
        Governs the codes that are drawn.

    device : str
        The name of the network's torch device.

    Returns
    -------
    jitter : float
        What had to be added to the diagonals of the covariances, in the units of
        standardised features, to make them positive definite.
    """
    total = None
    with _repeatable(seed, device):
        for batch in _batches(X, np.arange(len(X)), device):
            moments = network.moments(batch)
            share = len(batch) / len(X)
            if total is None:
                total = moments._make(share * part for part in moments)
            else:
                for part, more in zip(total, moments, strict=True):
                    part.add_(more, alpha=share)
        return network.latent_mixture.settle(total)


@contextmanager
def _repeatable(seed: int, device: str) -> Iterator[None]:
    # The last digits of a sum would depend on the number of threads.
    with isolated_seed(seed, torch.device(device)), single_thread(), torch.inference_mode():
        yield


def _batches(X: NDArray[Any], index: NDArray[np.intp], device: str) -> Batches:
    return Batches(Rows(X, index), batch_rows_for(math.prod(X.shape[1:])), torch.device(device))
