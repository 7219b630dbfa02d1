"""
==============================================
Network intrusions: mixtures in a latent space
==============================================

An autoencoder says two things about a row: its latent code, and how far it is from its
reconstruction. :class:`~skvae.AEGMMDetector` and :class:`~skvae.VAEGMMDetector` put a mixture
of Gaussians over both, and score a row by its density there.
"""

# %%
# Four detectors, one threshold rule
# ----------------------------------
#
# Normal rows alone train the detectors, a batch with 5 % attacks sets their thresholds, and
# another with 10 % is what they are judged on.

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from skvae import AEGMMDetector, VAEGMMDetector, VAEOutlierDetector
from skvae.datasets import load_kddcup99_sample, make_outlier_batch

X, y = load_kddcup99_sample(return_X_y=True)
X_train, X_rest, _, y_rest = train_test_split(
    X[y == 1], y[y == 1], train_size=10_000, random_state=0
)
X_rest, y_rest = np.r_[X_rest, X[y == -1]], np.r_[y_rest, y[y == -1]]
X_rest_batch, X_rest_test, y_rest_batch, y_rest_test = train_test_split(
    X_rest, y_rest, train_size=0.25, stratify=y_rest, random_state=0
)
X_batch, _ = make_outlier_batch(
    X_rest_batch, y_rest_batch, n_samples=1_000, contamination=0.05, random_state=0
)
X_test, y_test = make_outlier_batch(
    X_rest_test, y_rest_test, n_samples=4_000, contamination=0.10, random_state=0
)
scaler = StandardScaler().fit(X_train)
X_train, X_batch, X_test = (scaler.transform(rows) for rows in (X_train, X_batch, X_test))

detectors = {
    "AEGMMDetector": AEGMMDetector(random_state=0, verbose=1),
    "VAEGMMDetector": VAEGMMDetector(random_state=0, verbose=1),
    "VAEOutlierDetector": VAEOutlierDetector(random_state=0, verbose=1),
    "IsolationForest": IsolationForest(random_state=0),
}
for name, detector in detectors.items():
    detector.fit(X_train)
    if name == "IsolationForest":
        detector.offset_ = np.quantile(detector.score_samples(X_batch), 0.05)
    else:
        detector.calibrate(X_batch, contamination=0.05)

# %%
# Scores, ranks and mistakes
# --------------------------

import matplotlib.pyplot as plt
from sklearn.metrics import ConfusionMatrixDisplay, RocCurveDisplay

from skvae.metrics import outlier_f1_score

scores = {name: detector.score_samples(X_test) for name, detector in detectors.items()}
f1 = {name: outlier_f1_score(y_test, d.predict(X_test)) for name, d in detectors.items()}
for name in detectors:
    print(f"{name:20s} F1 {f1[name]:.3f}")

figure, axes = plt.subplots(2, 3, figsize=(13, 8), layout="constrained")
kinds = [(1, "normal", "tab:blue"), (-1, "attack", "tab:red")]
for axis, name in zip(axes[0], ("AEGMMDetector", "VAEGMMDetector"), strict=False):
    for label, kind, colour in kinds:
        index = np.flatnonzero(y_test == label)
        axis.scatter(index, -scores[name][index], s=4, color=colour, label=kind)
    axis.axhline(-detectors[name].offset_, color="black", linewidth=1, label="threshold")
    axis.set(
        title=f"{name}: F1 = {f1[name]:.3f}",
        xlabel="test row",
        ylabel="energy (lower is more normal)",
    )
    axis.set_yscale("symlog", linthresh=20)
figure.legend(
    *axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3, markerscale=3
)
for name in detectors:
    RocCurveDisplay.from_predictions(y_test == -1, -scores[name], name=name, ax=axes[0, 2])
axes[0, 2].set(
    title="Receiver operating characteristic",
    xlabel="share of normal rows flagged",
    ylabel="share of attacks flagged",
    xlim=(-0.01, 0.2),
    aspect="auto",
)
axes[0, 2].legend(loc="lower right")

# %%
# The latent space
# ----------------
#
# A latent code of one entry can be drawn against what its reconstruction says. Most attacks are
# equal or nearly so, and the few red spots hold hundreds of them each: at the edges of what
# codes are usual, with reconstructions that are usual only for other codes.

narrow = AEGMMDetector(latent_dim=1, random_state=0).fit(X_train)
code, distance, cosine = narrow.latent_features(X_test).T
for axis, feature, title in [
    (axes[1, 0], cosine, "cosine similarity"),
    (axes[1, 1], distance, "relative distance"),
]:
    for label, _, colour in kinds:
        size = 4 if label == 1 else 14
        axis.scatter(code[y_test == label], feature[y_test == label], s=size, color=colour)
    axis.set(title=f"Code and {title}", xlabel="code of one entry", ylabel=title)
    axis.set_xscale("symlog")
ConfusionMatrixDisplay.from_predictions(
    y_test,
    detectors["AEGMMDetector"].predict(X_test),
    labels=[1, -1],
    display_labels=["normal", "attack"],
    colorbar=False,
    ax=axes[1, 2],
)
axes[1, 2].set_title("AEGMMDetector")
figure.savefig("mixture_intrusion.png", dpi=110)
print("figure: mixture_intrusion.png")
