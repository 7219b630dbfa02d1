"""
A table as it is: words, gaps and units of all kinds
====================================================

Which of these penguins are odd? Their table holds words, such as species and sex, measurements in
millimetres and grams, and gaps. Detectors take it as it is: no encoder, no imputer and no scaler
comes before them.
"""

# %%
# From frame to flagged rows
# --------------------------
#
# The 344 penguins come with the package. Nothing was measured of two of them, and the sex of nine
# others is not known.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skvae import VAEOutlierDetector
from skvae.datasets import load_penguins

penguins = load_penguins()
detector = VAEOutlierDetector(contamination=0.02, random_state=0).fit(penguins)
flagged = penguins[detector.predict(penguins) == -1]
print(flagged.to_string())

# %%
# Why are they odd?
# -----------------
#
# ``feature_scores`` has one column for each column of the table, also for words. All scores are log
# densities in nats, so that a word and a number can be compared. We write each flagged row with its
# cells, the oddest of them dark, and order the rows by their scores.
#
# At the top stands a female Chinstrap with a bill of 58 mm, far longer than that of any other
# female. The longest bill of all, 59.6 mm, belongs to the Gentoo below her. The scores are low
# where a value contradicts the others of its row, and not only where it is far from all others: a
# bill of 46 mm is ordinary among penguins, but not among Adelies. In row 114 it is a word that
# stands out. Her bill is as deep as that of a male.

order = detector.score_samples(flagged).argsort()
flagged = flagged.iloc[order]
cells = detector.feature_scores(flagged)
typical = np.median(detector.feature_scores(penguins), axis=0)

fig, (left, right) = plt.subplots(
    1, 2, figsize=(13, 4.2), layout="constrained", width_ratios=[1, 2]
)
for species, marker in zip(["Adelie", "Chinstrap", "Gentoo"], "o^s", strict=True):
    some = penguins[penguins["species"] == species]
    left.scatter(
        some["bill_length_mm"], some["bill_depth_mm"], s=14, marker=marker, alpha=0.5, label=species
    )
left.scatter(
    flagged["bill_length_mm"],
    flagged["bill_depth_mm"],
    s=90,
    facecolors="none",
    edgecolors="black",
    label="flagged",
)
left.set(xlabel="length of the bill [mm]", ylabel="depth of the bill [mm]", title="344 penguins")
left.legend(loc="lower left", fontsize=8)

image = right.imshow(typical - cells, cmap="Reds", vmin=0, vmax=6, aspect="auto")
for row, values in enumerate(flagged.to_numpy(dtype=object)):
    for column, value in enumerate(values):
        text = "-" if pd.isna(value) else f"{value:g}" if np.isreal(value) else value
        colour = "white" if typical[column] - cells[row, column] > 3.5 else "black"
        right.text(column, row, text, ha="center", va="center", fontsize=9, color=colour)
right.set_xticks(range(penguins.shape[1]), penguins.columns.str.replace("_", "\n"), fontsize=8)
right.set_yticks(range(len(flagged)), flagged.index)
right.set(ylabel="number of the row", title="flagged rows, the oddest first")
fig.colorbar(image, ax=right, label="nats below the median of the column")
plt.show()
