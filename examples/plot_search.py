"""
======================================================
Searching over networks, scores and thresholds at once
======================================================

Which network, which score and which threshold find the most outliers? A search that knows some
labels can choose all three. Only the network needs training: with ``memory``, a network that was
trained on a fold is not trained there again.
"""

# %%
# Normal rows to train on, and labels to choose by
# ------------------------------------------------
#
# Of 3,000 rows 5 % are attacks, labelled -1, and the others are labelled +1. ``cv`` can be any
# pairs of training and test rows: here the training rows hold no attacks.

from sklearn.model_selection import StratifiedKFold

from skvae.datasets import load_kddcup99_sample, make_outlier_batch

X, y = make_outlier_batch(
    *load_kddcup99_sample(return_X_y=True), n_samples=3_000, contamination=0.05, random_state=0
)
folds = StratifiedKFold(3, shuffle=True, random_state=0).split(X, y)
folds = [(train[y[train] == 1], test) for train, test in folds]

# %%
# Twelve candidates, three trainings a fold
# -----------------------------------------
#
# For the scorers of :mod:`skvae.metrics`, outliers are the class to find. Without ``scoring``, the
# search would use the mean score of held-out rows, which needs no label.

import tempfile

from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skvae import MLP, VAEOutlierDetector
from skvae.metrics import average_precision_scorer, f1_scorer, roc_auc_scorer

grid = {
    "architecture__hidden_layer_sizes": [(16,), (32,), (64, 64)],
    "score_type": ["elbo", "reconstruction"],
    "contamination": [0.015, 0.05],
}
with tempfile.TemporaryDirectory() as cache:
    search = GridSearchCV(
        make_pipeline(
            StandardScaler(),
            VAEOutlierDetector(
                architecture=MLP(), latent_dim=4, max_epochs=40, memory=cache, random_state=0
            ),
        ),
        {f"vaeoutlierdetector__{name}": values for name, values in grid.items()},
        scoring={
            "AUROC": roc_auc_scorer,
            "average precision": average_precision_scorer,
            "F1": f1_scorer,
        },
        refit="F1",
        cv=folds,
    ).fit(X, y)
print(f"best by F1 ({search.best_score_:.3f}):")
for name, value in search.best_params_.items():
    print(f"  {name.removeprefix('vaeoutlierdetector__')} = {value!r}")

# %%
# What decides
# ------------
#
# The two scores want different networks. The evidence lower bound ranks the rows best with the
# largest network, and worst with the smallest. The squared error ranks them best with small
# networks, since large ones reconstruct attacks too. Where a network ranks well, the lower
# contamination has the higher F1, for it flags fewer normal rows. Where it ranks badly, only the
# higher one reaches most attacks.

import matplotlib.pyplot as plt
import numpy as np

results = search.cv_results_
sizes = grid["architecture__hidden_layer_sizes"]
figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True, layout="constrained")
for axis, score in zip(axes, grid["score_type"], strict=True):
    chosen = np.array([p["vaeoutlierdetector__score_type"] == score for p in results["params"]])
    # The axes of the table are in the order of the sorted parameter names.
    f1 = results["mean_test_F1"][chosen].reshape(len(sizes), len(grid["contamination"]))
    precision = results["mean_test_average precision"][chosen].reshape(f1.shape)[:, 0]
    for column, contamination in enumerate(grid["contamination"]):
        axis.plot(f1[:, column], "o-", label=f"F1, contamination={contamination}")
    axis.plot(precision, "k--", label="average precision")
    axis.set(title=f"score_type={score!r}", xlabel="hidden_layer_sizes", ylim=(0, 1))
    axis.set_xticks(range(len(sizes)), [str(size) for size in sizes])
axes[0].set_ylabel("mean over three folds")
axes[1].legend(loc="lower right")
plt.show()
