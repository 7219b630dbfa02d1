"""The time of scoring, many rows and one, against a bare forward pass and peers.

All score the same rows; skvae, the bare pass and PyOD with networks of the same sizes::

    python benchmarks/score_speed.py
    python benchmarks/score_speed.py --threads 2

PyOD is measured if it is installed.
"""

import bare
import equal_networks
import numpy as np
import timing
from sklearn.ensemble import IsolationForest

# Hidden layers and the size of the code.
NETWORKS = {"18-20-15-7-2": ((20, 15, 7), 2), "18-128-128-18": ((128, 128), 18)}
# The bare pass may choose.
BARE_BATCHES = (1024, 4096, 8192, 32768)


def scorers(X, hidden, latent_dim):
    """Return scoring functions of rows, by name."""
    X_train = X[:2000]
    skvae = equal_networks.skvae(hidden, latent_dim, max_epochs=1).fit(X_train)
    model = bare.BareVAE.of_sizes(X.shape[1], hidden, latent_dim)
    functions = {
        "skvae": skvae.score_samples,
        "IsolationForest": IsolationForest(random_state=0).fit(X_train).score_samples,
    }
    functions |= {
        f"bare pass, batches of {size:,}": lambda X, size=size: bare.score(model, X, size)
        for size in BARE_BATCHES
    }
    if equal_networks.PyODVAE is not None:
        pyod = equal_networks.pyod(hidden, latent_dim, epoch_num=1).fit(X_train)
        functions["PyOD"] = pyod.decision_function
    return functions


def many_rows(X, functions, n_rounds):
    times = timing.in_turn(
        {name: lambda score=score: score(X) for name, score in functions.items()}, n_rounds
    )
    for name, durations in times.items():
        print(f"    {name:30s} {len(X) / min(durations) / 1e6:6.2f} million rows a second")
    bare_passes = [name for name in times if name.startswith("bare")]
    fastest = min(bare_passes, key=lambda name: min(times[name]))
    print(f"    skvae / {fastest} {timing.ratio(times, 'skvae', fastest)}")
    for peer in ("IsolationForest", "PyOD"):
        if peer in times:
            print(f"    {peer} / skvae {timing.ratio(times, peer, 'skvae')}")


def one_row(X, functions, n_rounds):
    row = X[:1]
    n_calls = 100
    functions = {
        name: lambda score=score: [score(row) for _ in range(n_calls)]
        for name, score in functions.items()
        if name in ("skvae", "IsolationForest", "PyOD")
    }
    times = timing.in_turn(functions, n_rounds)
    for name, durations in times.items():
        print(f"    {name:30s} {min(durations) / n_calls * 1e3:6.2f} ms a row")
    for peer in ("IsolationForest", "PyOD"):
        if peer in times:
            print(f"    {peer} / skvae {timing.ratio(times, peer, 'skvae')}")


def main():
    args = timing.begin(timing.parser(__doc__, threads=1, rows=100_000, rounds=7))
    X = np.random.RandomState(0).standard_normal((args.rows, 18)).astype(np.float32)
    for name, (hidden, latent_dim) in NETWORKS.items():
        functions = scorers(X, hidden, latent_dim)
        print(f"\n{name}\n  {args.rows:,} rows")
        many_rows(X, functions, args.rounds)
        print("  one row")
        one_row(X, functions, args.rounds)


if __name__ == "__main__":
    main()
