"""The one table of constructor arguments that make the detectors cheap to fit in tests."""

from skvae import MLP, AEOutlierDetector, VAEOutlierDetector

CHEAP = {"architecture": MLP(hidden_layer_sizes=(16, 8)), "max_epochs": 20, "random_state": 0}

ARGUMENTS = {
    AEOutlierDetector: {**CHEAP, "latent_dim": 2},
    VAEOutlierDetector: {**CHEAP, "latent_dim": 2},
}


def cheap(detector_class, **arguments):
    return detector_class(**{**ARGUMENTS[detector_class], **arguments})
