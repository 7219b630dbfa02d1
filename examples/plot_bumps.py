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

# %%
# What is left of an outlier?
# ---------------------------
#
# The second bump stays in the difference, and little else does.

import matplotlib.pyplot as plt

from skvae.plotting import ErrorDistributionDisplay, ReconstructionDisplay

outliers = np.flatnonzero(y_new == -1)
one_outlier = outliers[detector.score_samples(X_new)[outliers].argmin()]
display = ReconstructionDisplay.from_predictions(X_new[[one_outlier]], reconstructed[[one_outlier]])
display.figure_.savefig("bumps_curve.png", dpi=110)
print("figure: bumps_curve.png")

# %%
# What does the forest see, and how early?
# ----------------------------------------
#
# The histogram of an outlier has points far from zero, that of a normal curve has nearly none. The
# boxes are the errors of both classes after each epoch of the second training.

figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.2), layout="constrained")
edges = detector.pipeline_["histogram"].bin_edges_
one_normal = np.flatnonzero((y_new == 1) & (predicted == 1))[0]
for row, name, colour in [
    (one_normal, "a normal curve", "#3a6ea5"),
    (one_outlier, "the outlier", "#e07a1f"),
]:
    left.stairs(histograms[row], edges, fill=True, alpha=0.6, color=colour, label=name)
left.set(title="what the forest sees", xlabel="difference", ylabel="points of 256", yscale="symlog")
left.legend(frameon=False)
ErrorDistributionDisplay.from_predictions(np.array(watch.errors_)[::4], y_new, ax=right)
right.set(xlabel="every fourth epoch", ylabel="mean squared error of a curve")
figure.savefig("bumps.png", dpi=110)
print("figure: bumps.png")
