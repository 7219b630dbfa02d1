"""
==================================
Images: damaged patches, and where
==================================

How large must a damaged patch be, before a detector notices it? Patches of noise are put on
photographs. A variational autoencoder that was trained on clean ones scores the images, and shows
where they are damaged.
"""

# %%
# The images
# ----------
#
# CIFAR-10 comes from OpenML, and is kept by scikit-learn once it was there. Without a network,
# pieces of the two photographs that come with scikit-learn are used instead.

import warnings
from urllib.error import URLError

import numpy as np
from sklearn.datasets import load_sample_images

from skvae.datasets import apply_mask, fetch_cifar10

try:
    with warnings.catch_warnings(action="ignore"):
        X, _ = fetch_cifar10(return_X_y=True, n_retries=1)
except URLError:
    photographs = np.stack(load_sample_images().images)
    windows = np.lib.stride_tricks.sliding_window_view(photographs, (32, 32), axis=(1, 2))
    X = np.moveaxis(windows[:, ::16, ::16], 3, -1).reshape(-1, 32, 32, 3)

X = np.random.RandomState(0).permutation(X)
X_train, X_test = X[40:1240], X[:40]
print(f"trained on {len(X_train)} images of {X.shape[1:]}, tested on {len(X_test)}")

# %%
# Where is the damage?
# --------------------
#
# A small network and a few epochs are enough to see the point. The network cannot reconstruct
# noise, so that the map of its errors shows the patch. :doc:`/benchmarks/patches` has larger
# networks.

import matplotlib.pyplot as plt

from skvae import Conv2d, VAEOutlierDetector
from skvae.plotting import ReconstructionDisplay

detector = VAEOutlierDetector(
    architecture=Conv2d(),
    latent_dim=64,
    likelihood="gaussian",
    sigma=0.05,
    score_type="reconstruction",
    support_fraction=1.0,  # no image it is trained on is damaged
    max_epochs=16,
    random_state=0,
).fit(X_train)

damaged, _ = apply_mask(X_test[2:3], 8, noise="normal", random_state=1)
ReconstructionDisplay.from_estimator(detector, damaged)
plt.show()

# %%
# How large must it be?
# ---------------------
#
# Four copies of each test image get a patch of normal noise each, at a place at random. With
# ``top_features`` only the worst share of the pixels counts, without another fit.
#
# The errors of an image grow with its patch. They differ as much between images, so that by all
# pixels only large patches are noticed. By the worst 5 % much smaller ones are. Damaged pixels have
# larger errors than most others at every size.

from sklearn.metrics import roc_auc_score

sizes = list(range(2, 21, 2))
shares = {"images, by all pixels": 1.0, "images, by the worst 5 %": 0.05}
n_masks = 4
clean = {
    name: detector.set_params(top_features=share).score_samples(X_test)
    for name, share in shares.items()
}
by_image = np.zeros((len(sizes), len(X_test)))
auroc = {name: [] for name in [*shares, "pixels"]}
for i, size in enumerate(sizes):
    masked, mask = apply_mask(X_test, size, n_masks=n_masks, noise="normal", random_state=size)
    for name, share in shares.items():
        scores = np.r_[clean[name], detector.set_params(top_features=share).score_samples(masked)]
        is_damaged = np.arange(len(scores)) >= len(X_test)
        auroc[name].append(roc_auc_score(is_damaged, -scores))
    errors = -detector.feature_scores(masked)
    auroc["pixels"].append(roc_auc_score(mask.ravel(), errors.ravel()))
    by_image[i] = errors.reshape(len(X_test), -1).mean(axis=1)

grows = (np.diff(by_image, axis=0) > 0).mean()
print(f"an image's own mean error grows in {grows:.1%} of the steps from a size to the next")
print(f"{'size of the patch':24s}", *(f"{size:4d}" for size in sizes))
for name, values in auroc.items():
    print(f"{name:24s}", *(f"{value:4.2f}" for value in values))

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
left.plot(sizes, by_image, color="#9aa0a8", linewidth=0.7)
left.plot(sizes, by_image.mean(axis=1), color="#e07a1f", linewidth=2, label="mean")
left.set(ylabel="mean squared error", title="Errors of every image")
for (name, values), marker in zip(auroc.items(), "o^s", strict=True):
    right.plot(sizes, values, marker=marker, label=name)
right.set(ylabel="AUROC", ylim=(0.45, 1.02), title="Damaged against clean")
for axis in (left, right):
    axis.set(xlabel="size of the patch", xticks=sizes)
    axis.legend(frameon=False)
plt.show()
