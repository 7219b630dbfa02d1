r"""What each expert of the ensemble is worth, and the formula that joins them, on many tables.

    python benchmarks/experts.py --tables ../shared/data/adbench ../shared/data/keel \
        --results doc/quality/experts.csv --seeds 0 1 --peers ../shared/bench/peers_dev.csv

Splits are those of quality.py. The experts are fitted once for each split, and every variant is
a choice among their standardised scores: each alone, all but one, and their mean instead of the
lowest. What is in the file of results is not measured again. Differences to the VAE are paired
by table, after the mean over seeds, with the standard error of their mean over tables. Other
detectors, measured on the same splits, stand beside if --peers names a file of theirs.
"""

import warnings
from pathlib import Path

import pandas as pd
import tables
import timing

from skvae import EnsembleOutlierDetector
from skvae.metrics import outlier_average_precision_score, outlier_roc_auc_score

REFERENCE = "vae"
SMALL_TABLE = 500


def variants(scores):
    """Return the scores of rows by name, from a frame with a column for each expert."""
    every = {name: scores[name] for name in scores}
    every["ensemble"] = scores.min(axis=1)
    every["combine='mean'"] = scores.mean(axis=1)
    return every | {f"without {name}": scores.drop(columns=name).min(axis=1) for name in scores}


def records(path, setting, seed):
    X_train, X, y = tables.split(*tables.adbench_table(path), setting, seed)
    detector = EnsembleOutlierDetector(random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, seconds = timing.timed(lambda: detector.fit(X_train))
    scores = detector.expert_scores(X_train if X is None else X)
    frame = pd.DataFrame(scores, columns=list(detector.named_estimators_))
    for name, values in variants(frame).items():
        yield {
            "setting": setting,
            "task": path.stem,
            "seed": seed,
            "detector": name,
            "AUROC": round(outlier_roc_auc_score(y, values), 5),
            "AP": round(outlier_average_precision_score(y, values), 5),
            "rows": len(X_train),
            "seconds": round(seconds, 1),
        }


def measure(args):
    known = pd.read_csv(args.results) if args.results.exists() else pd.DataFrame()
    done = set(known[["setting", "task", "seed"]].itertuples(index=False)) if len(known) else ()
    for seed in args.seeds:
        for folder in args.tables:
            for path in sorted(folder.glob("*.npz")):
                for setting in args.settings:
                    if (setting, path.stem, seed) in done:
                        continue
                    measured = pd.DataFrame(records(path, setting, seed))
                    print(setting, seed, path.stem, *measured["AUROC"], flush=True)
                    header = not args.results.exists()
                    measured.to_csv(args.results, mode="a", header=header, index=False)


def with_peers(results, paths):
    """Return the results with those of other detectors on the same splits."""
    rows = results.drop_duplicates(["setting", "task"]).set_index(["setting", "task"])["rows"]
    for path in paths:
        peers = pd.read_csv(path).rename(
            columns={"set": "task", "method": "detector", "auroc": "AUROC", "ap": "AP"}
        )
        peers = peers[peers["seed"].isin(results["seed"])].drop(columns="seconds")
        results = pd.concat([results, peers.join(rows, on=["setting", "task"])])
    return results


def summary(results):
    """Return means in per cent, and paired differences with their standard errors."""
    by_table = results.groupby(["setting", "detector", "task"])[["AUROC", "AP"]].mean() * 100
    columns = {}
    for setting, of_setting in by_table.groupby("setting"):
        values = of_setting.droplevel("setting").unstack("detector")
        for metric in ("AUROC", "AP"):
            gain = values[metric].sub(values[metric][REFERENCE], axis=0)
            columns[f"{setting} {metric}"] = values[metric].mean().round(2)
            columns[f"gain in {setting} {metric}"] = [
                f"{mean:+.2f} ({error:.2f})"
                for mean, error in zip(gain.mean(), gain.sem(), strict=True)
            ]
    table = pd.DataFrame(columns)
    return table.sort_values(next(iter(table)), ascending=False)


def main():
    parser = timing.parser(__doc__, threads=1, seeds=[0, 1])
    parser.add_argument("--results", type=Path, required=True, help="a .csv file")
    parser.add_argument("--tables", type=Path, nargs="*", default=[], help="folders of .npz files")
    parser.add_argument("--settings", nargs="+", default=["semi", "unsup"])
    parser.add_argument("--peers", type=Path, nargs="*", default=[], help=".csv files")
    args = timing.begin(parser)
    args.results.parent.mkdir(parents=True, exist_ok=True)
    measure(args)
    results = pd.read_csv(args.results)
    small = results[results["rows"] <= SMALL_TABLE]
    spread = results.groupby(["detector", "setting", "seed"])["AUROC"].mean().unstack("seed")
    table = summary(with_peers(results, args.peers))
    table.to_csv(args.results.with_name(f"{args.results.stem}_summary.csv"))
    print(table.to_string())
    print(f"\nat most {SMALL_TABLE} training rows")
    print(summary(with_peers(small, args.peers).dropna(subset="rows")).to_string())
    print("\nmeans over tables by seed")
    print((100 * spread).round(2).to_string())


if __name__ == "__main__":
    main()
