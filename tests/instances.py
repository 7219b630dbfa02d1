"""The one table of constructor arguments that make the detectors cheap to fit in tests."""

from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier

from skvae import (
    MLP,
    AEGMMDetector,
    AEOutlierDetector,
    EnsembleOutlierDetector,
    ReconstructionHistogramClassifier,
    SamplingOutlierDetector,
    VAEGMMDetector,
    VAEOutlierDetector,
)

CHEAP = {
    "architecture": MLP(hidden_layer_sizes=(16, 8)),
    "max_epochs": 20,
    "batch_size": 64,
    "random_state": 0,
}

ARGUMENTS = {
    AEOutlierDetector: {**CHEAP, "latent_dim": 2, "n_estimators": 1},
    VAEOutlierDetector: {**CHEAP, "latent_dim": 2, "n_estimators": 1},
    AEGMMDetector: {**CHEAP, "latent_dim": 2, "n_components": 2},
    VAEGMMDetector: {**CHEAP, "latent_dim": 2, "n_components": 2, "samples": 3},
    ReconstructionHistogramClassifier: {
        "detector": AEOutlierDetector(
            architecture=MLP(hidden_layer_sizes=(16, 8)),
            latent_dim=2,
            masked_fraction=0.0,
            max_epochs=20,
            batch_size=64,
        ),
        "classifier": RandomForestClassifier(n_estimators=10),
        # With few bins and few columns most rows would have the same histogram.
        "bins": 100,
        "random_state": 0,
    },
    SamplingOutlierDetector: {"random_state": 0},
}
ARGUMENTS[EnsembleOutlierDetector] = {
    "estimators": [
        ("vae", VAEOutlierDetector(**{**ARGUMENTS[VAEOutlierDetector], "random_state": None})),
        ("sampling", SamplingOutlierDetector()),
    ],
    "random_state": 0,
}


def cheap(detector_class, **arguments):
    # A clone, since tests change parameters, and the table's architecture is one object.
    return clone(detector_class(**{**ARGUMENTS[detector_class], **arguments}))


def encoder_of(detector):
    network = detector.network_
    return getattr(network, "autoencoder", network).encoder


def with_parameter(name):
    return [detector_class for detector_class in ARGUMENTS if name in detector_class().get_params()]
