"""How soon a good detector is there: AUROC over the seconds of a fit, against PyOD.

Each point is a fit from scratch with so many steps (PyOD: epochs), and everything else at its
default; the ring is the default number. Half of the normal rows are trained on; the other half and
all outliers are scored. The folder holds ADBench's tables as .npz files with X and y::

    python benchmarks/time_to_quality.py --data ../shared/data/adbench
    python benchmarks/time_to_quality.py --data ../shared/data/adbench --figure quality.png

PyOD is measured if it is installed.
"""

from pathlib import Path

import equal_networks
import matplotlib.pyplot as plt
import numpy as np
import timing
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from skvae import VAEOutlierDetector

TABLES = ("28_pendigits", "30_satellite", "32_shuttle")
SHARES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
# A fit is as good as the default one when it comes as close as this.
CLOSE = 0.005


def split(path, seed):
    with np.load(path) as table:
        X, y = table["X"], table["y"]
    normal = np.random.RandomState(seed).permutation(np.flatnonzero(y == 0))
    train, rest = np.array_split(normal, 2)
    test = np.r_[rest, np.flatnonzero(y == 1)]
    scaler = StandardScaler().fit(X[train])
    return scaler.transform(X[train]), scaler.transform(X[test]), y[test]


def skvae(X_train, X_test, n_steps, seed):
    detector = VAEOutlierDetector(max_steps=n_steps, random_state=seed)
    seconds = timing.seconds(lambda: detector.fit(X_train))
    return seconds, -detector.score_samples(X_test)


def pyod(X_train, X_test, n_epochs, seed):
    detector = equal_networks.PyODVAE(
        epoch_num=n_epochs, device="cpu", verbose=0, random_state=seed
    )
    seconds = timing.seconds(lambda: detector.fit(X_train))
    return seconds, detector.decision_function(X_test)


def default_length(fit):
    return equal_networks.PyODVAE().epoch_num if fit is pyod else 2000


def curve(fit, path, seeds):
    """Return the mean seconds and the mean AUROC over seeds, a row for each length."""
    splits = {seed: split(path, seed) for seed in seeds}
    X_train, X_test, _ = splits[seeds[0]]
    default = default_length(fit)
    fit(X_train[:500], X_test, 1, seeds[0])
    points = []
    for length in sorted({max(1, round(share * default)) for share in SHARES}):
        runs = []
        for seed, (X_train, X_test, y_test) in splits.items():
            seconds, anomaly = fit(X_train, X_test, length, seed)
            runs.append((seconds, roc_auc_score(y_test, anomaly)))
        points.append(np.mean(runs, axis=0))
    return np.array(points)


def first_at(points, level):
    """Return the seconds of the shortest fit that comes close to a level."""
    reached = points[points[:, 1] >= level - CLOSE, 0]
    return f"{reached.min():.2f} s" if len(reached) else "never"


def main():
    parser = timing.parser(__doc__, threads=1)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tables", nargs="+", default=TABLES)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--figure", type=Path)
    args = timing.begin(parser)
    fits = {"skvae": skvae} if equal_networks.PyODVAE is None else {"skvae": skvae, "PyOD": pyod}
    figure, axes = plt.subplots(
        ncols=len(args.tables), figsize=(4 * len(args.tables), 3.4), layout="constrained"
    )
    for name, axis in zip(args.tables, np.atleast_1d(axes), strict=True):
        print(f"\n{name}: mean of seeds {args.seeds}")
        curves = {
            package: curve(fit, args.data / f"{name}.npz", args.seeds)
            for package, fit in fits.items()
        }
        for package, points in curves.items():
            line = "  ".join(f"{auroc:.3f} in {seconds:.2f} s" for seconds, auroc in points)
            print(f"  {package:6s} {line}")
            for peer, others in curves.items():
                close = first_at(points, others[-1, 1])
                print(f"         within {CLOSE} of the default {peer}'s AUROC after {close}")
            (drawn,) = axis.plot(*points.T, marker=".", label=f"{package} VAE")
            axis.plot(*points[-1], marker="o", markersize=9, mfc="none", color=drawn.get_color())
        axis.set(xscale="log", title=name, xlabel="seconds of fit")
    np.atleast_1d(axes)[0].set_ylabel("AUROC of rows not trained on")
    np.atleast_1d(axes)[0].legend()
    if args.figure:
        figure.savefig(args.figure, dpi=110)


if __name__ == "__main__":
    main()
