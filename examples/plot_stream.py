"""
=======================
A stream that changes
=======================

A machine sends 100 rows an hour from five sensors that move together. After 30 hours it is set to
another speed. What was normal before is so no longer, and a detector that was fitted once flags
everything from then on. ``partial_fit`` learns the new speed and moves the threshold with it.
"""

import matplotlib.pyplot as plt
import numpy as np

from skvae import VAEOutlierDetector

N_HOURS, CHANGE, N_ROWS = 60, 30, 100
rng = np.random.RandomState(0)
couplings = rng.normal(size=(2, 5))


def readings(hour):
    """Return the rows of an hour, of which one in fifty is a fault."""
    load = rng.normal(size=(N_ROWS, 2))
    rows = load @ couplings + 0.2 * rng.normal(size=(N_ROWS, 5))
    if hour >= CHANGE:
        rows = rows * [1.5, 1, 1, 0.7, 1] + [4, 0, -3, 0, 2]
    is_fault = rng.uniform(size=N_ROWS) < 0.02
    rows[is_fault, rng.randint(5)] += 4
    return rows, is_fault


# %%
# The rows of the first five hours teach both detectors. Then each hour is judged first, and learned
# afterwards, without labels. The threshold is set to flag 5 % of normal rows.

settings = {"contamination": 0.05, "threshold": "held_out", "random_state": 0}
hours = [readings(hour) for hour in range(N_HOURS)]
first = np.concatenate([rows for rows, _ in hours[:5]])
once = VAEOutlierDetector(n_estimators=1, **settings).fit(first)
stream = VAEOutlierDetector(**settings).partial_fit(first)

flagged = {"fitted once": [], "partial_fit": []}
found, thresholds, medians = [], [], []
for rows, is_fault in hours[5:]:
    flagged["fitted once"].append((once.predict(rows[~is_fault]) == -1).mean())
    answers = stream.predict(rows)
    flagged["partial_fit"].append((answers[~is_fault] == -1).mean())
    found.append(answers[is_fault] == -1)
    thresholds.append(stream.offset_)
    medians.append(np.median(stream.score_samples(rows)))
    stream.partial_fit(rows)

# %%
# The hour of the change is seen at once: nearly all rows are flagged. From then on the share falls,
# as the network learns. Before the change, and in the last ten hours, it is near 5 %, and all
# faults are found. The threshold falls at the change, since held-out rows of the new speed
# still score low.

shares = np.array(flagged["partial_fit"])
print(f"flagged in the hour of the change: {shares[CHANGE - 5]:.0%}")
for name, part in (("before", slice(0, CHANGE - 5)), ("last ten hours", slice(-10, None))):
    print(
        f"{name}: {shares[part].mean():.1%} of normal rows flagged, "
        f"{np.concatenate(found[part]).mean():.0%} of faults found"
    )

hour = np.arange(5, N_HOURS)
figure, (top, bottom) = plt.subplots(2, 1, figsize=(8, 6), sharex=True, layout="constrained")
for name, share in flagged.items():
    top.plot(hour, share, marker=".", label=name)
top.axhline(0.05, color="0.6", linestyle=":", label="asked for")
top.set(ylabel="share of normal rows flagged", ylim=(0, 1.05))
top.legend(loc="center left", bbox_to_anchor=(0, 0.4))
bottom.plot(hour, medians, marker=".", label="median score of the hour")
bottom.plot(hour, thresholds, color="black", label="threshold")
bottom.set(xlabel="hour", ylabel="score (nats)")
bottom.set_yscale("symlog", linthresh=10)
bottom.legend(loc="lower left")
for axes in (top, bottom):
    axes.axvline(CHANGE, color="tab:red", linewidth=1)
text = {"textcoords": "offset points", "ha": "right", "color": "tab:red"}
top.annotate("the speed changes", (CHANGE, 0.8), (-6, 0), **text)
plt.show()
