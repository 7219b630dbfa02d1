"""How much a fit, and scoring, add to the peak memory of a process, on Linux.

Each case runs in a process of its own, with an array in memory or in a file::

    python benchmarks/memory.py
    python benchmarks/memory.py --rows 200000
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile

import numpy as np
import timing
import torch

from skvae import VAEOutlierDetector

N_FEATURES = 50
CASES = ("float32", "float64", "float32 file")


def fill(X):
    rng = np.random.default_rng(0)
    for chunk in np.array_split(X, len(X) // 10_000 + 1):
        chunk[:] = rng.standard_normal(chunk.shape)
    return X


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def forbid_more_than(megabytes):
    """Let the process allocate so much more than it has; the pages of a file do not count."""
    with open("/proc/self/status") as lines:
        kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmData"))
    limit = int(1024 * kilobytes + 1024**2 * megabytes)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def measure(case, n_rows, path):
    shape, dtype = (n_rows, N_FEATURES), case.split()[0]
    if case.endswith("file"):
        fill(np.memmap(path, dtype=dtype, mode="w+", shape=shape)).flush()
        X = np.memmap(path, dtype=dtype, mode="r", shape=shape)
    else:
        X = fill(np.empty(shape, dtype=dtype))
    size = X.nbytes / 1024**2
    # What any first fit loads and keeps.
    VAEOutlierDetector(max_epochs=1, random_state=0).fit(X[:1000])
    detector = VAEOutlierDetector(max_epochs=1, random_state=0)
    if case.endswith("file"):
        # The limit counts a stack for each thread too.
        torch.set_num_threads(1)
        forbid_more_than(size / 2)
        detector.fit(X).score_samples(X)
        print(f"  {case:13s} {size:6.0f} MB   fit and scored, {size / 2:.0f} MB allowed")
        return
    before = peak()
    fit_seconds = timing.seconds(lambda: detector.fit(X))
    after_fit = peak()
    score_seconds = timing.seconds(lambda: detector.score_samples(X))
    print(
        f"  {case:13s} {size:6.0f} MB   fit {after_fit - before:+6.0f} MB = "
        f"{(after_fit - before) / size:5.2f} of the array, {fit_seconds:5.1f} s   "
        f"score {peak() - after_fit:+6.0f} MB more, {score_seconds:4.1f} s"
    )


def main():
    parser = timing.parser(__doc__, rows=2_000_000)
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.case:
        with tempfile.TemporaryDirectory() as folder:
            measure(args.case, args.rows, os.path.join(folder, "rows"))
        return
    print(timing.machine())
    print(f"{args.rows:,} x {N_FEATURES}, one epoch of VAEOutlierDetector()", flush=True)
    for case in CASES:
        command = [sys.executable, __file__, "--rows", str(args.rows), "--case", case]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
