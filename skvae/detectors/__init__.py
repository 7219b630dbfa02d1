"""Outlier detectors: scikit-learn's interface to the networks."""

from skvae.detectors._autoencoder import AEOutlierDetector
from skvae.detectors._mixture import AEGMMDetector, VAEGMMDetector
from skvae.detectors._reconstruction_histogram import ReconstructionHistogramClassifier
from skvae.detectors._vae import VAEOutlierDetector

__all__ = [
    "AEGMMDetector",
    "AEOutlierDetector",
    "ReconstructionHistogramClassifier",
    "VAEGMMDetector",
    "VAEOutlierDetector",
]
