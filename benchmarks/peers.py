"""Anomaly scores of skvae's detectors, scikit-learn's, and PyOD's if it is installed.

Each function takes training rows, rows to score (the training rows again, as ``None``) and
a seed, and returns how odd the rows are. Everything else is at its default; k-NN's score is
the distance to the fifth neighbour, as in PyOD. A row that is trained on is no neighbour
of itself.
"""

from functools import partial

import numpy as np
import plain_dagmm
import torch
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor, NearestNeighbors

from skvae import AEGMMDetector, AEOutlierDetector, VAEGMMDetector, VAEOutlierDetector

try:
    import pyod.models.auto_encoder
    import pyod.models.ecod
    import pyod.models.pca
    import pyod.models.vae
except ModuleNotFoundError as error:
    if error.name != "pyod":
        raise
    pyod = None


def skvae(detector_class, X_train, X, seed, **parameters):
    detector = detector_class(**parameters, random_state=seed).fit(X_train)
    return -detector.score_samples(X_train if X is None else X)


def isolation_forest(X_train, X, seed):
    forest = IsolationForest(random_state=seed).fit(X_train)
    return -forest.score_samples(X_train if X is None else X)


def local_outlier_factor(X_train, X, seed):
    detector = LocalOutlierFactor(novelty=X is not None).fit(X_train)
    return -(detector.negative_outlier_factor_ if X is None else detector.score_samples(X))


def neighbours(X_train, X, seed):
    distances, _ = NearestNeighbors(n_neighbors=5).fit(X_train).kneighbors(X)
    return distances[:, -1]


def dagmm(X_train, X, seed):
    # Where there is no score, all rows get the same: an AUROC of 50.
    try:
        return np.nan_to_num(plain_dagmm.scores(X_train, X, seed))
    except torch.linalg.LinAlgError:
        return np.zeros(len(X_train if X is None else X))


DETECTORS = {
    "VAEOutlierDetector": partial(skvae, VAEOutlierDetector),
    "AEOutlierDetector": partial(skvae, AEOutlierDetector),
    "AEGMMDetector": partial(skvae, AEGMMDetector),
    "VAEGMMDetector": partial(skvae, VAEGMMDetector),
    "k-NN": neighbours,
    "LocalOutlierFactor": local_outlier_factor,
    "IsolationForest": isolation_forest,
    "plain DAGMM": dagmm,
}

if pyod is not None:

    def pyod_scores(detector, X_train, X):
        detector.fit(X_train)
        return detector.decision_scores_ if X is None else detector.decision_function(X)

    def pyod_vae(X_train, X, seed):
        detector = pyod.models.vae.VAE(device="cpu", verbose=0, random_state=seed)
        return pyod_scores(detector, X_train, X)

    def pyod_autoencoder(X_train, X, seed):
        detector = pyod.models.auto_encoder.AutoEncoder(device="cpu", verbose=0, random_state=seed)
        return pyod_scores(detector, X_train, X)

    def pyod_ecod(X_train, X, seed):
        return pyod_scores(pyod.models.ecod.ECOD(), X_train, X)

    def pyod_pca(X_train, X, seed):
        # Infinite where it divides by the variance of a component that has none.
        return np.nan_to_num(pyod_scores(pyod.models.pca.PCA(random_state=seed), X_train, X))

    DETECTORS |= {
        "PyOD AutoEncoder": pyod_autoencoder,
        "PyOD VAE": pyod_vae,
        "PyOD ECOD": pyod_ecod,
        "PyOD PCA": pyod_pca,
    }
