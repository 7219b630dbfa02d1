"""Mixtures on rows that break them: finite scores or one clear error, never NaN.

    python benchmarks/hard_fits.py [--seeds 0 1 ...]

Every kind of rows is fitted by both detectors with each seed, unscaled: 200 fits. Then the rows,
rows next to them and rows far away are scored. The plain recipe, without skvae's guards, is
fitted to the same rows, in as many epochs, and scores these alone.
"""

import warnings

import numpy as np
import pandas as pd
import plain_dagmm
import timing
import torch
from sklearn.datasets import make_blobs

from skvae import AEGMMDetector, VAEGMMDetector

N_ROWS, N_EPOCHS = 200, 20

KINDS = {
    "blobs": lambda X: X,
    "constant column": lambda X: np.c_[X, np.full(len(X), 3.0)],
    "duplicate columns": lambda X: np.c_[X, X],
    "all rows equal": lambda X: np.repeat(X[:1], N_ROWS, axis=0),
    "two rows, many times": lambda X: np.repeat(X[:2], N_ROWS // 2, axis=0),
    "collinear columns": lambda X: X[:, :1] * np.arange(1, 6),
    "values of 1e6": lambda X: 1e6 * X,
    "values of 1e-6": lambda X: 1e-6 * X,
    "columns of 1e-6 to 1e6": lambda X: X * np.logspace(-6, 6, 5),
    "five rows": lambda X: X[:5],
}


def skvae_fit(detector_class):
    def fit(X, seed):
        detector = detector_class(max_epochs=N_EPOCHS, random_state=seed)
        with warnings.catch_warnings():
            # Equal rows have equal scores, of which no share can be flagged.
            warnings.filterwarnings("ignore", "contamination='auto' asks for")
            detector.fit(X)
        return np.concatenate([detector.score_samples(rows) for rows in (X, X + 1, 1e9 * X)])

    return fit


def plain_fit(X, seed):
    return plain_dagmm.scores(X, None, seed, n_steps=N_EPOCHS)


def outcome(fit, X, seed):
    try:
        scores = fit(X, seed)
    except (ValueError, FloatingPointError, torch.linalg.LinAlgError) as error:
        return f"{type(error).__name__}: {str(error)[:60]}"
    return "finite" if np.isfinite(scores).all() else "not finite"


def main():
    args = timing.begin(timing.parser(__doc__, threads=1, seeds=list(range(10))))
    fits = {
        "AEGMMDetector": skvae_fit(AEGMMDetector),
        "VAEGMMDetector": skvae_fit(VAEGMMDetector),
        "plain recipe": plain_fit,
    }
    rows = []
    for seed in args.seeds:
        X, _ = make_blobs(N_ROWS, n_features=5, centers=3, random_state=seed)
        for kind, make in KINDS.items():
            for name, fit in fits.items():
                rows.append((kind, name, outcome(fit, make(X), seed)))
    frame = pd.DataFrame(rows, columns=["rows", "detector", "outcome"])
    print(frame.groupby(["detector", "outcome"]).size().to_string())
    print(frame.groupby(["rows", "detector"], sort=False)["outcome"].agg(set).to_string())


if __name__ == "__main__":
    main()
