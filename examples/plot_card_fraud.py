"""
=======================================
Card fraud: how much of it can be found
=======================================

How many frauds does a detector find that has never seen one, and how much money is in them? It
learns from honest payments alone. Its threshold is set so that on average at most 1 % of new honest
payments are flagged.
"""

# %%
# Honest payments to learn from
# -----------------------------
#
# A payment has 28 numbers without a name, and an amount in euros. The sample holds all frauds of
# one day, and some of the honest payments.

import numpy as np
from sklearn.model_selection import train_test_split

from skvae.datasets import load_creditcard_sample

X, y = load_creditcard_sample(return_X_y=True)
amount = X[:, -1]
train, new = train_test_split(np.flatnonzero(y == 1), random_state=0)
new = np.r_[new, np.flatnonzero(y == -1)]
X_train, X_new, y_new, amount = X[train], X[new], y[new], amount[new]
print(f"{len(train)} honest payments to learn from")
print(f"{(y_new == 1).sum()} honest payments and {(y_new == -1).sum()} frauds to judge")

# %%
# What is found, and what is it worth?
# ------------------------------------
#
# The confusion matrix on the left counts rows. Seven in ten frauds are found, and few honest
# payments are flagged. In reality there are more honest payments for each fraud, and so more false
# alarms. On the right are the amounts, on a logarithmic scale. Half of the missed frauds are
# smaller than most honest payments.

import matplotlib.pyplot as plt
from sklearn.metrics import ConfusionMatrixDisplay

from skvae import VAEOutlierDetector

detector = VAEOutlierDetector(random_state=0).fit(X_train).calibrate(false_positive_rate=0.01)
y_found = detector.predict(X_new)

fraud, flagged = y_new == -1, y_found == -1
print(f"flagged of honest payments   {flagged[~fraud].mean():6.1%}")
print(f"found of the frauds          {flagged[fraud].mean():6.1%}")
print(f"found of the frauds' amounts {amount[fraud & flagged].sum() / amount[fraud].sum():6.1%}")

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
ConfusionMatrixDisplay.from_predictions(
    y_new,
    y_found,
    labels=[1, -1],
    display_labels=["honest", "fraud"],
    cmap="Blues",
    colorbar=False,
    ax=left,
)
kinds = {"honest": ~fraud, "fraud, found": fraud & flagged, "fraud, missed": fraud & ~flagged}
right.boxplot(
    [amount[kind] for kind in kinds.values()], tick_labels=list(kinds), widths=0.6, sym="."
)
right.set(ylabel="amount in euros", yscale="symlog")
plt.show()
