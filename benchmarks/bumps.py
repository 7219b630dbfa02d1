"""Curves with a small second bump, found with and without labels.

    python benchmarks/bumps.py [--seeds 0 1 2 3 4]

As in the tutorial this task comes from, 2,000 curves with one bump and 200 with two are
split 80 to 20, and methods are judged on 100 and 100 new curves. Its best method trains an
autoencoder on the normal curves of the larger part, and a random forest on histograms of the
smaller part's differences. What it reported is in the column "reported". Detectors without
labels are trained on the normal curves of the larger part, and take their threshold from
there. The settings were chosen with seeds from 100 on.

Then: what it is worth to train the classifier on rows that the network has not seen, and
what a histogram of each row costs.
"""

from functools import partial
from statistics import median

import numpy as np
import pandas as pd
import tables
import timing
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.svm import OneClassSVM

from skvae import (
    MLP,
    AEOutlierDetector,
    Conv1d,
    ReconstructionHistogramClassifier,
    VAEOutlierDetector,
)
from skvae.datasets import make_bumps
from skvae.features import DifferenceHistogram, ReconstructionDifference
from skvae.metrics import outlier_f1_score, outlier_roc_auc_score

LONG = {"lr": 4e-3, "max_steps": 4000}
REPORTED = {
    "OneClassSVM": (0.61, 0.43),
    "IsolationForest": (0.51, 0.17),
    "random forest on curves": (0.62, 0.40),
    "recipe: random forest on differences": (0.84, 0.82),
    "recipe: random forest on histograms": (0.90, 0.88),
}


def split(X, y, seed):
    return train_test_split(X, y, test_size=0.2, random_state=seed)


def recipe(steps, X, y, seed):
    """Fit the tutorial's network, and a forest on what it makes of the other part."""
    X_train, X_test, y_train, y_test = split(X, y, seed)
    network = AEOutlierDetector(
        architecture=MLP(hidden_layer_sizes=(128, 64, 16), activation="relu"),
        latent_dim=4,
        weight_decay=1e-5,
        batch_size=32,
        max_epochs=100,
        random_state=seed,
    ).fit(X_train[y_train == 1])
    forest = RandomForestClassifier(random_state=seed)
    difference = ReconstructionDifference(FrozenEstimator(network))
    return make_pipeline(difference, *steps, forest).fit(X_test, y_test)


def without_labels(detector, X, y, seed):
    X_train, _, y_train, _ = split(X, y, seed)
    return detector.fit(X_train[y_train == 1])


def with_labels(classifier, X, y, seed, n_outliers=None):
    rows = np.r_[np.flatnonzero(y == 1), np.flatnonzero(y == -1)[:n_outliers]]
    return classifier.fit(X[rows], y[rows])


def methods(seed):
    ae = partial(AEOutlierDetector, random_state=seed)
    vae = partial(VAEOutlierDetector, random_state=seed)
    forest = partial(RandomForestClassifier, random_state=seed)
    histograms = partial(ReconstructionHistogramClassifier, random_state=seed)
    convolutional = AEOutlierDetector(architecture=Conv1d(), **LONG)
    fixed = [DifferenceHistogram(bins=10, range=(-0.3, 0.3))]
    return {
        "OneClassSVM": partial(without_labels, OneClassSVM()),
        "IsolationForest": partial(without_labels, IsolationForest(random_state=seed)),
        "AEOutlierDetector()": partial(without_labels, ae()),
        "AEOutlierDetector, 4,000 steps": partial(without_labels, ae(**LONG)),
        "VAEOutlierDetector()": partial(without_labels, vae()),
        "VAEOutlierDetector, 4,000 steps": partial(without_labels, vae(**LONG)),
        "histograms without labels": lambda X, y, seed: histograms().fit(X),
        "random forest on curves": partial(with_labels, forest()),
        "recipe: random forest on differences": partial(recipe, []),
        "recipe: random forest on histograms": partial(recipe, fixed),
        "ReconstructionHistogramClassifier()": partial(with_labels, histograms()),
        "the same, 40 outliers": partial(with_labels, histograms(), n_outliers=40),
        "the same, VAE": partial(with_labels, histograms(detector=VAEOutlierDetector(**LONG))),
        "the same, Conv1d": partial(with_labels, histograms(detector=convolutional)),
    }


