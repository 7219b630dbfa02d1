r"""Detection quality at the defaults, on many labelled tables, beside peers.

Two settings, never to be mixed::

    semi    train on half of the normal rows, test on the other half and all outliers
    unsup   train and test on the same rows, outliers among them, labels unseen

Rows are standardised on the training rows. Tables of more than 10,000 rows are drawn from,
with their share of outliers kept, or 30 of them. A folder holds ADBench's tables as .npz
files with X and y, where 1 is an outlier; scikit-learn bundles small tables of classes, of
which one is normal. Other tasks stand beside the tables, in the first setting: card fraud,
by time, and KDD Cup 1999, as in kddcup99.py. What is measured is added to a file of results,
and what is in the file is not measured again: begin a new file when a default has changed::

    python benchmarks/quality.py --adbench ../shared/data/adbench --results doc/quality/adbench.csv
    python benchmarks/quality.py --adbench ../shared/data/adbench --seeds 0 \
        --ablation VAEOutlierDetector AEOutlierDetector --results doc/quality/ablation.csv
    python benchmarks/quality.py --adbench ../shared/data/adbench --seeds 0 \
        --ablation AEGMMDetector --results doc/quality/mixtures.csv
    python benchmarks/quality.py --bundled --results doc/quality/bundled.csv
    python benchmarks/quality.py --creditcard ../shared/data/creditcard_day1.npz \
        --kddcup99 ../shared/data/kddcup.data_10_percent.gz --results doc/quality/tasks.csv
    python benchmarks/quality.py --results doc/quality/adbench.csv --tables \
        --figure doc/images/ranks.png
"""

import time
import warnings
from functools import partial
from pathlib import Path

import kddcup99
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import peers
import timing
from scipy import stats
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from skvae import MLP

MAX_ROWS = 10_000
NOON = 12 * 60 * 60

# The loader, the normal class, and the number of outliers.
BUNDLED = {
    "breast cancer, 10 outliers": (load_breast_cancer, 1, 10),
    "breast cancer, all outliers": (load_breast_cancer, 1, 212),
    "wine": (load_wine, 1, 10),
} | {f"digits, {digit} is normal": (load_digits, digit, 20) for digit in range(10)}

# One default changed at a time.
ABLATION = {
    "VAEOutlierDetector": [
        {"score_type": "reconstruction"},
        {"score_type": "reconstruction_probability"},
        {"likelihood": "gaussian"},
        {"sigma": 1.0},
        {"beta": 1.0},
        {"beta": 0.01},
        {"batch_size": 64},
        {"batch_size": 256},
        {"max_steps": 1000},
        {"max_steps": 4000},
        {"lr": 1e-3},
        {"lr": 4e-3},
        {"latent_dim": 2},
        {"latent_dim": 8},
        {"architecture": MLP(hidden_layer_sizes=(64, 32))},
        {"architecture": MLP(hidden_layer_sizes=(256, 256))},
        {"architecture": MLP(activation="relu")},
        {"architecture": MLP(dropout=0.1)},
        {"weight_decay": 0.1},
        {"top_features": 0.5},
        {"support_fraction": 0.95},
        {"early_stopping": True},
    ],
    "AEOutlierDetector": [
        {"latent_dim": 8},
        {"architecture": MLP(hidden_layer_sizes=(64, 32))},
        {"lr": 3e-3},
        {"batch_size": 64},
        {"max_steps": 1000},
        {"support_fraction": 0.95},
        {"early_stopping": True},
    ],
    "AEGMMDetector": [
        {"energy_weight": 0.0, "covariance_weight": 0.0},
        {"reg_covar": 1e-6},
        {"n_components": 1},
        {"latent_dim": 1},
        {"reconstruction_features": ()},
        # Not trained: no step moves a weight.
        {"max_epochs": 1, "lr": 1e-12},
    ],
}


