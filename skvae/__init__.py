"""Deep anomaly detectors that feel like scikit-learn."""

from skvae._version import __version__
from skvae.architectures import MLP
from skvae.detectors import AEOutlierDetector, VAEOutlierDetector

__all__ = ["MLP", "AEOutlierDetector", "VAEOutlierDetector", "__version__"]
