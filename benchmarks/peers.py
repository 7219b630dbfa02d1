"""Scores of skvae's detectors, scikit-learn's, and PyOD's if it is installed.

Each function has training rows, rows to score (``None``: the training rows again) and a seed,
and returns a score a row, higher is more normal. Everything else is at its default; k-NN's
score is minus the distance to the fifth neighbour, as in PyOD. A row that is trained on is no
neighbour of itself.
"""

from functools import partial

import numpy as np
import plain_dagmm
import torch
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

from skvae import (
    AEGMMDetector,
    AEOutlierDetector,
    EnsembleOutlierDetector,
    SamplingOutlierDetector,
    VAEGMMDetector,
    VAEOutlierDetector,
)

try:
    from pyod.models.auto_encoder import AutoEncoder
    from pyod.models.ecod import ECOD
    from pyod.models.pca import PCA
    from pyod.models.vae import VAE
except ModuleNotFoundError as error:
    if error.name != "pyod":
        raise
    VAE = None


def sample_scores(detector_class, X_train, X, seed, **parameters):
    detector = detector_class(**parameters, random_state=seed).fit(X_train)
    return detector.score_samples(X_train if X is None else X)


def local_outlier_factor(X_train, X, seed):
    detector = LocalOutlierFactor(novelty=X is not None).fit(X_train)
    return detector.negative_outlier_factor_ if X is None else detector.score_samples(X)


def neighbours(X_train, X, seed):
    distances, _ = NearestNeighbors(n_neighbors=5).fit(X_train).kneighbors(X)
    return -distances[:, -1]


def dagmm(X_train, X, seed):
    # Where there is no score, all rows get the same: an AUROC of 50.
    try:
        return np.nan_to_num(plain_dagmm.scores(X_train, X, seed))
    except torch.linalg.LinAlgError:
        return np.zeros(len(X_train if X is None else X))


DETECTORS = {
    "EnsembleOutlierDetector": partial(sample_scores, EnsembleOutlierDetector),
    "SamplingOutlierDetector": partial(sample_scores, SamplingOutlierDetector),
    "VAEOutlierDetector": partial(sample_scores, VAEOutlierDetector),
    "AEOutlierDetector": partial(sample_scores, AEOutlierDetector),
    "AEOutlierDetector(masked_fraction=0)": partial(
        sample_scores, AEOutlierDetector, masked_fraction=0.0
    ),
    "AEGMMDetector": partial(sample_scores, AEGMMDetector),
    "VAEGMMDetector": partial(sample_scores, VAEGMMDetector),
    "k-NN": neighbours,
    "LocalOutlierFactor": local_outlier_factor,
    "IsolationForest": partial(sample_scores, IsolationForest),
    "plain DAGMM": dagmm,
}

if VAE is not None:

    def pyod_scores(detector_of, X_train, X, seed):
        detector = detector_of(seed)
        detector.fit(X_train)
        scores = detector.decision_scores_ if X is None else detector.decision_function(X)
        # PCA's are infinite where it divides by the variance of a component that has none.
        return -np.nan_to_num(scores, nan=np.nan)

    PYOD = {
        "AutoEncoder": lambda seed: AutoEncoder(device="cpu", verbose=0, random_state=seed),
        "VAE": lambda seed: VAE(device="cpu", verbose=0, random_state=seed),
        "ECOD": lambda seed: ECOD(),
        "PCA": lambda seed: PCA(random_state=seed),
    }
    DETECTORS |= {f"PyOD {name}": partial(pyod_scores, of) for name, of in PYOD.items()}
