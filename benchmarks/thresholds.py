r"""Whether answers hold on new rows: shares of them flagged, and p-values.

    python benchmarks/thresholds.py --adbench ../shared/data/adbench \
        --results doc/quality/thresholds.csv --seeds 0 1

Of each table so many normal rows are trained on, half of them if there are fewer, and up to 3,000
other normal rows and 3,000 outliers are new. In *contaminated* so many rows of the table are
trained on, outliers among them with their share known, and judged are the answers about the same
rows. Rows are standardised on the training rows. Detectors without held-out scores use their own
thresholds. The experts of the ensemble are judged with it, so that nothing is fitted twice. What
is in the file of results is not measured again.
"""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import tables
import timing
from scipy.stats import kstest
from sklearn.ensemble import IsolationForest
from sklearn.metrics import balanced_accuracy_score
from sklearn.neighbors import LocalOutlierFactor
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from skvae import AEGMMDetector, EnsembleOutlierDetector, VAEGMMDetector
from skvae.metrics import (
    outlier_average_precision_score,
    outlier_f1_score,
    outlier_roc_auc_score,
)

try:
    from pyod.models.vae import VAE
except ModuleNotFoundError as error:
    if error.name != "pyod":
        raise
    VAE = None

NOMINAL = 0.05
MAX_NEW = 3000


def ensemble(share, seed):
    return EnsembleOutlierDetector(contamination=share, random_state=seed)


def aegmm(share, seed):
    return AEGMMDetector(contamination=share, random_state=seed)


def vaegmm(share, seed):
    return VAEGMMDetector(contamination=share, random_state=seed)


def forest(share, seed):
    return IsolationForest(contamination=share, random_state=seed)


def local_outlier_factor(share, seed):
    return LocalOutlierFactor(contamination=share, novelty=True)


def one_class_svm(share, seed):
    return OneClassSVM(nu=share)


SKVAE = {
    "EnsembleOutlierDetector": ensemble,
    "AEGMMDetector": aegmm,
    "VAEGMMDetector": vaegmm,
}
DETECTORS = SKVAE | {
    "IsolationForest": forest,
    "LocalOutlierFactor": local_outlier_factor,
    "OneClassSVM": one_class_svm,
}

if VAE is not None:

    class PyODVAE(VAE):
        """PyOD's detector with the signs of scikit-learn."""

        def predict(self, X):
            """Return -1 for outliers, +1 for normal rows."""
            return 1 - 2 * super().predict(X)

        def score_samples(self, X):
            """Return one score a row, higher is more normal."""
            return -self.decision_function(X)

    DETECTORS["PyOD VAE"] = lambda share, seed: PyODVAE(
        contamination=share, device="cpu", verbose=0, random_state=seed
    )


def scaled(X_train, *others):
    scaler = StandardScaler().fit(X_train)
    return [scaler.transform(rows) for rows in (X_train, *others)]


