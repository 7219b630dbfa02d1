"""
================================================
Network intrusions: a VAE beside IsolationForest
================================================

How many attacks does a detector find that knows only normal traffic? KDD Cup 1999 holds
connections of a simulated network, some of them attacks. A detector learns what normal traffic
looks like, and its threshold comes from a small batch of which only the share of attacks is known.
:class:`~skvae.VAEOutlierDetector` at its defaults and :class:`~sklearn.ensemble.IsolationForest` do
so side by side.
"""

# %%
# Three sets of rows
# ------------------
#
# The package brings 16,000 real rows with 18 continuous columns. Normal rows alone train
# the detectors, a batch with 5 % attacks sets their thresholds, and another with 10 % is
# what they are judged on. No label is seen before that.

import time

import numpy as np
from sklearn.model_selection import train_test_split

from skvae.datasets import load_kddcup99_sample, make_outlier_batch

X, y = load_kddcup99_sample(return_X_y=True)
normal, attacks = X[y == 1], X[y == -1]
X_train, normal_rest = train_test_split(normal, train_size=10_000, random_state=0)
normal_batch, normal_test = train_test_split(normal_rest, train_size=1_000, random_state=0)
attacks_batch, attacks_test = train_test_split(attacks, train_size=0.2, random_state=0)


def batch(normal, attacks, n_samples, contamination):
    return make_outlier_batch(
        np.r_[normal, attacks],
        np.r_[np.ones(len(normal), int), -np.ones(len(attacks), int)],
        n_samples=n_samples,
        contamination=contamination,
        random_state=0,
    )


X_batch, y_batch = batch(normal_batch, attacks_batch, 1_000, contamination=0.05)
X_test, y_test = batch(normal_test, attacks_test, 4_000, contamination=0.10)

# %%
# Two detectors in the same pipeline
# ----------------------------------
#
# ``calibrate`` sets the threshold of a fitted skvae detector from other rows. For
# IsolationForest the same is a quantile by hand.

from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skvae import VAEOutlierDetector
from skvae.metrics import (
    outlier_average_precision_score,
    outlier_f1_score,
    outlier_roc_auc_score,
)

pipelines = {
    "VAEOutlierDetector": make_pipeline(StandardScaler(), VAEOutlierDetector(random_state=0)),
    "IsolationForest": make_pipeline(StandardScaler(), IsolationForest(random_state=0)),
}
scores, rows = {}, {}
for name, pipeline in pipelines.items():
    start = time.perf_counter()
    pipeline.fit(X_train)
    fitted = time.perf_counter()
    scores[name] = pipeline.score_samples(X_test)
    scored = time.perf_counter()
    scaler, detector = pipeline[0], pipeline[-1]
    if hasattr(detector, "calibrate"):
        detector.calibrate(scaler.transform(X_batch), contamination=0.05)
    else:
        detector.offset_ = np.quantile(pipeline.score_samples(X_batch), 0.05)
    flagged = pipeline.predict(X_test) == -1
    rows[name] = {
        "F1": outlier_f1_score(y_test, pipeline.predict(X_test)),
        "attacks found": flagged[y_test == -1].mean(),
        "false alarms": flagged[y_test == 1].mean(),
        "AUROC": outlier_roc_auc_score(y_test, scores[name]),
        "average precision": outlier_average_precision_score(y_test, scores[name]),
        "fit (s)": fitted - start,
        "score (s)": scored - fitted,
    }

print(f"{'':20s}" + "".join(f"{name:>20s}" for name in rows))
for measure in rows["IsolationForest"]:
    print(f"{measure:20s}" + "".join(f"{row[measure]:20.3f}" for row in rows.values()))

# %%
# What the threshold cuts off
# ---------------------------
#
# Almost every attack is below the threshold of the VAE, and almost every normal row above.
# To IsolationForest one kind of attack, the long orange line, looks like ordinary traffic.

import matplotlib.pyplot as plt
from sklearn.metrics import RocCurveDisplay

from skvae.plotting import ScoreDisplay

figure, axes = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
axes[2].set_prop_cycle(color=["#2b2d33", "#9aa0a8"])
for axis, (name, pipeline) in zip(axes, pipelines.items(), strict=False):
    ScoreDisplay.from_estimator(pipeline, X_test, y_test, ax=axis)
    axis.set_ylabel(f"score of {name}")
    RocCurveDisplay.from_predictions(y_test, -scores[name], pos_label=-1, name=name, ax=axes[2])
axes[2].set(xlabel="share of normal rows flagged", ylabel="share of attacks flagged", aspect="auto")
figure.savefig("network_intrusion.png", dpi=120)
print("figure: network_intrusion.png")
