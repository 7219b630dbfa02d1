"""Tables and the figure of what quality.py has measured."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import tables
from scipy import stats

TITLES = {"semi": "trained on normal rows", "unsup": "trained on contaminated rows"}


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
        mean, deviation = tables.means(by_seed, "detector")
        columns[f"{setting} AUROC"] = mean["AUROC"]
        columns[f"{setting} sd"] = deviation["AUROC"]
        columns[f"{setting} AP"] = mean["AP"]
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


def all_tables(results):
    return {"summary": summary(results).round(2)} | {
        setting: by_task(chosen).round(1) for setting, chosen in results.groupby("setting")
    }


def critical_difference(n_detectors, n_tables, alpha=0.05):
    """Return how far mean ranks must be apart by Nemenyi's test (Demsar 2006)."""
    q = stats.studentized_range.ppf(1 - alpha, n_detectors, np.inf) / np.sqrt(2)
    return q * np.sqrt(n_detectors * (n_detectors + 1) / (6 * n_tables))


def draw_ranks(results, path):
    """Draw mean ranks with bars; two detectors differ where their bars do not overlap."""
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
        axis.set(title=TITLES[setting], xlabel=f"mean rank of the AUROC over {n_tables} tables")
    figure.savefig(path, dpi=110)
