"""Patches of noise on photographs: scores by their size, and maps of their place.

    python benchmarks/cifar10.py --file ../shared/data/cifar10_5k.npz

As in the tutorial this task comes from, detectors are trained on clean images, and score 50
others under patches of normal noise of 2 x 2 to 20 x 20 pixels, 20 of each size on each image.
For each size: the mean score; the share of images whose own mean is lower than a size before;
the AUROC of damaged against clean images by all pixels and by the worst of them; and the AUROC
of damaged against other pixels. Without --file, the images come from OpenML, or from its cache.

The tutorial's network has 21 million weights and takes hours for its 50 epochs; here it is
trained for --epochs. *example* is the smaller one of examples/plot_cifar10_masks.py, trained for
2,000 steps; VAE-Conv2d and AE are skvae's at their defaults but for support_fraction=1.
"""

import numpy as np
import pandas as pd
import timing

from skvae import AEOutlierDetector, Conv2d, VAEOutlierDetector
from skvae.datasets import apply_mask, fetch_cifar10
from skvae.metrics import outlier_roc_auc_score

SIZES = list(range(2, 21, 2))
SHARES = [0.05, 0.2, 0.4, 0.6, 0.8, 1.0]
N_TEST, N_MASKS = 50, 20
COMMON = {
    "likelihood": "gaussian",
    "sigma": 0.05,
    "score_type": "reconstruction",
    "support_fraction": 1.0,
    "random_state": 0,
}


def detectors(n_epochs):
    tutorial = Conv2d(
        filters=(64, 128, 512),
        decoder_filters=(128, 256, 64),
        kernel_size=4,
        activation="relu",
        output_activation="sigmoid",
    )
    return {
        "tutorial": VAEOutlierDetector(
            architecture=tutorial,
            latent_dim=1024,
            beta=1.0,
            batch_size=64,
            max_epochs=n_epochs,
            **COMMON,
        ),
        "example": VAEOutlierDetector(architecture=Conv2d(), latent_dim=64, **COMMON),
        "VAE-Conv2d": VAEOutlierDetector(
            architecture=Conv2d(), support_fraction=1.0, random_state=0
        ),
        "AE": AEOutlierDetector(support_fraction=1.0, random_state=0),
    }


def load(file):
    if file is None:
        X, _ = fetch_cifar10(return_X_y=True)
        return X[:5000], X[50_000 : 50_000 + N_TEST]
    with np.load(file) as arrays:
        return arrays["X"], arrays["X_test"][:N_TEST]


def measure(detector, X):
    rows = {}
    clean = {share: detector.set_params(top_features=share).score_samples(X) for share in SHARES}
    before = clean[1.0]
    for size in SIZES:
        masked, mask = apply_mask(X, size, n_masks=N_MASKS, noise="normal", random_state=size)
        scores = {
            share: detector.set_params(top_features=share).score_samples(masked) for share in SHARES
        }
        by_image = scores[1.0].reshape(len(X), N_MASKS).mean(axis=1)
        y = np.repeat([1, -1], [len(X), len(masked)])
        rows[f"{size} x {size}"] = {
            "score": by_image.mean(),
            "lower": (by_image < before).mean(),
            **{
                f"AUROC, {share:.0%}": outlier_roc_auc_score(y, np.r_[clean[share], scores[share]])
                for share in SHARES
            },
            "AUROC of pixels": outlier_roc_auc_score(
                np.where(mask, -1, 1).ravel(), detector.feature_scores(masked).ravel()
            ),
        }
        before = by_image
    return pd.DataFrame.from_dict(rows, orient="index")


def main():
    parser = timing.parser(__doc__, threads=1, epochs=4)
    parser.add_argument("--file", help="an npz file with X and X_test")
    parser.add_argument("--detectors", nargs="+", default=list(detectors(1)), choices=detectors(1))
    args = timing.begin(parser)
    X_train, X_test = load(args.file)
    for name in args.detectors:
        detector = detectors(args.epochs)[name]
        seconds = timing.seconds(lambda detector=detector: detector.fit(X_train))
        print(f"{name}: fitted in {seconds:.0f} s")
        print(measure(detector, X_test).round(3).to_string(), flush=True)


if __name__ == "__main__":
    main()
