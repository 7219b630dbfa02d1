"""What a saved detector says of itself, what is checked when it is loaded, and what to trust."""

from collections.abc import Iterator
from hashlib import sha256
from numbers import Real
from typing import Any

import numpy as np
import sklearn
import torch

from skvae._version import __version__

__all__ = ["TRUSTED_TYPES", "checked", "signed"]

# Raise it when an older skvae could not read what this one writes, and keep a file of each.
FORMAT = 2
VERSIONS = {
    "skvae": __version__,
    "numpy": np.__version__,
    "scikit-learn": sklearn.__version__,
    "torch": str(torch.__version__),
}
SIGNATURE = "_written_by"
# Of what is in what.
DEEPEST = 5

TRUSTED_TYPES = [
    "functools.partial",
    "sklearn.utils._bunch.Bunch",
    "skvae.architectures._conv1d.Conv1d",
    "skvae.architectures._conv2d.Conv2d",
    "skvae.architectures._mlp.MLP",
    "skvae.detectors._ae.AEOutlierDetector",
    "skvae.detectors._aegmm.AEGMMDetector",
    "skvae.detectors._ensemble.EnsembleOutlierDetector",
    "skvae.detectors._reconstruction_histogram.ReconstructionHistogramClassifier",
    "skvae.detectors._sampling.SamplingOutlierDetector",
    "skvae.detectors._vae.VAEOutlierDetector",
    "skvae.detectors._vaegmm.VAEGMMDetector",
    "skvae.features._difference.ReconstructionDifference",
    "skvae.features._histogram.DifferenceHistogram",
    "skvae.likelihoods.location_scale.Gaussian",
    "skvae.likelihoods.location_scale.StudentT",
    "skvae.likelihoods.numbers_and_words.Columns",
    "skvae.networks.ae.AE",
    "skvae.networks.masked_ae.MaskedAE",
    "skvae.networks.members.Members",
    "skvae.networks.mixture.network.MixtureNetwork",
    "skvae.networks.vae.VAE",
    "skvae.rows.stream.Remembered",
    "skvae.rows.table.Table",
    "skvae.runtime.recipe.Recipe",
]
"""The types in a file of skops that holds a detector: ``skops.io.load(path, trusted=...)``."""


def signed(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of an estimator with its format, and the versions that wrote it."""
    signature = {"format": FORMAT, "attributes": sorted(state), "checksum": _checksum(state)}
    return {**state, SIGNATURE: {**signature, **VERSIONS}}


def checked(state: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the state of an estimator without its signature.

    Raises
    ------
    ValueError
        If it was written in a format that is not known, or something is missing.
    """
    state = dict(state)
    signature = state.pop(SIGNATURE, None)
    if not _is_signature(signature):
        raise ValueError(f"This {name} does not say in which format it was saved. Fit it again.")
    if signature["format"] > FORMAT:
        raise ValueError(
            f"This {name} was saved by skvae {signature.get('skvae')} in format "
            f"{signature['format']}, but skvae {__version__} knows formats up to {FORMAT}. Install "
            "a newer skvae."
        )
    missing = sorted(set(signature["attributes"]) - set(state))
    if missing:
        raise ValueError(f"This {name} was changed after it was saved: it lacks {missing}.")
    # The first format had none.
    known = {name: state[name] for name in signature["attributes"]}
    if signature["format"] > 1 and _checksum(known) != signature.get("checksum"):
        raise ValueError(f"This {name} was changed after it was saved: its numbers are others.")
    return state


def _checksum(state: dict[str, Any]) -> str:
    """Return a checksum of all numbers in a state."""
    checksum = sha256()
    for number in _numbers(state, DEEPEST):
        checksum.update(number)
    return checksum.hexdigest()


def _numbers(value: Any, depth: int) -> Iterator[bytes]:
    """Yield the numbers of a value, and of the parts that skvae gives it, as bytes."""
    if isinstance(value, Real):
        yield repr(float(value)).encode()
    elif isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        native = value.astype(value.dtype.newbyteorder("="), copy=False)
        yield f"{native.dtype.str}{native.shape}".encode()
        yield native.tobytes()
    elif depth and isinstance(value, dict):
        for key in sorted(value, key=str):
            yield from _numbers(value[key], depth - 1)
    elif depth and isinstance(value, list | tuple):
        for each in value:
            yield from _numbers(each, depth - 1)
    elif depth and type(value).__module__.startswith("skvae.rows"):
        yield from _numbers(vars(value), depth - 1)


def _is_signature(signature: Any) -> bool:
    if not isinstance(signature, dict):
        return False
    number, attributes = signature.get("format"), signature.get("attributes")
    return isinstance(number, int) and number > 0 and isinstance(attributes, list)