def scores_of(model, X):
    return (
        model.predict_proba(X)[:, 1] if hasattr(model, "predict_proba") else model.score_samples(X)
    )


def table(seeds, chosen=None):
    rows = []
    for seed in seeds:
        X, y = make_bumps(2000, 200, random_state=seed)
        X_new, y_new = make_bumps(100, 100, random_state=1000 + seed)
        fits = methods(seed)
        for name in chosen or fits:
            model = fits[name](X, y, seed=seed)
            y_pred = model.predict(X_new)
            rows.append(
                {
                    "method": name,
                    "accuracy": np.mean(y_pred == y_new),
                    "F1": outlier_f1_score(y_new, y_pred),
                    "AUROC": outlier_roc_auc_score(y_new, scores_of(model, X_new)),
                }
            )
            print(seed, rows[-1], flush=True)
    cells = tables.mean_cells(pd.DataFrame(rows), "method")
    reported = pd.DataFrame(REPORTED, index=["reported accuracy", "reported F1"]).T
    return cells.join(reported.map("{:.2f}".format)).fillna("")


def seen_or_held_out(seeds):
    """Return accuracy and false alarms by what the classifier learns from.

    Curves have noise, which a network learns by heart, and second bumps of height 0.3.
    """
    rows = []
    for n_inliers in (100, 500, 2000):
        for seed in seeds:
            rng = np.random.RandomState(seed)
            inliers = noisy(rng, make_bumps(n_inliers, 0, random_state=seed)[0])
            outliers, _ = make_bumps(0, n_inliers // 10, height=0.3, random_state=2000 + seed)
            X_new, y_new = make_bumps(1000, 1000, height=0.3, random_state=1000 + seed)
            outliers, X_new = noisy(rng, outliers), noisy(rng, X_new)
            n = n_inliers // 5
            network = AEOutlierDetector(**LONG, random_state=seed)
            difference = ReconstructionDifference(network).fit(inliers[n:])
            for name, learned in {"held out": inliers[:n], "seen": inliers[-n:]}.items():
                classifier = make_pipeline(
                    DifferenceHistogram(), RandomForestClassifier(random_state=seed)
                ).fit(
                    difference.transform(np.r_[learned, outliers]),
                    np.repeat([1, -1], [n, len(outliers)]),
                )
                y_pred = classifier.predict(difference.transform(X_new))
                rows.append(
                    {
                        "normal curves": n_inliers,
                        "classifier's": name,
                        "accuracy": np.mean(y_pred == y_new),
                        "false alarms": np.mean(y_pred[y_new == 1] == -1),
                    }
                )
    return tables.mean_cells(pd.DataFrame(rows), ["normal curves", "classifier's"])


def noisy(rng, X):
    return X + rng.normal(scale=0.05, size=X.shape)


def histogram_speed():
    """Print the time of a loop over rows, in units of the transformer's."""
    X = np.random.default_rng(0).normal(scale=0.03, size=(100_000, 256)).astype(np.float32)
    limits = (-0.05, 0.05)
    histogram = DifferenceHistogram(bins=10, range=limits).fit(X[:1000])
    times = timing.in_turn(
        {
            "loop": lambda: np.array([np.histogram(row, 10, limits)[0] for row in X]),
            "transform": lambda: histogram.transform(X),
        },
        n_rounds=3,
    )
    print(f"transform of 100,000 x 256: {median(times['transform']):.2f} s")
    print("np.histogram row by row, over transform:", timing.ratio(times, "loop", "transform"))


if __name__ == "__main__":
    parser = timing.parser(__doc__, threads=1, seeds=[0, 1, 2, 3, 4])
    parser.add_argument("--methods", nargs="+", help="by default all")
    parser.add_argument("--parts", nargs="+", default=["table", "seen", "speed"])
    args = timing.begin(parser)
    if "table" in args.parts:
        print(table(args.seeds, args.methods).to_string())
    if "seen" in args.parts:
        print(seen_or_held_out(args.seeds).to_string())
    if "speed" in args.parts:
        histogram_speed()
