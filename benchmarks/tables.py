"""Splits of labelled tables, and means with standard deviations.

Labels are the package's everywhere: +1 for normal rows, -1 for outliers. A split is rows to
train on, rows to score (None: the same), and the labels of these. Standard deviations are
those of a sample, with ddof=1.
"""

import numpy as np
from sklearn.preprocessing import StandardScaler

MAX_ROWS = 10_000
MIN_OUTLIERS = 30


def adbench_paths(folder):
    return sorted(folder.glob("*.npz"), key=lambda path: int(path.stem.split("_")[0]))


def adbench_table(path):
    """Return the rows and labels of one of ADBench's files, where 1 is an outlier."""
    with np.load(path) as data:
        return data["X"].astype(float), 1 - 2 * data["y"].astype(int)


def standardised(X_train, X_test, y_test):
    scaler = StandardScaler().fit(X_train)
    return scaler.transform(X_train), scaler.transform(X_test), y_test


def capped(X, y, rng, max_rows=MAX_ROWS):
    """Return so many rows of a longer table, with its share of outliers, or 30 of them."""
    if len(X) <= max_rows:
        return X, y
    normal, outliers = np.flatnonzero(y == 1), np.flatnonzero(y == -1)
    n_outliers = max(round(max_rows * np.mean(y == -1)), min(len(outliers), MIN_OUTLIERS))
    normal = rng.choice(normal, max_rows - n_outliers, replace=False)
    rows = np.r_[normal, rng.choice(outliers, n_outliers, replace=False)]
    rng.shuffle(rows)
    return X[rows], y[rows]


def semi(X, y, rng, n_train=None):
    """Return some normal rows, by default half, and the other normal rows with all outliers."""
    normal = rng.permutation(np.flatnonzero(y == 1))
    train, rest = np.split(normal, [n_train or len(normal) // 2])
    test = np.r_[rest, np.flatnonzero(y == -1)]
    return standardised(X[train], X[test], y[test])


def split(X, y, setting, seed):
    rng = np.random.RandomState(seed)
    X, y = capped(X, y, rng)
    if setting == "semi":
        return semi(X, y, rng)
    return StandardScaler().fit_transform(X), None, y


def means(results, by):
    """Return the mean and the standard deviation of the rows of each group."""
    groups = results.groupby(by, sort=False)
    return groups.mean(), groups.std(ddof=1)


def mean_cells(results, by):
    """Return the same as text, the deviation in brackets where a group has several rows."""
    mean, deviation = means(results, by)
    brackets = deviation.map(lambda value: "" if np.isnan(value) else f" ({value:.3f})")
    return mean.map("{:.3f}".format) + brackets
