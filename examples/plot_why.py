"""
=========================
Why was this row flagged?
=========================

Does a detector know which cell made a row odd? We change one cell of each of 221 patients, and
compare three answers: the cell that the network scores lowest, the cell that is farthest from the
mean of its column, and the cell whose replacement makes the row most normal.
"""

# %%
# Rows with one odd cell
# ----------------------
#
# The table has ten measurements of patients with diabetes. Half of them train the detectors. In
# each of the others one cell gets the most distant value that its column has among the training
# rows. So the value alone is not new, but it contradicts the others of its row.

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.ensemble import IsolationForest

from skvae import VAEOutlierDetector
from skvae.inspection import explain

X = load_diabetes(as_frame=True, scaled=False).data.sample(frac=1, random_state=0)
X = X.reset_index(drop=True)
# The blood values are called s1 to s6.
X.columns = [*X.columns[:4], "cholesterol", "LDL", "HDL", "chol. / HDL", "log triglyc.", "glucose"]
X_train, X_new = X[:221], X[221:].reset_index(drop=True)

random = np.random.RandomState(0)
changed = X_new.astype(float)
planted = random.choice(X.columns, len(X_new))
for row, column in zip(X_new.index, planted, strict=True):
    low, high = X_train[column].min(), X_train[column].max()
    value = X_new.loc[row, column]
    changed.loc[row, column] = low if value - low > high - value else high

# %%
# Which cell is it?
# -----------------
#
# Only rows that are flagged because of the change count. The lowest feature score often names
# another cell. The network sees the odd cell, so that it reconstructs this one well and others
# wrongly. :func:`~skvae.inspection.explain` names the changed cell nearly always, and more often
# than the largest deviation does. It also explains IsolationForest, which flags fewer of these
# rows. There the medians of the training rows say what is expected.


def share_named(named, rows):
    return np.mean(np.asarray(named) == planted[rows])


detector = VAEOutlierDetector(random_state=0).fit(X_train)
rows = (detector.predict(changed) == -1) & (detector.predict(X_new) == 1)
odd = changed[rows]
deviations = ((odd - X_train.mean()) / X_train.std()).abs()
lowest = X.columns[detector.feature_scores(odd).argmin(axis=1)]
first = explain(detector, odd, top=1)["column"]
found = {
    "lowest feature score": share_named(lowest, rows),
    "largest deviation": share_named(deviations.idxmax(axis=1), rows),
    "explain": share_named(first, rows),
}
forest = IsolationForest(contamination=0.05, random_state=0).fit(X_train)
rows_forest = (forest.predict(changed) == -1) & (forest.predict(X_new) == 1)
first = explain(forest, changed[rows_forest], top=1, reference=X_train)["column"]
found["explain, IsolationForest"] = share_named(first, rows_forest)
print(f"{rows.sum()} rows flagged by the network, {rows_forest.sum()} by the forest")
for name, share in found.items():
    print(f"{name:25s} names the changed cell in {share:.0%}")

# %%
# The reasons of two rows
# -----------------------
#
# Each bar is a cell, with its value and what the others let expect. The changed cell comes first in
# both rows. An LDL as low as that in the first row does not go with its cholesterol, of which LDL
# is the largest part.

import matplotlib.pyplot as plt

from skvae.plotting import ExplanationDisplay

figure, (left, right) = plt.subplots(1, 2, figsize=(13, 4), layout="constrained")
left.barh(list(found), list(found.values()), color=["#9aa0a8", "#9aa0a8", "#3a6ea5", "#9aa0a8"])
left.invert_yaxis()
left.set(xlim=(0, 1), xlabel="share of flagged rows")
left.set_title("How often is the changed cell named?", loc="left", fontsize="medium")
left.spines[["top", "right"]].set_visible(False)
ExplanationDisplay.from_estimator(detector, odd[:2], top=3, ax=right)
print("changed were", *planted[rows][:2])
plt.show()