def clean_split(X, y, n_rows, seed):
    """Return training rows, all normal, and new normal rows and outliers with their labels."""
    random = np.random.RandomState(seed)
    normal, outliers = (random.permutation(np.flatnonzero(y == label)) for label in (1, -1))
    n_rows = min(n_rows, len(normal) // 2)
    new = np.r_[normal[n_rows:][:MAX_NEW], outliers[:MAX_NEW]]
    return *scaled(X[normal[:n_rows]], X[new]), y[new]


def contaminated_split(X, y, n_rows, seed):
    rows = tables.capped(X, y, np.random.RandomState(seed), n_rows)
    return scaled(rows[0])[0], rows[1]


def flagged(detector, X_new, y_new):
    """Return the share of new normal rows that are flagged, and the balanced accuracy."""
    answers = detector.predict(X_new)
    return np.mean(answers[y_new == 1] == -1), balanced_accuracy_score(y_new, answers)


def answers(detector, X_train, X_new, y_new):
    """Return what a fitted detector says about new rows."""
    scores = detector.score_samples(X_new)
    record = {
        "AUROC": outlier_roc_auc_score(y_new, scores),
        "AP": outlier_average_precision_score(y_new, scores),
    }
    if not hasattr(detector, "held_out_scores_"):
        record["flagged"], _ = flagged(detector, X_new, y_new)
        return record
    automatic, record["balanced accuracy"] = flagged(detector, X_new, y_new)
    record["flagged by auto"] = automatic
    detector.calibrate(X_train, contamination=NOMINAL)
    record["flagged by training"], _ = flagged(detector, X_new, y_new)
    detector.calibrate(false_positive_rate=NOMINAL)
    record["flagged"], _ = flagged(detector, X_new, y_new)
    p_values = detector.p_values(X_new[y_new == 1])
    return record | {"KS": kstest(p_values, "uniform").statistic}


def clean_records(name, build, split, seed):
    X_train, X_new, y_new = split
    share = "auto" if name in SKVAE else NOMINAL
    detector, seconds = timing.timed(lambda: build(share, seed).fit(X_train))
    yield name, {**answers(detector, X_train, X_new, y_new), "seconds": seconds}
    for expert_name, expert in getattr(detector, "named_estimators_", {}).items():
        yield f"{name}: {expert_name}", answers(expert, X_train, X_new, y_new)
    if name == "IsolationForest":
        automatic = build("auto", seed).fit(X_train)
        share, accuracy = flagged(automatic, X_new, y_new)
        yield name + " auto", {"flagged by auto": share, "balanced accuracy": accuracy}


def contaminated_records(name, build, split, seed):
    X, y = split
    share = min(np.mean(y == -1), 0.5)
    detector, seconds = timing.timed(lambda: build(share, seed).fit(X))
    yield name, {"F1": outlier_f1_score(y, detector.predict(X)), "seconds": seconds}
    for expert_name, expert in getattr(detector, "named_estimators_", {}).items():
        labels = expert.calibrate(X, contamination=share).predict(X)
        yield f"{name}: {expert_name}", {"F1": outlier_f1_score(y, labels)}


SETTINGS = {
    "clean": (clean_split, clean_records),
    "contaminated": (contaminated_split, contaminated_records),
}
INDEX = ["setting", "task", "rows", "seed"]


def measure(args):
    known = pd.read_csv(args.results) if args.results.exists() else pd.DataFrame(columns=INDEX)
    done = set(known[[*INDEX, "detector"]].itertuples(index=False)) if len(known) else set()
    jobs = [
        (setting, path, n_rows, seed, name)
        for seed in args.seeds
        for n_rows in args.rows
        for path in tables.adbench_paths(args.adbench)
        for setting in args.settings
        for name in args.detectors
    ]
    for setting, path, n_rows, seed, name in jobs:
        index = (setting, path.stem, n_rows, seed)
        if (*index, name) in done:
            continue
        make_split, records = SETTINGS[setting]
        X, y = tables.adbench_table(path)
        if n_rows > min(args.rows) and np.count_nonzero(y == 1) < 2 * n_rows:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            split = make_split(X, y, n_rows, seed)
            found = [
                dict(zip(INDEX, index, strict=True)) | {"detector": detector} | record
                for detector, record in records(name, DETECTORS[name], split, seed)
            ]
        print(*index, name, *(round(found[0].get(key, 0), 3) for key in COLUMNS), flush=True)
        frame = pd.DataFrame(found).reindex(columns=[*INDEX, "detector", *COLUMNS])
        header = not args.results.exists()
        frame.round(5).to_csv(args.results, mode="a", header=header, index=False)


COLUMNS = ["flagged", "flagged by training", "flagged by auto", "balanced accuracy", "KS"]
COLUMNS += ["AUROC", "AP", "F1", "seconds"]


def summary(results):
    """Return one line for each detector and number of training rows, in per cent."""

    def of_group(group):
        flagged, automatic = 100 * group["flagged"].dropna(), 100 * group["flagged by auto"]
        return pd.Series(
            {
                "flagged": flagged.median(),
                "2.5 to 10": 100 * flagged.between(2.5, 10).mean() if len(flagged) else np.nan,
                "worst": flagged.max(),
                "auto": automatic.median(),
                "auto, worst": automatic.max(),
                "balanced accuracy": 100 * group["balanced accuracy"].mean(),
                "KS": group["KS"].median(),
                "training": 100 * group["flagged by training"].median(),
                "AUROC": 100 * group["AUROC"].mean(),
                "F1": 100 * group["F1"].mean(),
            }
        )

    return results.groupby(["rows", "detector"]).apply(of_group, include_groups=False).round(3)


def main():
    parser = timing.parser(__doc__, threads=1, seeds=[0, 1], rows=[300, 1000, 3000])
    parser.add_argument("--results", type=Path, required=True, help="a .csv file")
    parser.add_argument("--adbench", type=Path, required=True, help="a folder of .npz files")
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--detectors", nargs="+", choices=DETECTORS, default=list(DETECTORS))
    args = timing.begin(parser)
    args.results.parent.mkdir(parents=True, exist_ok=True)
    measure(args)
    table = summary(pd.read_csv(args.results))
    table.to_csv(args.results.with_name(f"{args.results.stem}_summary.csv"))
    print(table.to_string())


if __name__ == "__main__":
    main()
