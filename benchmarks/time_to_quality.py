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
import tables
import timing

from skvae import VAEOutlierDetector
from skvae.metrics import outlier_roc_auc_score

TABLES = ("28_pendigits", "30_satellite", "32_shuttle")
SHARES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
# A fit is as good as the default one when it comes as close as this.
CLOSE = 0.005


def split(path, seed):
    """Return a split of all rows, in which an odd row out is trained on."""
    X, y = tables.adbench_table(path)
    n_train = (np.count_nonzero(y == 1) + 1) // 2
    return tables.semi(X, y, np.random.RandomState(seed), n_train)


def skvae(X_train, X_test, share, seed):
    detector = VAEOutlierDetector(max_steps=max(1, round(2000 * share)), random_state=seed)
    seconds = timing.seconds(lambda: detector.fit(X_train))
    return seconds, detector.score_samples(X_test)


def pyod(X_train, X_test, share, seed):
    detector = equal_networks.PyODVAE(device="cpu", verbose=0, random_state=seed)
    detector.epoch_num = max(1, round(detector.epoch_num * share))
    seconds = timing.seconds(lambda: detector.fit(X_train))
    return seconds, -detector.decision_function(X_test)


FITS = {"skvae": skvae} if equal_networks.PyODVAE is None else {"skvae": skvae, "PyOD": pyod}


def curve(fit, splits):
    """Return the mean seconds and the mean AUROC over seeds, a row for each length."""
    seed, (X_train, X_test, _) = next(iter(splits.items()))
    fit(X_train[:500], X_test, 0, seed)
    points = []
    for share in SHARES:
        runs = []
        for seed, (X_train, X_test, y_test) in splits.items():
            seconds, scores = fit(X_train, X_test, share, seed)
            runs.append((seconds, outlier_roc_auc_score(y_test, scores)))
        points.append(np.mean(runs, axis=0))
    return np.array(points)


def first_at(points, level):
    """Return the seconds of the shortest fit that comes close to a level."""
    reached = points[points[:, 1] >= level - CLOSE, 0]
    return f"{reached.min():.2f} s" if len(reached) else "never"


def print_curves(curves):
    for package, points in curves.items():
        line = "  ".join(f"{auroc:.3f} in {seconds:.2f} s" for seconds, auroc in points)
        print(f"  {package:6s} {line}")
        for peer, others in curves.items():
            close = first_at(points, others[-1, 1])
            print(f"         within {CLOSE} of the default {peer}'s AUROC after {close}")


def draw_curves(axis, curves):
    for package, points in curves.items():
        (drawn,) = axis.plot(*points.T, marker=".", label=f"{package} VAE")
        axis.plot(*points[-1], marker="o", markersize=9, mfc="none", color=drawn.get_color())
    axis.set(xscale="log", xlabel="seconds of fit")


def main():
    parser = timing.parser(__doc__, threads=1, seeds=[0, 1])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tables", nargs="+", default=TABLES)
    parser.add_argument("--figure", type=Path)
    args = timing.begin(parser)
    figure, axes = plt.subplots(
        ncols=len(args.tables), figsize=(4 * len(args.tables), 3.4), layout="constrained"
    )
    axes = np.atleast_1d(axes)
    for name, axis in zip(args.tables, axes, strict=True):
        print(f"\n{name}: mean of seeds {args.seeds}")
        splits = {seed: split(args.data / f"{name}.npz", seed) for seed in args.seeds}
        curves = {package: curve(fit, splits) for package, fit in FITS.items()}
        print_curves(curves)
        draw_curves(axis, curves)
        axis.set_title(name)
    axes[0].set_ylabel("AUROC of rows not trained on")
    axes[0].legend()
    if args.figure:
        figure.savefig(args.figure, dpi=110)


if __name__ == "__main__":
    main()
