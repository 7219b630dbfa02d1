"""The labelled tables of quality.py, and the defaults that its ablation changes."""

from functools import partial

import kddcup99
import numpy as np
import peers
import tables
from sklearn.datasets import load_breast_cancer, load_digits, load_wine

from skvae import MLP

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
        {"masked_fraction": 0.0},
        {"masked_fraction": 0.2},
        {"masked_fraction": 0.5},
        {"n_partitions": 3},
        {"n_estimators": 5},
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


def adbench_split(path, setting, seed):
    return tables.split(*tables.adbench_table(path), setting, seed)


def bundled_split(load, normal, n_outliers, setting, seed):
    """Return a split of one class of a table, which is normal, and a few rows of the others."""
    X, labels = load(return_X_y=True)
    y = np.where(labels == normal, 1, -1)
    outliers = np.flatnonzero(y == -1)
    outliers = np.random.RandomState(seed).choice(outliers, n_outliers, replace=False)
    rows = np.sort(np.r_[np.flatnonzero(y == 1), outliers])
    return tables.split(X[rows], y[rows], setting, seed)


def card_fraud(path, seed):
    """Return the honest payments before noon, and all after it."""
    with np.load(path) as data:
        X, y, before = data["X"], np.where(data["y"] == 1, -1, 1), data["time"] < NOON
    return tables.standardised(X[before & (y == 1)], X[~before], y[~before])


def intrusions(data, unique, seed):
    X_train, _, X_test, y_test = kddcup99.traffic(data, unique, seed)
    return tables.standardised(X_train, X_test, y_test)


def tasks(args):
    """Return setting, name and a function from a seed to a split, of each task asked for."""
    for setting in ("semi", "unsup"):
        if args.adbench:
            for path in tables.adbench_paths(args.adbench):
                yield setting, path.stem, partial(adbench_split, path, setting)
        if args.bundled:
            for name, table in BUNDLED.items():
                yield setting, name, partial(bundled_split, *table, setting)
    if args.creditcard:
        yield "semi", "card fraud", partial(card_fraud, args.creditcard)
    if args.kddcup99:
        data = kddcup99.fetch(args.kddcup99)
        yield "semi", "KDD Cup 1999", partial(intrusions, data, False)
        yield "semi", "KDD Cup 1999, unique", partial(intrusions, data, True)


def ablation(names):
    """Return functions that score rows, by name: of each detector and its variants."""
    functions = {}
    for name in names:
        for changed in [{}, *ABLATION[name]]:
            label = ", ".join(f"{key}={value!r}" for key, value in changed.items())
            functions[f"{name}({label})"] = partial(peers.DETECTORS[name], **changed)
    return functions
