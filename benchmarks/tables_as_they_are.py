r"""Tables as they come, with words, gaps and columns of any scale, beside what users do today.

    python benchmarks/tables_as_they_are.py --data ../shared/data --results results.csv

words
    Tables with words, given to detectors as frames, beside one-hot or ordinal codes and
    standardised columns.
gaps
    Ten tables of numbers of which a fifth of the cells is missing, in training and test,
    beside the same with the mean of each column filled in, and beside complete rows.
scales
    Tables of numbers as their files have them, beside standardised ones.
network traffic
    All 41 columns of KDD Cup 1999 without preprocessing, by the protocols of kddcup99.py. It is
    run only with --file.

In *semi* a detector is trained on half of the normal rows, and tested on all others; in *unsup*
it scores the rows that it was trained on. What is in the file of results is not measured again.
"""

import warnings
from pathlib import Path

import kddcup99
import numpy as np
import pandas as pd
import tables
import timing
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import IsolationForest
from sklearn.impute import SimpleImputer
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from skvae import AEOutlierDetector, EnsembleOutlierDetector, VAEOutlierDetector
from skvae.metrics import (
    outlier_average_precision_score,
    outlier_f1_score,
    outlier_roc_auc_score,
)

SETTINGS = ["semi", "unsup"]
MISSING_SHARE = 0.2
WITH_GAPS = ["annthyroid", "cardio", "glass", "Ionosphere", "letter"]
WITH_GAPS += ["PageBlocks", "pendigits", "Pima", "vowels", "WBC"]


class Neighbours:
    """The distance to the fifth nearest training row, itself left out."""

    def fit(self, X):
        """Keep the rows."""
        self.X, self.index = X, NearestNeighbors(n_neighbors=5).fit(X)
        return self

    def score_samples(self, X):
        """Return one score a row, higher is more normal."""
        distances, _ = self.index.kneighbors(None if X is self.X else X)
        return -distances[:, -1]


def one_hot():
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_pipeline(
        make_column_transformer(
            (encoder, make_column_selector(dtype_exclude="number")), remainder="passthrough"
        ),
        StandardScaler(),
    )


def ordinal():
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return make_column_transformer(
        (encoder, make_column_selector(dtype_exclude="number")), remainder="passthrough"
    )


def scores(detector, X_train, X_test, preprocessor=None):
    if preprocessor is not None:
        known = preprocessor.fit_transform(X_train)
        X_test = known if X_test is X_train else preprocessor.transform(X_test)
        X_train = known
    return detector.fit(X_train).score_samples(X_test)


