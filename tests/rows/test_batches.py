import numpy as np
import pytest
import torch

from skvae.rows import Batches, are_all_equal, subset

CPU = torch.device("cpu")


@pytest.mark.parametrize("n_rows", [1, 2, 9, 10, 11, 100, 101])
def test_each_pass_gives_each_row_once_in_batches_of_about_one_size(n_rows):
    X = np.arange(n_rows, dtype=np.float32)[:, None]
    batches = Batches(subset(X, np.arange(n_rows)), 10, CPU)
    tensors = list(batches)
    assert len(tensors) == len(batches) == -(-n_rows // 10)
    sizes = [len(tensor) for tensor in tensors]
    assert max(sizes) <= 10
    assert max(sizes) - min(sizes) <= 1
    np.testing.assert_array_equal(torch.cat(tensors).numpy(), X)


def test_shuffled_passes_differ_and_are_complete():
    X = np.arange(50, dtype=np.float32)[:, None]
    batches = Batches(subset(X, np.arange(50)), 16, CPU, shuffle=True)
    first, second = (torch.cat(list(batches)).numpy() for _ in range(2))
    assert (first != second).any()
    np.testing.assert_array_equal(np.sort(first, axis=0), X)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_batches_are_float32_and_the_array_is_not_copied(dtype):
    X = np.ones((40, 3), dtype=dtype)
    X.flags.writeable = False
    rows = subset(X, np.arange(0, 40, 2))
    assert Batches(rows, 8, CPU).X is X
    for batch in Batches(rows, 8, CPU):
        assert batch.dtype == torch.float32
        assert batch.shape[1] == 3


@pytest.mark.parametrize("values", [1, 7, 1000])
def test_what_is_gathered_together_changes_no_batch(values, monkeypatch):
    X = np.arange(60, dtype=np.float64).reshape(20, 3)
    batches = Batches(subset(X, np.arange(20)), 3, CPU)
    expected = list(batches)
    monkeypatch.setattr("skvae.rows.batches.GATHERED_VALUES", values)
    for batch, same in zip(batches, expected, strict=True):
        torch.testing.assert_close(batch, same, rtol=0, atol=0)


def test_a_device_without_room_gets_batch_after_batch(monkeypatch):
    monkeypatch.setattr("skvae.rows.batches._free_bytes", lambda device: 79)
    X = np.arange(20, dtype=np.float32)[:, None]
    batches = Batches(subset(X, np.arange(10)), 4, torch.device("meta"))
    assert batches.on_device is None
    assert [(len(batch), batch.device.type) for batch in batches] == [
        (4, "meta"), (3, "meta"), (3, "meta"),
    ]  # fmt: skip
    monkeypatch.setattr("skvae.rows.batches._free_bytes", lambda device: 81)
    assert Batches(subset(X, np.arange(10)), 4, torch.device("meta")).on_device is not None


def test_another_device_gets_the_rows_once():
    X = np.arange(20, dtype=np.float64)[:, None]
    batches = Batches(subset(X, np.arange(10, 20)), 4, torch.device("meta"))
    assert batches.on_device.device.type == "meta"
    assert batches.on_device.shape == (10, 1)
    assert batches.on_device.dtype == torch.float32
    assert [len(batch) for batch in batches] == [4, 3, 3]


@pytest.mark.parametrize("shape", [(1, 3), (50, 3), (5, 700, 700)])
def test_equal_rows_are_equal_in_all_places(shape):
    rows = np.full(shape, 3.0)
    rows[:, 0] = np.nan
    assert are_all_equal(rows)
    if len(rows) > 1:
        rows[-1, -1] += 1
        assert not are_all_equal(rows)
