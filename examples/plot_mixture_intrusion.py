"""
==============================================
Network intrusions: mixtures in a latent space
==============================================

Does a latent code tell more than the reconstruction alone? An autoencoder says two things about a
row: its latent code, and how far it is from its reconstruction. :class:`~skvae.AEGMMDetector` and
:class:`~skvae.VAEGMMDetector` put a mixture of Gaussians over both, and score a row by its density
there.
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
    "AEGMMDetector": AEGMMDetector(random_state=0),
    "VAEGMMDetector": VAEGMMDetector(random_state=0),
    "VAEOutlierDetector": VAEOutlierDetector(random_state=0),
    "IsolationForest": IsolationForest(random_state=0),
}
for name, detector in detectors.items():
    detector.fit(X_train)
    if name == "IsolationForest":
        detector.offset_ = np.quantile(detector.score_samples(X_batch), 0.05)
    else:
        detector.calibrate(X_batch, contamination=0.05)

# %%
# Who ranks the attacks best?
# ---------------------------
#
# The curves of the networks rise at once: they find nearly all attacks before they flag normal
# rows. IsolationForest flags one in ten normal rows before it finds most attacks.

import matplotlib.pyplot as plt
from sklearn.metrics import RocCurveDisplay

from skvae.metrics import outlier_f1_score
from skvae.plotting import ScoreDisplay

scores = {name: detector.score_samples(X_test) for name, detector in detectors.items()}
for name, detector in detectors.items():
    print(f"{name:20s} F1 {outlier_f1_score(y_test, detector.predict(X_test)):.3f}")

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
ScoreDisplay.from_estimator(detectors["AEGMMDetector"], X_test, y_test, ax=left)
left.set_ylabel("score of AEGMMDetector")
for name in detectors:
    RocCurveDisplay.from_predictions(y_test == -1, -scores[name], name=name, ax=right)
right.set(
    xlabel="share of normal rows flagged",
    ylabel="share of attacks flagged",
    xlim=(-0.01, 0.2),
    aspect="auto",
)
right.legend(loc="lower right", frameon=False, fontsize="small")
plt.show()

# %%
# Where are the attacks in the latent space?
# ------------------------------------------
#
# A latent code of one entry can be drawn against what its reconstruction says. The attacks lie in a
# few spots, since most are equal or nearly so. Those on the far left are reconstructed as well as
# normal rows, and only their codes are odd. Those in the middle have usual codes, and only their
# reconstructions are odd. So each of the two tells what the other does not.

narrow = AEGMMDetector(latent_dim=1, random_state=0).fit(X_train)
code, distance, cosine = narrow.latent_features(X_test).T
normal, attack = y_test == 1, y_test == -1
odd_code = (code < code[normal].min()) | (code > code[normal].max())
odd_reconstruction = cosine < np.quantile(cosine[normal], 0.01)
print(f"{attack.sum()} attacks, of which have an odd")
print(f"  code alone              {(attack & odd_code & ~odd_reconstruction).sum()}")
print(f"  reconstruction alone    {(attack & ~odd_code & odd_reconstruction).sum()}")
print(f"  code and reconstruction {(attack & odd_code & odd_reconstruction).sum()}")
figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for axis, feature, title in [
    (axes[0], cosine, "cosine similarity"),
    (axes[1], distance, "relative distance"),
]:
    for of_kind, kind, colour, size in [
        (normal, "normal", "#3a6ea5", 4),
        (attack, "attack", "#e07a1f", 14),
    ]:
        axis.scatter(code[of_kind], feature[of_kind], s=size, color=colour, lw=0, label=kind)
    axis.set(title=f"Code and {title}", xlabel="code of one entry", ylabel=title)
    axis.set_xscale("symlog")
axes[0].legend(frameon=False)
plt.show()
