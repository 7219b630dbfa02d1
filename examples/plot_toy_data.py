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

from skvae import EnsembleOutlierDetector

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
# The ensemble has its defaults, and so have its experts. Three of these stand beside it: the
# variational autoencoder, the autoencoder, and distances to small samples. ``calibrate`` gives
# each of them the threshold that it would have alone.
#
# Neither autoencoder sees the gap between the two blobs, nor the gap between the moons. The
# distances see both, and so does the ensemble, which believes the expert that is most alarmed. In
# the plane distances alone would be enough. On real tables the ensemble is ahead of them
# (:doc:`/benchmarks/tables`).

share = N_OUTLIERS / len(y)
ticks = np.linspace(-7, 7, 100)
grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
names = ["IsolationForest", "VAE", "AE", "Sampling", "Ensemble"]

figure, axes = plt.subplots(
    len(data_sets), len(names), figsize=(9, 5.7), sharex=True, sharey=True, layout="constrained"
)
right = np.empty(axes.shape)
for i, (data_set, normal) in enumerate(data_sets.items()):
    X = np.r_[normal, rng.uniform(-6, 6, size=(N_OUTLIERS, 2))]
    forest = IsolationForest(contamination=share, random_state=42).fit(X)
    ensemble = EnsembleOutlierDetector(contamination=share, random_state=42).fit(X)
    experts = [expert.calibrate(X, contamination=share) for expert in ensemble.estimators_[:3]]
    for j, detector in enumerate([forest, *experts, ensemble]):
        axis = axes[i, j]
        right[i, j] = np.mean(detector.predict(X) == y)
        decision = detector.decision_function(grid).reshape(len(ticks), -1)
        axis.contourf(ticks, ticks, decision, levels=[-np.inf, 0, np.inf], colors=["0.85", "w"])
        axis.contour(ticks, ticks, decision, levels=[0], colors="k", linewidths=0.8)
        axis.scatter(*X[y == 1].T, s=4, color="#3a6ea5")
        axis.scatter(*X[y == -1].T, s=4, color="#e07a1f")
        axis.text(6.7, -6.6, f"{right[i, j]:.2f}", ha="right")
        axis.set(xticks=[], yticks=[])
    axes[i, 0].set_ylabel(data_set, size="large")
for axis, name in zip(axes[0], names, strict=True):
    axis.set_title(name, size="large")
for name, mean in zip(names, right.mean(axis=0), strict=True):
    print(f"{name:15s} {mean:.3f} of the answers are right")
plt.show()
