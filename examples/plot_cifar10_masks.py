"""
==================================
Images: damaged patches, and where
==================================

Patches of noise are put on photographs. A variational autoencoder that was trained on clean
ones scores the images the lower, the larger the patch is, and shows its place.
"""

# %%
# The images
# ----------
#
# CIFAR-10 comes from OpenML, and is kept by scikit-learn once it was there. Without a network,
# pieces of the two photographs that come with scikit-learn are used instead.

from urllib.error import URLError

import numpy as np
from sklearn.datasets import load_sample_images

from skvae.datasets import apply_mask, fetch_cifar10

try:
    X, _ = fetch_cifar10(return_X_y=True, n_retries=1)
except URLError:
    photographs = np.stack(load_sample_images().images)
    windows = np.lib.stride_tricks.sliding_window_view(photographs, (32, 32), axis=(1, 2))
    X = np.moveaxis(windows[:, ::16, ::16], 3, -1).reshape(-1, 32, 32, 3)

X = np.random.RandomState(0).permutation(X)
X_train, X_test = X[40:1240], X[:40]
print(f"trained on {len(X_train)} images of {X.shape[1:]}, tested on {len(X_test)}")

# %%
# The detector
# ------------
#
# A small network and a few epochs are enough to see the point. The network of the tutorial
# that this page follows is one call, too; on two cores it takes hours.

from skvae import Conv2d, VAEOutlierDetector

tutorial = VAEOutlierDetector(
    architecture=Conv2d(
        filters=(64, 128, 512),
        decoder_filters=(128, 256, 64),
        kernel_size=4,
        activation="relu",
        output_activation="sigmoid",
    ),
    latent_dim=1024,
    likelihood="gaussian",
    sigma=0.05,
    beta=1.0,
    score_type="reconstruction",
    support_fraction=1.0,
    batch_size=64,
    max_epochs=50,
)

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

# %%
# Scores by size of the patch
# ---------------------------
#
# Four copies of each test image get a patch of normal noise each, at a place at random. With
# ``top_features`` only the worst share of the pixels counts, without another fit.

from sklearn.metrics import roc_auc_score

sizes = list(range(2, 21, 2))
shares = [0.2, 0.4, 0.6, 0.8, 1.0]
n_masks = 4
n_values = X_test[0].size
clean = detector.score_samples(X_test)
by_image = np.zeros((len(sizes), len(X_test)))
by_share = np.zeros((len(sizes), len(shares)))
auroc, pixel_auroc = np.zeros((2, len(sizes)))
for i, size in enumerate(sizes):
    masked, mask = apply_mask(X_test, size, n_masks=n_masks, noise="normal", random_state=size)
    for j, share in enumerate(shares):
        scores = detector.set_params(top_features=share).score_samples(masked)
        by_share[i, j] = -scores.mean() / (share * n_values)
    by_image[i] = -scores.reshape(len(X_test), n_masks).mean(axis=1) / n_values
    auroc[i] = roc_auc_score(np.repeat([0, 1], [len(clean), len(scores)]), -np.r_[clean, scores])
    pixel_auroc[i] = roc_auc_score(mask.ravel(), -detector.feature_scores(masked).ravel())

grows = (np.diff(by_image, axis=0) > 0).mean()
print(f"mean error from the smallest to the largest patch: {by_image.mean(axis=1).round(4)}")
print(f"an image's own mean error grows in {grows:.0%} of the steps from a size to the next")
for size, image_auroc, place_auroc in zip(sizes, auroc, pixel_auroc, strict=True):
    print(f"{size:2d} x {size:<2d}  AUROC of images {image_auroc:.3f}, of pixels {place_auroc:.3f}")

# %%
# Where is the damage?
# --------------------
#
# The map of errors shows the place of the patch, since the network cannot reconstruct noise.

import matplotlib.pyplot as plt

from skvae.plotting import ReconstructionDisplay

masked, mask = apply_mask(X_test[:1], 8, noise="normal", random_state=1)
display = ReconstructionDisplay.from_estimator(detector, masked)
display.figure_.savefig("cifar10_patch.png", dpi=110)
print("figure: cifar10_patch.png")

# %%
# How large must a patch be?
# --------------------------
#
# The error of most images grows with the patch, and that of the worst pixels grows most. Damaged
# pixels are told from others at all sizes, and damaged images from clean ones when the patch is
# large.

figure, axes = plt.subplots(1, 3, figsize=(14, 4.2), layout="constrained")
axes[0].plot(sizes, by_image, color="0.7", linewidth=0.5)
axes[0].plot(sizes, by_image.mean(axis=1), color="#e07a1f", label="mean")
axes[0].set(title="Every image, all pixels", ylabel="mean squared error")
axes[0].legend(frameon=False)
for j, share in enumerate(shares):
    axes[1].plot(sizes, by_share[:, j], label=f"worst {share:.0%}")
axes[1].set(title="Mean, by share of pixels", ylabel="mean squared error of these")
axes[1].legend(frameon=False)
axes[2].plot(sizes, auroc, marker="o", label="damaged against clean images")
axes[2].plot(sizes, pixel_auroc, marker="o", label="damaged against other pixels")
axes[2].set(title="Telling the damage", ylabel="AUROC", ylim=(0.45, 1.02))
axes[2].legend(frameon=False, loc="lower right")
for axis in axes:
    axis.set(xlabel="size of the patch", xticks=sizes[1::2])
figure.savefig("cifar10_masks.png", dpi=110)
print("figure: cifar10_masks.png")
