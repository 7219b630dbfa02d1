"""What becomes of odd input: an answer or a clear error, and never anything else.

    python benchmarks/faults.py --cases 5000

Each case is a detector with odd parameters, odd rows to fit, and odd rows to ask about. It ends as
*answered*, if all that comes back is finite and of the right shape, or *refused*, if a ValueError,
TypeError or FloatingPointError says why, before or after the fit. Anything else is a fault, which
hypothesis makes as small as it can and prints: another exception, a NaN, rows or parameters that
were changed, a half-fitted detector, or a trace in what belongs to the process. Then 200 fits and
10,000 scores of single rows are made, and must leave no memory, thread or file behind, and 20
processes are killed while they fit, and must leave a cache and a checkpoint that can be used.
"""

import argparse
import gc
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections import Counter
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from skvae import (
    MLP,
    AEGMMDetector,
    AEOutlierDetector,
    Conv1d,
    Conv2d,
    EnsembleOutlierDetector,
    SamplingOutlierDetector,
    VAEGMMDetector,
    VAEOutlierDetector,
)

REFUSED_BY = (ValueError, TypeError, FloatingPointError)
REFUSED = object()
SHAPES = [(1, 3), (2, 2), (3, 4), (40, 3), (60, 1), (50, 9), (30, 8, 8), (30, 4, 4, 1), (40, 0)]
SHAPES += [(0, 3), (5,), (), (30, 0, 3)]
EXTREMES = [np.nan, np.inf, -np.inf, 1e13, -1e300, 1e300, 1e-300, 0.0, -0.0, 2.0**63]

OWN = {"max_steps": 3, "random_state": 0}
ODD = {
    "latent_dim": [1, 2, 0, -1, 2.5, True, 10**12, "auto", None],
    "batch_size": [1, 7, 2**70, 0, "auto", 1.5],
    "lr": [1e-3, 1e6, 1e-300, 0, np.inf, np.nan, "fast"],
    "contamination": ["auto", 0.1, 0.5, 0.6, 0, 1e-9, np.nan],
    "threshold": ["auto", "training", "held_out", None],
    "architecture": [None, MLP(hidden_layer_sizes=3), Conv1d(filters=2), Conv2d(filters=2), 3],
    "random_state": [0, 2**40, "seed", np.random.RandomState(0)],
    "standardize": ["auto", True, False, 2],
    "categorical_features": [None, [0], [True], ["x"], "from_dtype", [9], []],
    "early_stopping": [False, True, 3],
    "validation_fraction": [0.1, 0.99, 0, 1],
    "weight_decay": [0.0, 1e9, -1],
    "device": ["auto", "cpu", "cuda:9", "nowhere"],
    "sigma": ["learned", 1e-3, 1e12, 1e60, 0, np.nan],
    "beta": ["auto", 0.0, 1e12, -1, np.inf],
    "likelihood": ["gaussian", "student_t", "cauchy"],
    "score_type": ["elbo", "reconstruction", "reconstruction_probability", "best"],
    "top_features": [1.0, 0.01, 0, 2],
    "support_fraction": ["auto", 0.5, 1.0, 0.1],
    "masked_fraction": [0.0, 0.35, 0.999, 1.0],
    "n_estimators": ["auto", 1, 2, 0, 300],
    "n_components": [1, 3, 10**4, 0],
    "reg_covar": [1e-6, 0, 1e30, -1],
    "energy_weight": [0.1, 0, 1e30],
}
DETECTORS = [
    VAEOutlierDetector,
    AEOutlierDetector,
    AEGMMDetector,
    VAEGMMDetector,
    SamplingOutlierDetector,
    EnsembleOutlierDetector,
]
METHODS = ["score_samples", "predict", "decision_function", "p_values", "reconstruct", "encode"]
METHODS += ["feature_scores", "expert_scores", "membership", "latent_features"]


