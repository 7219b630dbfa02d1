"""Deep anomaly detectors that feel like scikit-learn."""

from skvae._version import __version__
from skvae.architectures import MLP
from skvae.detectors import (
    AEGMMDetector,
    AEOutlierDetector,
    VAEGMMDetector,
    VAEOutlierDetector,
)

__all__ = [
    "MLP",
    "AEGMMDetector",
    "AEOutlierDetector",
    "VAEGMMDetector",
    "VAEOutlierDetector",
    "__version__",
]
