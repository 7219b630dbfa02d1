"""The bundled sample of payments by card."""

import numpy as np
import pytest
from conftest import DATA

from skvae.datasets import load_creditcard_sample


def test_the_sample_comes_with_the_package():
    sample = load_creditcard_sample()
    assert sample.data.shape == (5_000, 29) == (5_000, len(sample.feature_names))
    assert sample.data.dtype == np.float64
    assert (sample.target == -1).sum() == 281
    # Principal components, of which the later ones have smaller variances.
    honest = sample.data[sample.target == 1]
    assert honest[:, 0].std() > honest[:, 13].std() > honest[:, 27].std()
    assert "Open Database License" in sample.DESCR


def test_the_rows_are_those_of_the_source():
    path = DATA / "creditcard_day1.npz"
    if not path.exists():
        pytest.skip(f"The real data is not on this machine: {path}")
    X, y = load_creditcard_sample(return_X_y=True)
    with np.load(path) as source:
        known = {
            (*np.rint(100.0 * row).astype(int), fraud)
            for row, fraud in zip(source["X"].astype(np.float64), source["y"] == 1, strict=True)
        }
    assert all(
        (*row, fraud) in known
        for row, fraud in zip(np.rint(100 * X).astype(int), y == -1, strict=True)
    )
