import os
from pathlib import Path

# Read when scipy is imported; without it nothing about the array API is tested.
os.environ["SCIPY_ARRAY_API"] = "1"
# Read when torch is imported: the workers of pytest would wait for each other's threads.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from instances import ARGUMENTS, with_parameter
from sklearn.datasets import make_blobs

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def name(detector_class):
    return detector_class.__name__


@pytest.fixture(params=with_parameter("architecture"), ids=name)
def detector_class(request):
    """Each detector on a network."""
    return request.param


@pytest.fixture(params=ARGUMENTS, ids=name)
def any_detector_class(request):
    return request.param


@pytest.fixture(autouse=True)
def _few_forests(monkeypatch):
    """Each fold fits a forest, which takes longer than most networks here."""
    monkeypatch.setattr("skvae.detectors._reconstruction_histogram.N_FOLDS", 2)


@pytest.fixture
def X():
    return make_blobs(200, n_features=5, centers=3, random_state=0)[0]


@pytest.fixture
def rng():
    return np.random.RandomState(0)


@pytest.fixture
def kddcup99_file():
    path = DATA / "kddcup.data_10_percent.gz"
    if not path.exists():
        pytest.skip(f"The real data is not on this machine: {path}")
    return path
