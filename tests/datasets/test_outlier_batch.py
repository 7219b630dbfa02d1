import numpy as np
import pandas as pd
import pytest

from skvae.datasets import make_outlier_batch

X = np.arange(100)[:, None]
Y = np.where(np.arange(100) < 80, 1, -1)


@pytest.mark.parametrize(
    ("n_samples", "contamination", "n_outliers"),
    [(50, 0.1, 5), (10, 0.0, 0), (20, 1.0, 20), (7, 0.2, 1), (1, 0.05, 0)],
)
def test_counts(n_samples, contamination, n_outliers):
    rows, y = make_outlier_batch(
        X, Y, n_samples=n_samples, contamination=contamination, random_state=0
    )
    assert len(rows) == len(y) == n_samples
    assert (y == -1).sum() == n_outliers
    np.testing.assert_array_equal(y, Y[rows[:, 0]])
    assert len(np.unique(rows)) == n_samples


def test_the_seed_decides_and_the_order_is_mixed():
    batches = [make_outlier_batch(X, Y, n_samples=60, random_state=seed) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(batches[0][0], batches[1][0])
    assert (batches[0][0] != batches[2][0]).any()
    y = make_outlier_batch(X, Y, n_samples=40, contamination=0.5, random_state=0)[1]
    assert (np.diff(y) != 0).sum() > 10


def test_frames_stay_frames():
    frame, _ = make_outlier_batch(pd.DataFrame(X, columns=["row"]), Y, n_samples=10)
    assert list(frame.columns) == ["row"]


def test_too_few_rows():
    with pytest.raises(ValueError, match=r"contamination=0.5 needs 30 outliers, .* only 20"):
        make_outlier_batch(X, Y, n_samples=60, contamination=0.5)
    with pytest.raises(ValueError, match="needs 95 normal rows, but there are only 80"):
        make_outlier_batch(X, Y, n_samples=100, contamination=0.05)


def test_other_labels_and_lengths():
    with pytest.raises(ValueError, match="Labels must be"):
        make_outlier_batch(X, Y == -1)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        make_outlier_batch(X, Y[:50])
