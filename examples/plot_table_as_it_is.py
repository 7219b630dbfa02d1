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

from skvae import VAEOutlierDetector
from skvae.datasets import load_penguins
from skvae.inspection import explain
from skvae.plotting import ExplanationDisplay

penguins = load_penguins()
detector = VAEOutlierDetector(contamination=0.02, random_state=0).fit(penguins)
flagged = penguins[detector.predict(penguins) == -1]
print(flagged.to_string())

# %%
# Why are they odd?
# -----------------
#
# Each cell is replaced by what the others let expect, and :func:`~skvae.inspection.explain` asks
# how much more normal the row becomes. Words and numbers are named side by side, in the units of
# the table.
#
# The longest bill of all belongs to a Gentoo, row 185. The female Chinstrap in row 293 has the
# second longest, far longer than that of any other female. A value need not be far from all
# others: a bill of 46 mm is ordinary among penguins, but not among Adelies. In row 114 a word
# stands out too, since her bill is as deep as that of a male.

flagged = flagged.iloc[detector.score_samples(flagged).argsort()]
reasons = explain(detector, flagged, top=3)
reasons.insert(0, "penguin", flagged.index[reasons["row"]])
print(reasons.drop(columns="row").round(2).to_string(index=False))

fig, (left, right) = plt.subplots(1, 2, figsize=(12, 4.8), layout="constrained")
for species, marker in zip(["Adelie", "Chinstrap", "Gentoo"], "o^s", strict=True):
    some = penguins[penguins["species"] == species]
    left.scatter(
        some["bill_length_mm"], some["bill_depth_mm"], s=14, marker=marker, alpha=0.5, label=species
    )
bills = flagged[["bill_length_mm", "bill_depth_mm"]]
left.scatter(*bills.to_numpy().T, s=90, facecolors="none", edgecolors="black", label="flagged")
for number, bill in bills.iterrows():
    left.annotate(number, bill, xytext=(6, 4), textcoords="offset points", fontsize=8)
left.margins(x=0.08)
left.set(xlabel="length of the bill [mm]", ylabel="depth of the bill [mm]", title="344 penguins")
left.legend(loc="lower left", fontsize=8)
oddest = reasons[reasons["row"] < 4].assign(row=reasons["penguin"])
ExplanationDisplay.from_explanation(oddest, ax=right)
plt.show()