def split(X, y, setting, seed):
    """Return training rows, rows to score (None: the same), and which of these are outliers."""
    rng = np.random.RandomState(seed)
    if len(X) > MAX_ROWS:
        normal, outliers = np.flatnonzero(y == 0), np.flatnonzero(y == 1)
        n_outliers = max(round(MAX_ROWS * y.mean()), min(len(outliers), 30))
        normal = rng.choice(normal, MAX_ROWS - n_outliers, replace=False)
        rows = np.r_[normal, rng.choice(outliers, n_outliers, replace=False)]
        rng.shuffle(rows)
        X, y = X[rows], y[rows]
    if setting == "unsup":
        return StandardScaler().fit_transform(X), None, y
    normal = np.flatnonzero(y == 0)
    rng.shuffle(normal)
    train, rest = np.split(normal, [len(normal) // 2])
    test = np.r_[rest, np.flatnonzero(y == 1)]
    return standardised(X[train], X[test], y[test])


def adbench_table(path, setting, seed):
    with np.load(path) as data:
        return split(data["X"].astype(float), data["y"].astype(int), setting, seed)


def bundled_table(load, normal, n_outliers, setting, seed):
    """Take one class of a table of scikit-learn's for normal, and a few other rows."""
    X, labels = load(return_X_y=True)
    rows = np.flatnonzero(labels == normal)
    others = np.flatnonzero(labels != normal)
    others = np.random.RandomState(seed).choice(others, n_outliers, replace=False)
    rows = np.sort(np.r_[rows, others])
    return split(X[rows], (labels[rows] != normal).astype(int), setting, seed)


def standardised(X_train, X_test, y_test):
    scaler = StandardScaler().fit(X_train)
    return scaler.transform(X_train), scaler.transform(X_test), y_test


def card_fraud(path):
    """Train on the honest payments before noon; test on all after it."""
    with np.load(path) as data:
        X, y, before = data["X"], data["y"], data["time"] < NOON
    return standardised(X[before & (y == 0)], X[~before], y[~before])


def intrusions(data, unique, seed):
    X_train, _, X_test, y_test = kddcup99.traffic(data, unique, seed)
    return standardised(X_train, X_test, (y_test == -1).astype(int))


def tasks(args):
    """Return setting, name and a function from a seed to rows, of each task asked for."""
    for setting in ("semi", "unsup"):
        if args.adbench:
            paths = args.adbench.glob("*.npz")
            for path in sorted(paths, key=lambda path: int(path.stem.split("_")[0])):
                yield setting, path.stem, partial(adbench_table, path, setting)
        if args.bundled:
            for name, table in BUNDLED.items():
                yield setting, name, partial(bundled_table, *table, setting)
    if args.creditcard:
        yield "semi", "card fraud", lambda seed: card_fraud(args.creditcard)
    if args.kddcup99:
        data = kddcup99.fetch(args.kddcup99)
        yield "semi", "KDD Cup 1999", partial(intrusions, data, False)
        yield "semi", "KDD Cup 1999, unique", partial(intrusions, data, True)


def chosen_detectors(args):
    """Return functions that score rows, by name."""
    functions = peers.DETECTORS
    if args.ablation:
        functions = {}
        for name in args.ablation:
            detect = peers.DETECTORS[name]
            functions[f"{name}()"] = detect
            for changed in ABLATION[name]:
                label = ", ".join(f"{key}={value!r}" for key, value in changed.items())
                functions[f"{name}({label})"] = partial(detect, **changed)
    return {name: functions[name] for name in args.detectors or functions}


def measure(args):
    """Add to the file of results what is not in it."""
    args.results.parent.mkdir(parents=True, exist_ok=True)
    index = ["setting", "task", "seed", "detector"]
    known = set()
    if args.results.exists():
        known = set(pd.read_csv(args.results).set_index(index).index)
    jobs = [
        (label, detect, setting, name, seed, rows)
        for setting, name, rows in tasks(args)
        for seed in args.seeds
        for label, detect in chosen_detectors(args).items()
        if (setting, name, seed, label) not in known
    ]
    if args.ablation:
        # One variant after the other, so that what is there after a while is complete.
        order = list(chosen_detectors(args))
        jobs.sort(key=lambda job: order.index(job[0]))
    for label, detect, setting, name, seed, rows in jobs:
        X_train, X, y = rows(seed)
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            anomaly = detect(X_train, X, seed)
        seconds = time.perf_counter() - start
        record = {
            "setting": setting,
            "task": name,
            "seed": seed,
            "detector": label,
            "AUROC": round(roc_auc_score(y, anomaly), 5),
            "AP": round(average_precision_score(y, anomaly), 5),
            "seconds": round(seconds, 3),
        }
        print(*record.values(), flush=True)
        pd.DataFrame([record]).to_csv(
            args.results, mode="a", header=not args.results.exists(), index=False
        )


def complete(results):
    """Leave out the tables and seeds that some detector lacks, and say so."""
    cells = results.groupby(["setting", "task", "seed"])["detector"]
    has_all = cells.transform("nunique") == results["detector"].nunique()
    if not has_all.all():
        lacking = results[~has_all].groupby(["setting", "task", "seed"]).ngroups
        print(f"left out {lacking} splits that not all detectors have")
    return results[has_all]


def summary(results):
    """Return means over tables and seeds by detector: quality in per cent, ranks, seconds."""
    columns = {}
    for setting, chosen in results.groupby("setting"):
        by_seed = chosen.groupby(["detector", "seed"])[["AUROC", "AP"]].mean() * 100
        means = by_seed.groupby("detector").mean()
        columns[f"{setting} AUROC"] = means["AUROC"]
        columns[f"{setting} sd"] = by_seed["AUROC"].groupby("detector").std()
        columns[f"{setting} AP"] = means["AP"]
        columns[f"{setting} rank"] = mean_ranks(chosen)
    seconds = results.groupby(["detector", "seed"])["seconds"].sum()
    columns["seconds"] = seconds.groupby("detector").mean()
    means = pd.DataFrame(columns).sort_values("semi AUROC", ascending=False)
    return means.dropna(axis=1, how="all")


def by_task(results):
    """Return the mean AUROC over seeds in per cent, a row for each table."""
    means = results.groupby(["task", "detector"], sort=False)["AUROC"].mean().unstack() * 100
    return means[means.mean().sort_values(ascending=False).index]


def mean_ranks(results):
    return by_task(results).rank(axis=1, ascending=False).mean()


def critical_difference(n_detectors, n_tables, alpha=0.05):
    """Return how far mean ranks must be apart by Nemenyi's test (Demsar 2006)."""
    q = stats.studentized_range.ppf(1 - alpha, n_detectors, np.inf) / np.sqrt(2)
    return q * np.sqrt(n_detectors * (n_detectors + 1) / (6 * n_tables))


def draw_ranks(results, path):
    """Draw mean ranks with bars; two detectors differ where their bars do not overlap."""
    titles = {"semi": "trained on normal rows", "unsup": "trained on contaminated rows"}
    settings = list(results.groupby("setting"))
    figure, axes = plt.subplots(
        ncols=len(settings), figsize=(4.75 * len(settings), 3.4), layout="constrained"
    )
    for axis, (setting, chosen) in zip(np.atleast_1d(axes), settings, strict=True):
        ranks = mean_ranks(chosen).sort_values(ascending=False)
        n_tables = chosen["task"].nunique()
        width = critical_difference(len(ranks), n_tables)
        colors = ["C1" if name.endswith("Detector") else "0.5" for name in ranks.index]
        axis.errorbar(ranks, range(len(ranks)), xerr=width / 2, fmt="none", ecolor=colors)
        axis.scatter(ranks, range(len(ranks)), color=colors)
        axis.set_yticks(range(len(ranks)), ranks.index)
        axis.set(title=titles[setting], xlabel=f"mean rank of the AUROC over {n_tables} tables")
    figure.savefig(path, dpi=110)


def main():
    parser = timing.parser(__doc__, threads=1)
    parser.add_argument("--results", type=Path, required=True, help="a .csv file")
    parser.add_argument("--adbench", type=Path, help="a folder of .npz files")
    parser.add_argument("--bundled", action="store_true", help="scikit-learn's own tables")
    parser.add_argument("--creditcard", type=Path, help="an .npz file with X, y and time")
    parser.add_argument("--kddcup99", type=Path, help="a copy of the 10 %% file")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--ablation", nargs="+", choices=ABLATION, help="vary their defaults")
    parser.add_argument("--detectors", nargs="+", help="names, by default all")
    parser.add_argument("--tables", action="store_true", help="write tables beside the results")
    parser.add_argument("--figure", type=Path, help="draw the ranks into this file")
    args = timing.begin(parser)
    with threadpool_limits(args.threads):
        measure(args)
    results = pd.read_csv(args.results)
    if args.detectors:
        results = results[results["detector"].isin(args.detectors)]
    results = complete(results)
    tables = {"summary": summary(results).round(2)}
    for setting, chosen in results.groupby("setting"):
        tables[setting] = by_task(chosen).round(1)
    for name, table in tables.items():
        print(f"\n{name}\n{table.to_string()}")
        if args.tables:
            table.to_csv(args.results.with_name(f"{args.results.stem}_{name}.csv"))
    if args.figure:
        draw_ranks(results, args.figure)


if __name__ == "__main__":
    main()
