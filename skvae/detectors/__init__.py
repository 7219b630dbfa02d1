"""Outlier detectors: scikit-learn's interface to the networks."""

from skvae.detectors._ae import AEOutlierDetector
from skvae.detectors._aegmm import AEGMMDetector
from skvae.detectors._ensemble import EnsembleOutlierDetector
from skvae.detectors._reconstruction_histogram import ReconstructionHistogramClassifier
from skvae.detectors._sampling import SamplingOutlierDetector
from skvae.detectors._vae import VAEOutlierDetector
from skvae.detectors._vaegmm import VAEGMMDetector

__all__ = [
    "AEGMMDetector",
    "AEOutlierDetector",
    "EnsembleOutlierDetector",
    "ReconstructionHistogramClassifier",
    "SamplingOutlierDetector",
    "VAEGMMDetector",
    "VAEOutlierDetector",
]
