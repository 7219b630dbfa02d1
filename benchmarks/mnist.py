"""Threes hidden among ones, and other pairs of digits.

    python benchmarks/mnist.py --file ../shared/data/mnist.npz

As in the tutorial this task comes from, all training images of one digit and 1 % as many of
another, drawn at random, make one unlabelled set: a detector is fitted to it, and judged by
how it ranks the same images. With --clean, a random half of the first digit's images trains
alone, and the other half and the hidden ones are ranked. 1 and 3 are drawn with five seeds,
other pairs with one. Without --file, the images come from OpenML, or from its cache.

AE and VAE are skvae's detectors at their defaults, with full layers and, for images,
support_fraction=0.95; -all is support_fraction=1, -Conv2d another architecture, and -8 the size
of the code. The tutorial's network has convolutions of 32 and 64 filters, batch
normalisation, leaky ReLU and a code of 16, and is trained for 20 epochs of batches of 32.
"""

import time
from functools import partial

import numpy as np
import pandas as pd
import timing
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score

from skvae import AEOutlierDetector, Conv2d, VAEOutlierDetector
from skvae.datasets import fetch_mnist

PAIRS = [(0, 6), (2, 7), (3, 8), (4, 9), (5, 0), (6, 1), (7, 2), (8, 3), (9, 5)]
TUTORIAL = {
    "architecture": Conv2d(
        filters=(32, 64),
        activation="leaky_relu",
        batch_normalization=True,
        output_activation="sigmoid",
    ),
    "latent_dim": 16,
    "support_fraction": 1.0,
    "batch_size": 32,
    "max_epochs": 20,
}


class PCADetector(PCA):
    """Minus the squared distance from sixteen principal components."""

    def __init__(self, n_components=16, random_state=None):
        super().__init__(n_components, random_state=random_state)

    def score_samples(self, X):
        """Return one score a row, higher is more normal."""
        return -np.square(X - self.inverse_transform(self.transform(X))).sum(axis=1)


DETECTORS = {
    "forest": IsolationForest,
    "PCA": PCADetector,
    "tutorial": partial(AEOutlierDetector, **TUTORIAL),
    "AE": AEOutlierDetector,
    "VAE": VAEOutlierDetector,
    "AE-all": partial(AEOutlierDetector, support_fraction=1.0),
    "VAE-all": partial(VAEOutlierDetector, support_fraction=1.0),
    "VAE-Conv2d": partial(VAEOutlierDetector, architecture=Conv2d()),
    "VAE-Conv2d-8": partial(VAEOutlierDetector, architecture=Conv2d(), latent_dim=8),
}


def load(file):
    if file is None:
        X, y = fetch_mnist(return_X_y=True)
        return X[:60_000], y[:60_000]
    with np.load(file) as arrays:
        return arrays["X_train"], arrays["y_train"]


def hide(X, y, normal, outlier, seed):
    """Return all images of a digit with 1 % of another among them, and which those are."""
    rng = np.random.RandomState(seed)
    many, few = np.flatnonzero(y == normal), np.flatnonzero(y == outlier)
    rows = np.r_[many, rng.choice(few, round(0.01 * len(many)), replace=False)]
    rows = rng.permutation(rows)
    return X[rows], y[rows] == outlier


def set_aside(is_outlier):
    """Return which images train alone, the first half of the normal ones."""
    return ~is_outlier & (np.cumsum(~is_outlier) <= (~is_outlier).sum() // 2)


def measure(detector, X, is_outlier, clean=False):
    if not hasattr(detector, "architecture"):
        X = X.reshape(len(X), -1) / np.float32(255)
    X_train = X
    if clean:
        train = set_aside(is_outlier)
        X_train, X, is_outlier = X[train], X[~train], is_outlier[~train]
    start = time.perf_counter()
    detector.fit(X_train)
    seconds = time.perf_counter() - start
    scores = -detector.score_samples(X)
    found = {}
    for share in (0.001, 0.01):
        flagged = scores > np.quantile(scores, 1 - share)
        found[f"found in {share:.1%}"] = is_outlier[flagged].mean()
    return {
        "AUROC": roc_auc_score(is_outlier, scores),
        "AP": average_precision_score(is_outlier, scores),
        **found,
        "fit s": seconds,
    }


def main():
    parser = timing.parser(__doc__, threads=1)
    parser.add_argument("--file", help="an npz file with X_train and y_train")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--clean", action="store_true", help="train on normal images alone")
    parser.add_argument("--detectors", nargs="+", default=list(DETECTORS), choices=DETECTORS)
    args = timing.begin(parser)
    X, y = load(args.file)
    rows = []
    for normal, outlier, seed in [(1, 3, seed) for seed in args.seeds] + [
        (*pair, args.seeds[0]) for pair in PAIRS
    ]:
        images, is_outlier = hide(X, y, normal, outlier, seed)
        for name in args.detectors:
            detector = DETECTORS[name](random_state=seed)
            row = {"normal": normal, "outlier": outlier, "detector": name}
            rows.append(row | measure(detector, images, is_outlier, args.clean))
            print(
                *(
                    f"{value:.3f}" if isinstance(value, float) else value
                    for value in rows[-1].values()
                ),
                flush=True,
            )
    table = pd.DataFrame(rows).set_index(["normal", "outlier", "detector"])
    groups = table.groupby(level=[0, 1, 2], sort=False)
    print(groups.mean().round(4).to_string())
    print("standard deviation over seeds, 1 and 3")
    print(groups.std().loc[(1, 3)].round(4).to_string())


if __name__ == "__main__":
    main()
