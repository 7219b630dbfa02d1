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

import warnings
from pathlib import Path

import pandas as pd
import peers
import quality_report
import quality_tasks
import timing
from threadpoolctl import threadpool_limits

from skvae.metrics import outlier_average_precision_score, outlier_roc_auc_score

INDEX = ["setting", "task", "seed", "detector"]


def known(path):
    return set(pd.read_csv(path).set_index(INDEX).index) if path.exists() else set()


def chosen_detectors(args):
    """Return functions that score rows, by name."""
    functions = quality_tasks.ablation(args.ablation) if args.ablation else peers.DETECTORS
    return {name: functions[name] for name in args.detectors or functions}


def missing(args):
    """Return what is not in the file of results, with the functions that split and score."""
    detectors = chosen_detectors(args)
    done = known(args.results)
    jobs = [
        ((setting, task, seed, name), split, detect)
        for setting, task, split in quality_tasks.tasks(args)
        for seed in args.seeds
        for name, detect in detectors.items()
        if (setting, task, seed, name) not in done
    ]
    if args.ablation:
        # One variant after the other, so that what is there after a while is complete.
        order = list(detectors)
        jobs.sort(key=lambda job: order.index(job[0][-1]))
    return jobs


def quality(detect, X_train, X, y, seed):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scores, seconds = timing.timed(lambda: detect(X_train, X, seed))
    return {
        "AUROC": round(outlier_roc_auc_score(y, scores), 5),
        "AP": round(outlier_average_precision_score(y, scores), 5),
        "seconds": round(seconds, 3),
    }


def measure(args):
    """Add to the file of results what is not in it."""
    args.results.parent.mkdir(parents=True, exist_ok=True)
    for index, split, detect in missing(args):
        record = dict(zip(INDEX, index, strict=True))
        record |= quality(detect, *split(record["seed"]), record["seed"])
        print(*record.values(), flush=True)
        pd.DataFrame([record]).to_csv(
            args.results, mode="a", header=not args.results.exists(), index=False
        )


def report(args):
    results = pd.read_csv(args.results)
    if args.detectors:
        results = results[results["detector"].isin(args.detectors)]
    results = quality_report.complete(results)
    for name, table in quality_report.all_tables(results).items():
        print(f"\n{name}\n{table.to_string()}")
        if args.tables:
            table.to_csv(args.results.with_name(f"{args.results.stem}_{name}.csv"))
    if args.figure:
        quality_report.draw_ranks(results, args.figure)


def main():
    parser = timing.parser(__doc__, threads=1, seeds=[0, 1, 2, 3, 4])
    parser.add_argument("--results", type=Path, required=True, help="a .csv file")
    parser.add_argument("--adbench", type=Path, help="a folder of .npz files")
    parser.add_argument("--bundled", action="store_true", help="scikit-learn's own tables")
    parser.add_argument("--creditcard", type=Path, help="an .npz file with X, y and time")
    parser.add_argument("--kddcup99", type=Path, help="a copy of the 10 %% file")
    parser.add_argument(
        "--ablation", nargs="+", choices=quality_tasks.ABLATION, help="vary their defaults"
    )
    parser.add_argument("--detectors", nargs="+", help="names, by default all")
    parser.add_argument("--tables", action="store_true", help="write tables beside the results")
    parser.add_argument("--figure", type=Path, help="draw the ranks into this file")
    args = timing.begin(parser)
    with threadpool_limits(args.threads):
        measure(args)
    report(args)


if __name__ == "__main__":
    main()
