"""
====================================
Images: threes hidden among the ones
====================================

Which of these images do not belong to the others? All images of the digit 1 and a few of the digit
3 make one set without labels. A convolutional autoencoder is fitted to it, and tells which images
are odd, and where.
"""

# %%
# The images
# ----------
#
# MNIST comes from OpenML, and is kept by scikit-learn once it was there. Without a network
# the small digits that come with scikit-learn are used instead.

import warnings
from urllib.error import URLError

import numpy as np
from sklearn.datasets import load_digits

from skvae.datasets import fetch_mnist

try:
    with warnings.catch_warnings(action="ignore"):
        X, digit = fetch_mnist(return_X_y=True, n_retries=1)
except URLError:
    digits = load_digits()
    X, digit = (digits.images * (255 / 16)).astype(np.uint8), digits.target

rng = np.random.RandomState(0)
ones = rng.permutation(np.flatnonzero(digit == 1))[:3000]
threes = rng.choice(np.flatnonzero(digit == 3), max(5, round(0.01 * len(ones))), replace=False)
rows = rng.permutation(np.r_[ones, threes])
X, y = X[rows], np.where(digit[rows] == 3, -1, 1)
print(f"{len(X)} images of {X.shape[1]} x {X.shape[2]} pixels, {(y == -1).sum()} of them a 3")

# %%
# Who ranks the threes lowest?
# ----------------------------
#
# Images of bytes go in as they are. The worst 5 % of the 64 in a step are left out by default,
# since outliers may be among them (``support_fraction``). On the small digits the network should
# not train long: after 500 steps it knows what most images have in common, and after the default
# number of steps it also reconstructs the threes.

from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score

from skvae import AEOutlierDetector, Conv2d

autoencoder = AEOutlierDetector(architecture=Conv2d(), contamination=0.05, random_state=0)
detector = AEOutlierDetector(
    architecture=Conv2d(), contamination=0.05, max_steps=500, random_state=0
).fit(X)
flat = X.reshape(len(X), -1)
scores = {
    "autoencoder, 500 steps": detector.score_samples(X),
    "autoencoder, default": autoencoder.fit(X).score_samples(X),
    "IsolationForest": IsolationForest(random_state=0).fit(flat).score_samples(flat),
}
for name, score in scores.items():
    print(f"{name:22s} average precision {average_precision_score(y == -1, -score):.3f}")

# %%
# Where are they odd?
# -------------------
#
# These images have the lowest scores, the oddest on the left, with their digits above. Below them
# is what the network makes of them, and how odd it finds their pixels. It makes ones of the threes,
# and the strokes that no 1 has are odd.

import matplotlib.pyplot as plt

worst = scores["autoencoder, 500 steps"].argsort(kind="stable")[:8]
strips = {
    "image": X[worst],
    "reconstruction": detector.reconstruct(X[worst]),
    "odd pixels": -detector.feature_scores(X[worst]),
}
figure, axes = plt.subplots(3, 1, figsize=(10, 4.2), layout="constrained")
for axis, (name, images) in zip(axes, strips.items(), strict=True):
    axis.imshow(np.hstack(images), cmap="inferno" if name == "odd pixels" else "gray")
    axis.set(xticks=[], yticks=[])
    axis.set_ylabel(name, rotation=0, ha="right", va="center")
axes[0].xaxis.tick_top()
axes[0].set_xticks(X.shape[2] * (np.arange(8) + 0.5), digit[rows][worst])
plt.show()

# %%
# How well are the threes found?
# ------------------------------
#
# The threshold flags one image in twenty, as ``contamination`` asked. All threes of the small
# digits are among them.

from sklearn.metrics import PrecisionRecallDisplay

from skvae.plotting import ScoreDisplay

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
ScoreDisplay.from_estimator(detector, X, y, ax=left)
for name, score in scores.items():
    PrecisionRecallDisplay.from_predictions(y, -score, pos_label=-1, name=name, ax=right)
right.set(xlabel="share of threes flagged", ylabel="share of threes among flagged", aspect="auto")
right.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False, fontsize="small")
plt.show()