@st.composite
def rows(draw, shapes=SHAPES):
    """Draw rows of any shape, type and container, with a few odd values among them."""
    shape = draw(st.sampled_from(shapes))
    X = np.asarray(np.random.RandomState(draw(st.integers(0, 3))).normal(size=shape))
    X *= draw(st.sampled_from([1.0, 0.0, 1e-30, 1e15, 1e200]))
    for _ in range(draw(st.integers(0, 2))):
        if X.size:
            place = draw(st.integers(0, X.size - 1))
            X.reshape(-1)[place] = draw(st.sampled_from(EXTREMES))
    kinds = ["float64", "float32", "float16", "longdouble", "int64", "uint8", "bool", "str"]
    kind = draw(st.sampled_from([*kinds, "object", "datetime64[s]", "complex128"]))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if kind == "datetime64[s]":
            X = np.nan_to_num(X, posinf=0, neginf=0).clip(-1e9, 1e9).astype("int64")
        X = np.asarray(X.astype(kind))
    if kind == "object" and X.size:
        value = draw(st.sampled_from(["word", None, 3, True, pd.NA, b"bytes"]))
        X.reshape(-1)[draw(st.integers(0, X.size - 1))] = value
    box = draw(st.sampled_from(["array", "fortran", "strided", "readonly", "list", "frame", "csr"]))
    if box == "fortran":
        return np.asfortranarray(X)
    if box == "strided" and X.ndim:
        return np.repeat(X, 2, axis=0)[::2]
    if box == "readonly":
        X.setflags(write=False)
    if box == "list":
        return X.tolist()
    if box == "frame" and X.ndim == 2:
        return pd.DataFrame(X, columns=[f"c{j}" for j in range(X.shape[1])])
    if box == "csr" and X.ndim == 2 and kind.startswith("float"):
        return csr_array(X.astype(np.float64))
    return X


@st.composite
def cases(draw):
    """Draw a detector, its training rows and new rows, half of the time of the same shape."""
    detector_class = draw(st.sampled_from(DETECTORS))
    known = detector_class().get_params(deep=False)
    parameters = {name: value for name, value in OWN.items() if name in known}
    for name in draw(st.lists(st.sampled_from(sorted(set(ODD) & set(known))), max_size=3)):
        parameters[name] = draw(st.sampled_from(ODD[name]))
    usual = [(40, 3), (60, 1), (50, 9), (30, 8, 8)]
    X = draw(rows(draw(st.sampled_from([usual, SHAPES]))))
    shape = np.shape(X) if not isinstance(X, list) else np.array(X, dtype=object).shape
    new = draw(rows(draw(st.sampled_from([[shape], SHAPES]))))
    return detector_class, parameters, X, new


def traces():
    """Return what belongs to the process, and no fit may change."""
    kind, keys, *place = np.random.get_state()  # noqa: NPY002
    return {
        "numpy's generator": (kind, keys.tobytes(), *place),
        "torch's generator": torch.random.get_rng_state().numpy().tobytes(),
        "torch's threads": torch.get_num_threads(),
        "torch's default type": torch.get_default_dtype(),
        "gradients": torch.is_grad_enabled(),
        "warning filters": list(warnings.filters),
        "floating-point errors": np.geterr(),
        "files": sorted(os.listdir()),
        "threads": threading.active_count(),
    }


def refused(method, X):
    """Return what a method answers, or REFUSED if an error of the right kind says why not."""
    try:
        return method(X)
    except REFUSED_BY as error:
        if not str(error):
            raise AssertionError("an error without a message") from error
        return REFUSED


def outcome(detector_class, parameters, X, new):
    """Return what became of a case, and raise an AssertionError for a fault."""
    X_before, new_before = deepcopy(X), deepcopy(new)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = traces()
        detector = detector_class(**parameters)
        if isinstance(detector, EnsembleOutlierDetector):
            detector.set_params(vae__max_steps=3, ae__max_steps=3)
        attributes = set(vars(detector))
        found = "answered"
        if refused(detector.fit, X) is REFUSED:
            assert set(vars(detector)) == attributes, "half fitted"
            found = "refused by fit"
        else:
            assert np.isfinite(detector.offset_), "the offset is not finite"
            for method in METHODS:
                if hasattr(detector, method):
                    answer = refused(getattr(detector, method), new)
                    if answer is REFUSED:
                        found = "refused later"
                        continue
                    assert len(answer) == len(new), f"{method} has another length"
                    if method in ("reconstruct", "feature_scores"):
                        # Words and gaps come back as such.
                        continue
                    assert np.isfinite(np.asarray(answer, dtype=float)).all(), f"{method}: NaN"
        after = traces()
    for what, value in before.items():
        assert after[what] == value, f"{what} changed"
    assert same(X, X_before), "X was changed"
    assert same(new, new_before), "the new rows were changed"
    return found


