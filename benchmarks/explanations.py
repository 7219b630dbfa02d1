r"""How often the odd cell of a row is the one that is named, for cells that were made odd.

    python benchmarks/explanations.py --adbench ../shared/data/adbench --results results.csv

Half of the normal rows of ten tables are trained on. One cell of up to 100 others is set to 6
standard deviations, or to the more distant of the column's two extreme values. In *pairs* the two
columns with the largest correlation contradict each other in a row where both were usual: one is
at its upper decile, and the other where it would be if the first were at its lower one. Among the
rows of all tables that ``predict`` flags then, and not before, *first* is the share of those whose
planted cell is named first, and *among three* that of those whose planted cells are all among the
first three. They are named by
:func:`skvae.inspection.explain` with both methods, by the largest absolute z, and by shap's
``PermutationExplainer`` of the score, on 20 rows.
"""

import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import tables
import timing
from sklearn.ensemble import IsolationForest

from skvae import (
    AEGMMDetector,
    AEOutlierDetector,
    EnsembleOutlierDetector,
    SamplingOutlierDetector,
    VAEGMMDetector,
    VAEOutlierDetector,
)
from skvae.inspection import explain

TABLES = ["annthyroid", "cardio", "Cardiotocography", "glass", "letter"]
TABLES += ["PageBlocks", "pendigits", "thyroid", "vowels", "WBC"]
DETECTORS = {
    detector_class.__name__: detector_class
    for detector_class in (
        VAEOutlierDetector,
        AEOutlierDetector,
        AEGMMDetector,
        VAEGMMDetector,
        EnsembleOutlierDetector,
        SamplingOutlierDetector,
        IsolationForest,
    )
}
N_ROWS, N_SHAP = 100, 20
INDEX = ["table", "seed", "detector"]


def plant(X_train, X_new, random):
    """Yield the kind of the change, rows, the same changed, and the columns that were changed."""
    X = X_new[:N_ROWS]
    deviation = X_train.std(0)
    rows, varied = np.arange(len(X)), np.flatnonzero(deviation > 0)
    columns = random.choice(varied, len(X))
    far = X_train.mean(0) + random.choice([-6, 6], (len(X), 1)) * deviation
    low, high = X_train.min(0), X_train.max(0)
    extreme = np.where(np.abs(low - X) > np.abs(high - X), low, high)
    for kind, values in {"6 sd": far, "extreme": extreme}.items():
        changed = X.copy()
        changed[rows, columns] = values[rows, columns]
        yield kind, X, changed, columns[:, None]
    correlation = np.corrcoef(X_train[:, varied].T) - np.eye(len(varied))
    pair = list(np.unravel_index(np.abs(correlation).argmax(), correlation.shape))
    agree = correlation[tuple(pair)] > 0
    usual = np.abs((X_new - X_train.mean(0))[:, varied[pair]] / deviation[varied[pair]]).sum(1)
    X = X_new[np.argsort(usual, kind="stable")[:N_ROWS]]
    one = random.choice([0.9, 0.1], len(X))
    levels = np.column_stack([one, 1 - one if agree else one])
    changed = X.copy()
    for j, level in zip(varied[pair], levels.T, strict=True):
        changed[:, j] = np.quantile(X_train[:, j], level)
    yield "pairs", X, changed, np.tile(varied[pair], (len(X), 1))


def by_explain(detector, X_train, X, method):
    found = explain(detector, X, top=3, method=method, reference=X_train)
    named = np.full((len(X), 3), -1)
    rank = found.groupby("row").cumcount()
    named[found["row"], rank] = found["column"].str[1:].astype(int)
    return named


def by_z(detector, X_train, X):
    deviation = X_train.std(0)
    z = np.abs(X - X_train.mean(0)) / np.where(deviation > 0, deviation, 1)
    return np.argsort(-z, axis=1)[:, :3]


def by_shap(detector, X_train, X):
    import shap

    background = shap.maskers.Independent(X_train, max_samples=20)
    explainer = shap.PermutationExplainer(detector.score_samples, background, seed=0)
    values = explainer(X[:N_SHAP], max_evals=2 * X.shape[1] + 1, silent=True).values
    return np.argsort(values, axis=1)[:, :3]


