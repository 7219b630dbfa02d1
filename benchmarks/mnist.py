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

from functools import partial

import numpy as np
import pandas as pd
import tables
import timing
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest

from skvae import AEOutlierDetector, Conv2d, VAEOutlierDetector
from skvae.datasets import fetch_mnist
from skvae.metrics import outlier_average_precision_score, outlier_roc_auc_score

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
    """Return all images of a digit with 1 % of another among them, and their labels."""
    rng = np.random.RandomState(seed)
    many, few = np.flatnonzero(y == normal), np.flatnonzero(y == outlier)
    rows = np.r_[many, rng.choice(few, round(0.01 * len(many)), replace=False)]
    rows = rng.permutation(rows)
    return X[rows], np.where(y[rows] == outlier, -1, 1)


def set_aside(y):
    """Return which images train alone, the first half of the normal ones."""
    normal = y == 1
    return normal & (np.cumsum(normal) <= normal.sum() // 2)


def measure(detector, X, y, clean=False):
    if not hasattr(detector, "architecture"):
        X = X.reshape(len(X), -1) / np.float32(255)
    X_train = X
    if clean:
        train = set_aside(y)
        X_train, X, y = X[train], X[~train], y[~train]
    seconds = timing.seconds(lambda: detector.fit(X_train))
    scores = detector.score_samples(X)
    found = {}
    for share in (0.001, 0.01):
        flagged = scores < np.quantile(scores, share)
        found[f"found in {share:.1%}"] = np.mean(y[flagged] == -1)
    return {
        "AUROC": outlier_roc_auc_score(y, scores),
        "AP": outlier_average_precision_score(y, scores),
        **found,
        "fit s": seconds,
    }


def main():
    parser = timing.parser(__doc__, threads=1, seeds=[0, 1, 2, 3, 4])
    parser.add_argument("--file", help="an npz file with X_train and y_train")
    parser.add_argument("--clean", action="store_true", help="train on normal images alone")
    parser.add_argument("--detectors", nargs="+", default=list(DETECTORS), choices=DETECTORS)
    args = timing.begin(parser)
    X, digits = load(args.file)
    draws = [(1, 3, seed) for seed in args.seeds] + [(*pair, args.seeds[0]) for pair in PAIRS]
    rows = []
    for normal, outlier, seed in draws:
        images, y = hide(X, digits, normal, outlier, seed)
        for name in args.detectors:
            index = {"normal": normal, "outlier": outlier, "detector": name}
            measured = measure(DETECTORS[name](random_state=seed), images, y, args.clean)
            print(*index.values(), *map("{:.3f}".format, measured.values()), flush=True)
            rows.append(index | measured)
    print(tables.mean_cells(pd.DataFrame(rows), list(index)).to_string())


if __name__ == "__main__":
    main()