def same(one, other):
    """Tell whether rows are the very same."""
    if isinstance(one, pd.DataFrame):
        return one.equals(other) and (one.dtypes == other.dtypes).all()
    if isinstance(one, csr_array):
        one, other = one.toarray(), other.toarray()
    if isinstance(one, np.ndarray) and one.dtype != object:
        return one.dtype == other.dtype and one.tobytes() == other.tobytes()
    return repr(one) == repr(other)


def run_cases(n_cases, counts, seed=0):
    """Make cases until there are enough, and count how they end; the smallest fault is raised."""

    @settings(
        max_examples=n_cases,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def check(case):
        counts[outcome(*case)] += 1

    # What torch imports at a first fit has filters of its own.
    for detector_class in (VAEOutlierDetector, AEGMMDetector):
        detector_class(**OWN).fit(np.random.RandomState(0).normal(size=(40, 3)))
    check()


def leaks():
    """Return megabytes, threads and files that 200 fits and 10,000 scores left behind."""
    X = np.random.RandomState(0).normal(size=(60, 5))

    def work(n_fits, n_scores):
        for seed in range(n_fits):
            for detector_class in (VAEOutlierDetector, AEGMMDetector):
                detector = detector_class(**{**OWN, "random_state": seed}).fit(X)
        for _ in range(n_scores):
            detector.score_samples(X[:1])
        gc.collect()

    def now():
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        megabytes = pages * resource.getpagesize() / 2**20
        return megabytes, threading.active_count(), len(os.listdir("/proc/self/fd"))

    work(20, 500)
    before = now()
    work(100, 10_000)
    return tuple(b - a for a, b in zip(before, now(), strict=True))


FIT = """
import sys
import numpy as np
from skvae import MLP, VAEOutlierDetector
from skvae.training import checkpoints
checkpoints.INTERVAL = 0.0
X = np.random.RandomState(0).normal(size=(200, 5))
for seed in range(3):
    detector = VAEOutlierDetector(
        architecture=MLP(hidden_layer_sizes=8), n_estimators=1, max_steps=300, random_state=seed,
        memory=sys.argv[1] + "/memory", checkpoint=sys.argv[1] + f"/training {seed}",
    )
    print(detector.fit(X).score_samples(X).sum())
"""


def kills(n_kills):
    """Return in how many of the kills what was left behind gave the right scores."""
    random_source = random.Random(0)
    with tempfile.TemporaryDirectory() as clean, tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-W", "error", "-c", FIT]
        start = time.monotonic()
        expected = subprocess.check_output([*command, clean])
        longest = time.monotonic() - start
        for _ in range(n_kills):
            process = subprocess.Popen([*command, folder], stdout=subprocess.DEVNULL)
            time.sleep(random_source.uniform(0.3, 1.0) * longest)
            process.kill()
            process.wait()
        return subprocess.check_output([*command, folder]) == expected


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=20)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    counts = Counter()
    start = time.monotonic()
    run_cases(arguments.cases, counts)
    print(f"{sum(counts.values())} cases in {time.monotonic() - start:.0f} s: {dict(counts)}")
    megabytes, n_threads, n_files = leaks()
    print(
        f"200 fits and 10,000 scores left {megabytes:.1f} MB, {n_threads} threads, {n_files} files"
    )
    print(f"{arguments.kills} kills left usable files: {kills(arguments.kills)}")


if __name__ == "__main__":
    main()
