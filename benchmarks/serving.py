"""Scores by onnxruntime beside those by skvae, and beside IsolationForest's own graph.

Each estimator is fitted to 1,000 rows of 30 columns. Its graph scores one row, and 10,000 rows, on
one thread, in turn with the estimator itself; of 7 rounds the fastest counts. The largest
difference of scores is a share of their size, or of 1 for scores between -1 and 1.

    python -m pip install -c constraints.txt ".[onnx,bench]"
    python benchmarks/serving.py
"""

import time
import warnings
from functools import partial

import numpy as np
import onnxruntime
import torch
from skl2onnx import to_onnx
from sklearn.datasets import make_blobs
from sklearn.ensemble import IsolationForest
from threadpoolctl import threadpool_limits

import skvae.onnx
from skvae import (
    AEGMMDetector,
    AEOutlierDetector,
    EnsembleOutlierDetector,
    SamplingOutlierDetector,
    VAEGMMDetector,
    VAEOutlierDetector,
)

N_ROUNDS = 7
# skl2onnx asks for it where there are trees.
TARGET_OPSET = {"": 21, "ai.onnx.ml": 3}
ESTIMATORS = [
    VAEOutlierDetector(random_state=0),
    AEOutlierDetector(random_state=0),
    AEGMMDetector(random_state=0),
    VAEGMMDetector(random_state=0),
    SamplingOutlierDetector(random_state=0),
    EnsembleOutlierDetector(random_state=0),
    IsolationForest(random_state=0),
]


def session_of(graph):
    """Return a session of onnxruntime on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def seconds(functions, repeats):
    """Return the shortest time of each of some functions, called in turn."""
    times = [[] for _ in functions]
    for _ in range(N_ROUNDS):
        for function, taken in zip(functions, times, strict=True):
            start = time.perf_counter()
            for _ in range(repeats):
                function()
            taken.append((time.perf_counter() - start) / repeats)
    return [min(taken) for taken in times]


def main():
    torch.set_num_threads(1)
    rows = make_blobs(11_000, n_features=30, centers=3, random_state=0)[0].astype(np.float32)
    X, X_new = rows[:1000], rows[1000:]
    print(f"skvae {skvae.__version__}, onnxruntime {onnxruntime.__version__}")
    print("estimator, export (s), size (kB), largest difference;")
    print("one row (ms): here, graph, ratio; 10,000 rows (ms): here, graph, ratio")
    for estimator in ESTIMATORS:
        estimator.fit(X)
        start = time.perf_counter()
        graph = to_onnx(estimator, X[:1], target_opset=TARGET_OPSET).SerializeToString()
        export = time.perf_counter() - start
        session = session_of(graph)
        scores = estimator.score_samples(X_new)
        exported = session.run(None, {"X": X_new})[1][:, 0] + estimator.offset_
        difference = np.max(np.abs(exported - scores) / np.maximum(np.abs(scores), 1))
        figures = []
        for some, repeats in [(X_new[:1], 50), (X_new, 1)]:
            functions = [
                partial(estimator.score_samples, some),
                partial(session.run, None, {"X": some}),
            ]
            here, served = seconds(functions, repeats)
            figures.append(f"{1e3 * here:.2f} {1e3 * served:.2f} {here / served:.1f}")
        name = type(estimator).__name__
        size = len(graph) // 1000
        print(f"{name}, {export:.1f}, {size}, {difference:.1e}; {'; '.join(figures)}", flush=True)


if __name__ == "__main__":
    with threadpool_limits(1), warnings.catch_warnings():
        # Of torch's exporter.
        warnings.simplefilter("ignore", FutureWarning)
        main()
