"""
=================================
Flagged as often as was asked for
=================================

How many new rows does a detector flag, if all of them are normal? A threshold at the 5 % quantile
of the training scores should flag 5 %, but networks score the rows that they learned better than
new ones. Here 400 handwritten digits train an ensemble, and 1,397 others are new.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import IsolationForest
from sklearn.model_selection import train_test_split
from sklearn.neighbors import LocalOutlierFactor

from skvae import EnsembleOutlierDetector

X, _ = load_digits(return_X_y=True)
X_train, X_new = train_test_split(X / 16, train_size=400, random_state=0)
# All pixels have one unit, and those that are nearly always blank should not count more.
detector = EnsembleOutlierDetector(standardize=False, random_state=0).fit(X_train)

# %%
# ``calibrate`` moves the threshold of a fitted detector. With ``contamination`` this share of the
# given rows is flagged, here of the training rows. With ``false_positive_rate`` and no rows it
# asks the held-out scores of ``fit``. The peers are fitted anew for each share.

asked = np.array([0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3])
flagged = {
    "held-out rows": [
        detector.calibrate(false_positive_rate=share).predict(X_new) for share in asked
    ],
    "training rows": [
        detector.calibrate(X_train, contamination=share).predict(X_new) for share in asked
    ],
    "IsolationForest": [
        IsolationForest(contamination=share, random_state=0).fit(X_train).predict(X_new)
        for share in asked
    ],
    "LocalOutlierFactor": [
        LocalOutlierFactor(contamination=share, novelty=True).fit(X_train).predict(X_new)
        for share in asked
    ],
}
shares = {name: np.mean(np.array(answers) == -1, axis=1) for name, answers in flagged.items()}
for name, share in shares.items():
    print(f"{name:18s}", *(f"{value:6.1%}" for value in share))

# %%
# A p-value is the share of held-out rows that score as low as a row. The p-values of new normal
# rows are spread evenly between 0 and 1, so that their cumulative share follows the diagonal. Here
# most of it is below. The mean of three networks, which scores new rows, is less extreme than the
# single networks that score held-out ones. So fewer rows are flagged than were asked for, if these
# are a tenth or more. Many digits are outliers upside down, but a zero remains a zero.

p_values = {"new": detector.p_values(X_new), "upside down": detector.p_values(X_new[:, ::-1])}
for name, values in p_values.items():
    print(f"{name}: {np.mean(values <= 0.05):.1%} have a p-value of at most 0.05")

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
left.axline((0, 0), slope=1, color="0.8")
for (name, share), marker in zip(shares.items(), "os^D", strict=True):
    left.plot(asked, share, marker=marker, label=name)
left.set(xlabel="share asked for", ylabel="share of new rows flagged", title="Thresholds")
left.legend(frameon=False)
right.axline((0, 0), slope=1, color="0.8")
for name, values in p_values.items():
    right.ecdf(values, label=name)
right.set(xlabel="p-value", ylabel="share of rows", title="p-values of new rows")
right.legend(frameon=False, loc="lower right")
plt.show()
