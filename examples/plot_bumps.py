"""
==================================================
Curves: what an autoencoder could not reconstruct
==================================================

Normal curves have one bump, outliers a second one that is small, narrow and anywhere. An
autoencoder that has seen only normal curves leaves the second bump out. What is left,
:class:`~skvae.features.ReconstructionDifference`, tells a classifier more than the curve does.
"""

# %%
# The detector
# ------------
#
# The network is trained on four fifths of the normal curves. It cannot reconstruct all of the other
# curves, and a random forest is trained on histograms of what is missing. Two hundred new curves
# judge the result.

import numpy as np

from skvae import AEOutlierDetector, ReconstructionHistogramClassifier
from skvae.datasets import make_bumps

X, y = make_bumps(2000, 200, random_state=0)
X_new, y_new = make_bumps(100, 100, random_state=1)
position = np.linspace(0, 1, X.shape[1])

detector = ReconstructionHistogramClassifier(random_state=0).fit(X, y)
predicted = detector.predict(X_new)
reconstructed = detector.detector_.reconstruct(X_new)
histograms = detector.pipeline_[:-1].transform(X_new)

# %%
# Side by side
# ------------
#
# A forest on the curves themselves has the same labels. The other two use none: they learn from
# the normal curves, and flag new curves that score lower than 99 % of these.

from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.metrics import accuracy_score, f1_score

normal = X[y == 1]
alone = detector.detector_
others = {
    "IsolationForest": IsolationForest(contamination=0.01, random_state=0).fit(normal),
    "RandomForestClassifier": RandomForestClassifier(random_state=0).fit(X, y),
    "AEOutlierDetector alone": alone.calibrate(normal, contamination=0.01),
    "ReconstructionHistogramClassifier": detector,
}
cells = [["", "accuracy", "F1"]]
for name, model in others.items():
    found = model.predict(X_new)
    scores = accuracy_score(y_new, found), f1_score(y_new, found, pos_label=-1)
    cells.append([name, *(f"{score:.3f}" for score in scores)])
for name, accuracy, f1 in cells:
    print(f"{name:35s} {accuracy:>8s} {f1:>8s}")

# %%
# How training separates the classes
# ----------------------------------
#
# A callback watches one more training, and keeps the errors of the new curves after every epoch.
# The errors of both classes fall, those of outliers only as far as the second bump.

import torch
from skorch.callbacks import Callback


class Errors(Callback):
    """The mean squared error of each row after each epoch."""

    def __init__(self, X):
        self.X = X

    def initialize(self):
        self.errors_ = []
        return self

    def on_epoch_end(self, net, **kwargs):
        rows = torch.as_tensor(self.X, dtype=torch.float32)
        with torch.no_grad():
            difference = rows - net.module_.eval().reconstruct(rows)
        self.errors_.append(difference.square().mean(dim=1).numpy())


watch = Errors(X_new)
AEOutlierDetector(lr=4e-3, max_epochs=64, callbacks=[watch], random_state=0).fit(normal)
epochs = [1, 4, 16, 64]
errors = [watch.errors_[epoch - 1] for epoch in epochs]

# %%
# The figure
# ----------

import matplotlib.pyplot as plt

COLOURS = {1: "tab:blue", -1: "tab:red"}
figure, axes = plt.subplots(2, 3, figsize=(13, 7.5), layout="constrained")
one_normal = np.flatnonzero((y_new == 1) & (predicted == 1))[0]
outliers = np.flatnonzero(y_new == -1)
one_outlier = outliers[np.argsort(detector.score_samples(X_new)[outliers], kind="stable")[0]]

for axis, row, title in [
    (axes[0, 0], one_normal, "a normal curve"),
    (axes[0, 1], one_outlier, "an outlier, caught"),
]:
    axis.plot(position, X_new[row], color="black", linewidth=1, label="curve")
    axis.plot(
        position, reconstructed[row], color="tab:orange", linestyle="--", label="reconstruction"
    )
    axis.fill_between(
        position,
        X_new[row] - reconstructed[row],
        color=COLOURS[y_new[row]],
        alpha=0.6,
        label="difference",
    )
    axis.set(title=title, xlabel="position", ylim=(-0.1, 1.1))
axes[0, 0].legend()

caught = outliers[predicted[outliers] == -1][:12]
missed = outliers[predicted[outliers] == 1]
usual = np.flatnonzero((y_new == 1) & (predicted == 1))[:12]
shown = np.r_[caught, missed, usual]
image = axes[0, 2].imshow(
    (X_new - reconstructed)[shown],
    aspect="auto",
    cmap="RdBu_r",
    vmin=-0.1,
    vmax=0.1,
    extent=(0, 1, len(shown), 0),
    interpolation="nearest",
)
for border in (len(caught), len(caught) + len(missed)):
    axes[0, 2].axhline(border, color="black")
middles = (
    np.cumsum([0, len(caught), len(missed)]) + np.array([len(caught), len(missed), len(usual)]) / 2
)
axes[0, 2].set(
    title="differences of some curves",
    xlabel="position",
    yticks=middles,
    yticklabels=["outliers,\ncaught", f"missed, {len(missed)}\nof 100", "normal"],
)
figure.colorbar(image, ax=axes[0, 2])

edges = detector.pipeline_["histogram"].bin_edges_
for row, name in [(one_normal, "the normal curve"), (one_outlier, "the outlier")]:
    axes[1, 0].stairs(
        histograms[row], edges, fill=True, alpha=0.5, color=COLOURS[y_new[row]], label=name
    )
axes[1, 0].set(
    title="what the forest sees", xlabel="difference", ylabel="points of 256", yscale="symlog"
)
axes[1, 0].legend()

for label, shift, name in [(1, -0.18, "normal"), (-1, 0.18, "outliers")]:
    boxes = axes[1, 1].boxplot(
        [error[y_new == label] for error in errors],
        positions=np.arange(len(epochs)) + shift,
        widths=0.3,
        patch_artist=True,
        flierprops={"markersize": 2},
        medianprops={"color": "black"},
        label=name,
    )
    for box in boxes["boxes"]:
        box.set_facecolor(COLOURS[label])
axes[1, 1].set(
    title="error by class",
    xlabel="epochs of training",
    ylabel="mean squared error",
    yscale="log",
    xticks=range(len(epochs)),
    xticklabels=epochs,
)
axes[1, 1].legend()

axes[1, 2].axis("off")
grid = axes[1, 2].table(cells, loc="center", colWidths=[0.66, 0.2, 0.16], edges="horizontal")
grid.auto_set_font_size(False)
grid.set_fontsize(8.5)
grid.scale(1, 2)
axes[1, 2].set_title("100 new curves of each kind")
figure.savefig("bumps.png", dpi=110)
print("figure: bumps.png")