METHODS = {
    "replacement": lambda *rows: by_explain(*rows, "replacement"),
    "reconstruction": lambda *rows: by_explain(*rows, "reconstruction"),
    "largest z": by_z,
    "shap": by_shap,
}


METHOD_NAMES = {"replacement": "explain", "reconstruction": "feature_scores"}
KINDS = ["6 sd", "extreme", "pairs"]


def records(detector, X_train, X_new, seed, methods):
    for kind, X, changed, columns in plant(X_train, X_new, np.random.RandomState(seed)):
        # Rows that were flagged before are odd for another reason.
        flagged = (detector.predict(changed) == -1) & (detector.predict(X) == 1)
        rows, planted = changed[flagged], columns[flagged]
        for method in methods if len(rows) else ():
            if method == "reconstruction" and not hasattr(detector, "feature_scores"):
                continue
            named, seconds = timing.timed(partial(METHODS[method], detector, X_train, rows))
            wanted = planted[: len(named)]
            yield {
                "kind": kind,
                "method": method,
                "n_flagged": len(wanted),
                "first": (named[:, :1] == wanted).any(1).mean(),
                "among three": (wanted[:, :, None] == named[:, None]).any(2).all(1).mean(),
                "seconds": seconds,
            }


def percentages(summary):
    """Return one line a detector, in per cent: how often the first cell, or the pair, is named."""
    share = summary["first"].where(summary.index.get_level_values("kind") != "pairs")
    share = (100 * share.fillna(summary["among three"])).round().astype("Int64")
    wide = share.unstack(["method", "kind"], sort=False)
    wide.columns = [f"{kind}, {METHOD_NAMES.get(method, method)}" for method, kind in wide.columns]
    order = [f"{kind}, {METHOD_NAMES.get(each, each)}" for each in METHODS for kind in KINDS]
    return wide.reindex(columns=order)


def time_of_explain():
    X = np.random.RandomState(0).normal(size=(2000, 30)) @ np.random.RandomState(1).normal(
        size=(30, 30)
    )
    for name, detector_class in DETECTORS.items():
        detector = detector_class(random_state=0).fit(X[:1000])
        _, seconds = timing.timed(partial(by_explain, detector, X[:1000], X[1000:], "replacement"))
        print(f"{name}: {seconds:.2f} s for 1,000 rows of 30 columns", flush=True)


def main():
    parser = timing.parser(__doc__, threads=1, seeds=[0])
    parser.add_argument("--adbench", type=Path, required=True, help="a folder of .npz files")
    parser.add_argument("--results", type=Path, required=True, help="a .csv file")
    parser.add_argument("--detectors", nargs="+", choices=DETECTORS, default=list(DETECTORS))
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    args = timing.begin(parser)
    found = []
    paths = {path.stem.partition("_")[2]: path for path in tables.adbench_paths(args.adbench)}
    for table in TABLES:
        X, y = tables.adbench_table(paths[table])
        for seed in args.seeds:
            random = np.random.RandomState(seed)
            rows, labels = tables.capped(X, y, random)
            normal = random.permutation(rows[labels == 1])
            X_train, X_new = np.split(normal, [len(normal) // 2])
            for name in args.detectors:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    detector = DETECTORS[name](random_state=seed).fit(X_train)
                    new = list(records(detector, X_train, X_new, seed, args.methods))
                found += [dict(zip(INDEX, (table, seed, name), strict=True)) | each for each in new]
                for each in new:
                    print(table, name, *each.values(), flush=True)
    results = pd.DataFrame(found).round(4)
    results.to_csv(args.results, index=False)
    values = ["first", "among three"]
    results[values] = results[values].mul(results["n_flagged"], axis=0)
    groups = results.groupby(["detector", "kind", "method"], sort=False)
    summary = groups[["n_flagged", *values]].sum()
    summary[values] = summary[values].div(summary["n_flagged"], axis=0).round(3)
    summary.to_csv(args.results.with_name(f"{args.results.stem}_summary.csv"))
    percentages(summary).to_csv(args.results.with_name(f"{args.results.stem}_table.csv"))
    print(summary.to_string())
    time_of_explain()


if __name__ == "__main__":
    main()
