"""Deep anomaly detectors that feel like scikit-learn."""

from skvae import datasets, features, inspection, metrics, plotting
from skvae._version import __version__
from skvae.architectures import MLP, Conv1d, Conv2d
from skvae.detectors import (
    AEGMMDetector,
    AEOutlierDetector,
    EnsembleOutlierDetector,
    ReconstructionHistogramClassifier,
    SamplingOutlierDetector,
    VAEGMMDetector,
    VAEOutlierDetector,
)
from skvae.files import TRUSTED_TYPES
from skvae.reporting import report

__all__ = [
    "MLP",
    "TRUSTED_TYPES",
    "AEGMMDetector",
    "AEOutlierDetector",
    "Conv1d",
    "Conv2d",
    "EnsembleOutlierDetector",
    "ReconstructionHistogramClassifier",
    "SamplingOutlierDetector",
    "VAEGMMDetector",
    "VAEOutlierDetector",
    "__version__",
    "datasets",
    "features",
    "inspection",
    "metrics",
    "plotting",
    "report",
]


def __dir__() -> list[str]:
    return __all__
