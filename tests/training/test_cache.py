"""What is kept of a training: used again if it is unharmed, and done again if not."""

import warnings

import numpy as np
import pytest
from joblib import Memory
from numpy.testing import assert_array_equal

from skvae.training.cache import remembered


def draw(seed, calls, size=200):
    """Return what follows from a seed, and count the calls."""
    calls.append(seed)
    return {"weights": np.random.RandomState(seed).normal(size=size)}


@pytest.fixture
def calls():
    return []


def kept(memory, calls, seed=0):
    return remembered(memory, draw, {"seed": seed}, {"calls": calls})


@pytest.mark.parametrize("as_memory", [False, True])
def test_an_equal_call_is_made_once(tmp_path, calls, as_memory):
    memory = Memory(tmp_path, verbose=0) if as_memory else tmp_path
    first, again = kept(memory, calls), kept(memory, calls)
    assert calls == [0]
    assert_array_equal(first["weights"], again["weights"])
    kept(memory, calls, seed=1)
    assert calls == [0, 1]


@pytest.mark.parametrize("memory", [None, Memory(None, verbose=0)], ids=["none", "no place"])
def test_nothing_is_kept_without_a_place(memory):
    # Nor pickled: this is a function of this function.
    results = [remembered(memory, lambda: lambda: 3, {}) for _ in range(2)]
    assert results[0] is not results[1]


def test_a_flipped_bit_is_never_used(tmp_path, calls):
    expected = kept(tmp_path, calls)["weights"]
    (path,) = tmp_path.rglob("output.pkl")
    good = path.read_bytes()
    warned = 0
    for place in np.random.RandomState(0).choice(len(good), 40, replace=False):
        harmed = bytearray(good)
        harmed[place] ^= 1 << (place % 8)
        path.write_bytes(harmed)
        before = len(calls)
        with warnings.catch_warnings(record=True) as record:
            warnings.simplefilter("always")
            found = kept(tmp_path, calls)["weights"]
        assert_array_equal(found, expected)
        warned += any("was changed since" in str(each.message) for each in record)
        path.write_bytes(good)
        assert len(calls) in (before, before + 1)
    assert warned > 20


def test_a_place_that_cannot_keep_costs_the_cache_alone(tmp_path, calls):
    (tmp_path / "file").write_text("in the way")
    memory = tmp_path / "file" / "below"
    with pytest.warns(UserWarning, match="cannot keep or give back a training"):
        found = kept(memory, calls)
    assert calls == [0]
    assert_array_equal(found["weights"], draw(0, [])["weights"])


def test_an_error_of_the_training_is_none_of_the_place(tmp_path, calls):
    with pytest.raises(FileNotFoundError, match="rows"):
        remembered(tmp_path, read, {}, {"calls": calls})
    assert calls == [0]


def read(calls):
    calls.append(0)
    raise FileNotFoundError("rows")


@pytest.mark.filterwarnings("ignore:Unable to cache")
def test_what_cannot_be_pickled_is_not_kept(tmp_path):
    assert remembered(tmp_path, three, {})() == 3


def three():
    return lambda: 3