def split(X, y, setting, seed):
    random = np.random.RandomState(seed)
    X, y = tables.capped(X, y, random)
    if setting == "unsup":
        return X, X, y
    normal = random.permutation(np.flatnonzero(y == 1))
    train, rest = np.split(normal, [len(normal) // 2])
    test = np.r_[rest, np.flatnonzero(y == -1)]
    take = X.iloc if isinstance(X, pd.DataFrame) else X
    return take[train], take[test], y[test]


def word_tables(folder):
    for path in sorted((folder / "mixed").glob("*.csv")):
        frame = pd.read_csv(path, keep_default_na=False)
        yield path.stem, frame, 1 - 2 * frame.pop("outlier").to_numpy()


def number_tables(folder):
    for path in tables.adbench_paths(folder / "adbench"):
        yield path.stem, *tables.adbench_table(path)
    for path in sorted((folder / "keel").glob("*.npz")):
        yield path.stem, *tables.adbench_table(path)


def word_jobs(seed, X_train, X_test):
    vae = VAEOutlierDetector(random_state=seed)
    forest = IsolationForest(random_state=seed)
    yield "VAE", lambda: scores(vae, X_train, X_test)
    yield "AE", lambda: scores(AEOutlierDetector(random_state=seed), X_train, X_test)
    yield "ensemble", lambda: scores(EnsembleOutlierDetector(random_state=seed), X_train, X_test)
    yield "one-hot, VAE", lambda: scores(vae, X_train, X_test, one_hot())
    yield "one-hot, 5-NN", lambda: scores(Neighbours(), X_train, X_test, one_hot())
    yield "one-hot, IsolationForest", lambda: scores(forest, X_train, X_test, one_hot())
    yield "ordinal, IsolationForest", lambda: scores(forest, X_train, X_test, ordinal())


def gap_jobs(seed, X_train, X_test):
    random = np.random.RandomState(seed)
    holes = np.where(random.rand(*X_train.shape) < MISSING_SHARE, np.nan, X_train)
    tested = holes
    if X_test is not X_train:
        tested = np.where(random.rand(*X_test.shape) < MISSING_SHARE, np.nan, X_test)
    for name, detector in {
        "VAE": VAEOutlierDetector(random_state=seed),
        "AE": AEOutlierDetector(random_state=seed),
    }.items():
        yield f"{name}, complete", lambda d=detector: scores(d, X_train, X_test)
        yield f"{name}, gaps", lambda d=detector: scores(d, holes, tested)
        yield (
            f"{name}, means",
            lambda d=detector: scores(d, holes, tested, SimpleImputer(keep_empty_features=True)),
        )


def scale_jobs(seed, X_train, X_test):
    vae = VAEOutlierDetector(random_state=seed)
    yield "VAE", lambda: scores(vae, X_train, X_test)
    yield "standardised, VAE", lambda: scores(vae, X_train, X_test, StandardScaler())


def has_gaps_made(name):
    return name.partition("_")[2] in WITH_GAPS


PARTS = {
    "words": (word_tables, word_jobs),
    "gaps": (lambda folder: (t for t in number_tables(folder) if has_gaps_made(t[0])), gap_jobs),
    "scales": (number_tables, scale_jobs),
}
INDEX = ["part", "setting", "table", "seed"]


def measure(args):
    known = pd.read_csv(args.results) if args.results.exists() else pd.DataFrame()
    done = set(known[[*INDEX, "method"]].itertuples(index=False)) if len(known) else set()
    for seed in args.seeds:
        for part in args.parts:
            make_tables, make_jobs = PARTS[part]
            for name, X, y in make_tables(args.data):
                for setting in args.settings:
                    X_train, X_test, y_test = split(X, y, setting, seed)
                    for method, job in make_jobs(seed, X_train, X_test):
                        index = (part, setting, name, seed)
                        wanted = not args.methods or method in args.methods
                        if (*index, method) in done or not wanted:
                            continue
                        with warnings.catch_warnings():
                            warnings.simplefilter("ignore")
                            found, seconds = timing.timed(job)
                        record = dict(zip(INDEX, index, strict=True)) | {
                            "method": method,
                            "AUROC": 100 * outlier_roc_auc_score(y_test, found),
                            "AP": 100 * outlier_average_precision_score(y_test, found),
                            "seconds": seconds,
                        }
                        print(*(record.values()), flush=True)
                        header = not args.results.exists()
                        frame = pd.DataFrame([record]).round(3)
                        frame.to_csv(args.results, mode="a", header=header, index=False)


def traffic(file, seeds):
    data = kddcup99.fetch(file)
    X, y = data.data, data.target.to_numpy()
    normal, attacks = np.flatnonzero(y == 1), np.flatnonzero(y == -1)
    n_train = int(0.8 * len(normal))
    train, rest = X.iloc[normal[:n_train]], normal[n_train:]
    for seed in seeds:
        detector = VAEOutlierDetector(contamination=0.01, random_state=seed).fit(train)
        for protocol, drawn in {
            "all columns": attacks,
            "all columns, random": np.random.RandomState(seed).permutation(attacks),
        }.items():
            test = np.r_[rest, drawn[: len(rest)]]
            found = detector.score_samples(X.iloc[test])
            answers = np.where(found < detector.offset_, -1, 1)
            f1, area = outlier_f1_score(y[test], answers), outlier_roc_auc_score(y[test], found)
            print(f"{protocol}, seed {seed}: F1 {f1:.3f}, AUROC {area:.3f}", flush=True)


def main():
    parser = timing.parser(__doc__, threads=1, seeds=[0, 1])
    parser.add_argument("--data", type=Path, required=True, help="a folder of folders of tables")
    parser.add_argument("--results", type=Path, required=True, help="a .csv file")
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=SETTINGS)
    parser.add_argument("--methods", nargs="+", help="by default all")
    parser.add_argument("--file", type=Path, help="a copy of KDD Cup 1999's 10 %% file")
    args = timing.begin(parser)
    measure(args)
    results = pd.read_csv(args.results)
    means = results.groupby(["part", "setting", "method"], sort=False)[["AUROC", "AP", "seconds"]]
    table = means.mean().round(2)
    table.to_csv(args.results.with_name(f"{args.results.stem}_summary.csv"))
    print(table.to_string())
    if args.file is not None:
        traffic(args.file, args.seeds)


if __name__ == "__main__":
    main()
