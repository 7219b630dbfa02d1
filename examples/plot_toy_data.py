"""
===================================
What each detector takes for normal
===================================

Where does each detector draw the border around the normal rows? Three small data sets in the plane
have 255 normal rows each, and 45 outliers that are spread evenly. They come from scikit-learn's
comparison of anomaly detectors. Every detector is told the share of outliers. What it takes for
normal is white, and what it takes for an outlier is grey. The number in a corner is the share of
right answers.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_blobs, make_moons
from sklearn.ensemble import IsolationForest

from skvae import (
    AEOutlierDetector,
    EnsembleOutlierDetector,
    SamplingOutlierDetector,
    VAEOutlierDetector,
)

N_NORMAL, N_OUTLIERS = 255, 45
rng = np.random.RandomState(42)
blobs = {"n_samples": N_NORMAL, "random_state": 0}
moons, _ = make_moons(N_NORMAL, noise=0.05, random_state=0)
data_sets = {
    "two blobs": make_blobs(centers=[[2, 2], [-2, -2]], cluster_std=0.5, **blobs)[0],
    "wide and narrow": make_blobs(centers=[[2, 2], [-2, -2]], cluster_std=[1.5, 0.3], **blobs)[0],
    "two moons": 4 * (moons - [0.5, 0.25]),
}
y = np.r_[np.ones(N_NORMAL), -np.ones(N_OUTLIERS)]

# %%
# The networks have their defaults.

share = N_OUTLIERS / len(y)
detectors = [
    IsolationForest(contamination=share, random_state=42),
    VAEOutlierDetector(contamination=share, random_state=42),
    AEOutlierDetector(contamination=share, random_state=42),
    SamplingOutlierDetector(contamination=share, random_state=42),
    EnsembleOutlierDetector(contamination=share, random_state=42),
]
ticks = np.linspace(-7, 7, 100)
grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)

figure, axes = plt.subplots(
    len(data_sets), len(detectors), figsize=(9, 5.9), sharex=True, sharey=True, layout="constrained"
)
right = np.empty(axes.shape)
for i, (name, normal) in enumerate(data_sets.items()):
    X = np.r_[normal, rng.uniform(-6, 6, size=(N_OUTLIERS, 2))]
    for j, detector in enumerate(detectors):
        axis = axes[i, j]
        found = detector.fit(X).predict(X)
        right[i, j] = np.mean(found == y)
        decision = detector.decision_function(grid).reshape(len(ticks), -1)
        axis.contourf(ticks, ticks, decision, levels=[-np.inf, 0, np.inf], colors=["0.85", "w"])
        axis.contour(ticks, ticks, decision, levels=[0], colors="k", linewidths=0.8)
        axis.scatter(*X[y == 1].T, s=4, color="C0")
        axis.scatter(*X[y == -1].T, s=4, color="C1")
        axis.text(6.7, -6.6, f"{right[i, j]:.2f}", ha="right", size=9)
        axis.set(xticks=[], yticks=[])
    axes[i, 0].set_ylabel(name)
for axis, detector in zip(axes[0], detectors, strict=True):
    axis.set_title(type(detector).__name__.replace("OutlierDetector", "\nOutlierDetector"), size=9)
plt.show()

# %%
# The variational autoencoder sees no gap between two blobs, and the autoencoder none between the
# moons. In the ensemble the distances see both. In the plane they are right most often alone, too;
# on real tables with many columns the ensemble is ahead of them.

for detector, mean in zip(detectors, right.mean(axis=0), strict=True):
    print(f"{type(detector).__name__:24s} {mean:.3f} of the answers are right")
