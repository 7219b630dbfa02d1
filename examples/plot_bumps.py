"""
=================================================
Curves: what an autoencoder could not reconstruct
=================================================

Can a small second bump be found on a curve, if it is narrow and anywhere? Normal curves have one
wide bump. An autoencoder that has seen only normal curves leaves the second bump out. What is left,
:class:`~skvae.features.ReconstructionDifference`, tells a classifier more than the curve does.
"""

# %%
# What does the network leave out?
# --------------------------------
#
# The network is trained on four fifths of the normal curves. It cannot reconstruct all of the other
# curves, and a random forest is trained on histograms of what is missing. Here is one of two
# hundred new curves, an outlier that the forest is sure of. Its second bump is missing from the
# reconstruction, so that the histogram of the difference reaches far from zero. A normal curve has
# only small differences.

import matplotlib.pyplot as plt

from skvae import AEOutlierDetector, ReconstructionHistogramClassifier
from skvae.datasets import make_bumps
from skvae.plotting import ErrorDistributionDisplay, ReconstructionDisplay

X, y = make_bumps(2000, 200, random_state=0)
X_new, y_new = make_bumps(100, 100, random_state=1)
detector = ReconstructionHistogramClassifier(random_state=0).fit(X, y)

order = detector.score_samples(X_new).argsort(kind="stable")
outlier, normal = order[[0, -1]]
figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
ReconstructionDisplay.from_estimator(detector.detector_, X_new[[outlier]], ax=axes[:2])
edges = detector.pipeline_["histogram"].bin_edges_
histograms = detector.pipeline_[:-1].transform(X_new)
for row, name, color in [(normal, "normal curve", "#3a6ea5"), (outlier, "outlier", "#e07a1f")]:
    axes[2].stairs(histograms[row], edges, fill=True, alpha=0.6, color=color, label=name)
axes[2].set(title="what the forest sees", xlabel="difference", ylabel="points", yscale="symlog")
axes[2].legend(frameon=False)
plt.show()

# %%
# Who finds the second bumps?
# ---------------------------
#
# IsolationForest and the autoencoder alone learn from the normal curves, and flag new curves that
# score lower than 99 % of these. A random forest on the curves themselves has the same labels as
# the one on histograms.

from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.metrics import accuracy_score, f1_score

X_normal = X[y == 1]
models = {
    "IsolationForest": IsolationForest(contamination=0.01, random_state=0).fit(X_normal),
    "RandomForestClassifier": RandomForestClassifier(random_state=0).fit(X, y),
    "AEOutlierDetector alone": detector.detector_.calibrate(X_normal, contamination=0.01),
    "ReconstructionHistogramClassifier": detector,
}
accuracy = {}
print(f"{'':35s} accuracy       F1")
for name, model in models.items():
    found = model.predict(X_new)
    accuracy[name] = accuracy_score(y_new, found)
    print(f"{name:35s} {accuracy[name]:8.3f} {f1_score(y_new, found, pos_label=-1):8.3f}")

# %%
# When does the network part the classes?
# ---------------------------------------
#
# On the left is the share of new curves that each model judges rightly. Guesses would be right for
# half of them. IsolationForest is hardly better. A forest on the curves is far behind the two
# models that look at what the network leaves out. The autoencoder alone has seen no outlier, and
# comes close to the classifier here.
#
# On the right a callback watches another training, and keeps the errors of the new curves after
# every epoch. The errors of both classes fall at first. Then most errors of outliers stay, since
# the second bump is never reconstructed, and those of normal curves fall on.

import torch
from skorch.callbacks import Callback


class Errors(Callback):
    """The squared error of each row after each epoch."""

    def __init__(self, X):
        self.X = X

    def initialize(self):
        self.errors_ = []
        return self

    def on_epoch_end(self, net, **kwargs):
        rows = torch.as_tensor(self.X, dtype=torch.float32)
        with torch.no_grad():
            difference = rows - net.module_.eval().reconstruct(rows)
        self.errors_.append(difference.square().sum(dim=1).numpy())


watch = Errors(X_new)
AEOutlierDetector(lr=4e-3, max_epochs=32, callbacks=[watch], random_state=0).fit(X_normal)

figure, (left, right) = plt.subplots(
    1, 2, figsize=(13, 4), width_ratios=[2, 3], layout="constrained"
)
left.barh(list(accuracy), list(accuracy.values()), color="#3a6ea5")
left.axvline(0.5, color="#2b2d33", linestyle="--", linewidth=1)
left.invert_yaxis()
left.set(xlim=(0, 1), xlabel="share of new curves judged rightly")
left.spines[["top", "right"]].set_visible(False)
ErrorDistributionDisplay.from_predictions(watch.errors_, y_new, ax=right)
plt.show()
