"""A stream of network traffic beside one fit of all of it.

The bundled sample of KDD Cup 1999 is shuffled. Of three fifths the normal rows are learned, in 50
parts by ``partial_fit`` or at once by ``fit``. The others are scored. The last columns are the
shares of normal rows that are flagged, and the seconds.

    python -m pip install -c constraints.txt .
    python benchmarks/stream.py --seeds 0 1 2
"""

import argparse
import time

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from skvae import AEGMMDetector, AEOutlierDetector, VAEGMMDetector, VAEOutlierDetector
from skvae.datasets import load_kddcup99_sample

N_PARTS = 50


def fitted(detector, parts):
    """Return a detector that has learned one part, or one part after the other."""
    if len(parts) == 1:
        return detector.fit(parts[0])
    for part in parts:
        detector.partial_fit(part)
    return detector


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    bunch = load_kddcup99_sample()
    X, y = bunch.data, bunch.target
    for detector_class in (VAEOutlierDetector, AEOutlierDetector, AEGMMDetector, VAEGMMDetector):
        aurocs = []
        for seed in arguments.seeds:
            order = np.random.RandomState(seed).permutation(len(X))
            train, test = np.split(order, [len(X) * 3 // 5])
            train = train[y[train] == 1]
            print(f"{detector_class.__name__} seed {seed}", end="")
            for n_parts in (1, N_PARTS):
                start = time.perf_counter()
                detector = fitted(
                    detector_class(random_state=seed), np.array_split(X[train], n_parts)
                )
                seconds = time.perf_counter() - start
                aurocs.append(roc_auc_score(y[test], detector.score_samples(X[test])))
                flagged = np.mean(detector.predict(X[test][y[test] == 1]) == -1)
                print(f"; {n_parts}: {aurocs[-1]:.4f} {flagged:.3f} {seconds:.0f} s", end="")
            print(flush=True)
        gained = np.diff(np.reshape(aurocs, (-1, 2)))[:, 0]
        error = gained.std(ddof=1) / np.sqrt(len(gained)) if len(gained) > 1 else np.nan
        print(f"{detector_class.__name__} stream less fit: {gained.mean():+.4f} ({error:.4f})")


if __name__ == "__main__":
    main()
