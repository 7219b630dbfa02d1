import numpy as np

from skvae.datasets import make_bumps


def test_inliers_have_one_bump_of_height_one():
    X, y = make_bumps(300, 0, n_points=1001, random_state=0)
    assert X.shape == (300, 1001)
    assert (y == 1).all()
    # The centre is a point at most half a step away.
    np.testing.assert_allclose(X.max(axis=1), 1, atol=1e-4)
    centre = X.argmax(axis=1) / 1000
    assert 0.1 <= centre.min() < 0.12
    assert 0.88 < centre.max() <= 0.9
    rises = np.diff(X, axis=1) > 0
    assert (np.diff(rises.astype(int), axis=1) == 1).sum() == 0


def test_outliers_are_inliers_with_a_second_bump():
    X, y = make_bumps(50, 30, random_state=0)
    without, same_y = make_bumps(50, 30, height=0.0, random_state=0)
    np.testing.assert_array_equal(y, same_y)
    assert (y == -1).sum() == 30
    bump = X - without
    np.testing.assert_array_equal(bump[y == 1], 0)
    np.testing.assert_allclose(bump[y == -1].max(axis=1), 0.12, atol=0.003)
    width = bump[y == -1].sum(axis=1) / 255 / 0.12 / np.sqrt(2 * np.pi)
    assert 0.008 < width.min() < width.max() < 0.05


def test_labels_are_in_random_order():
    _, y = make_bumps(50, 50, random_state=0)
    assert 20 < (y[:50] == -1).sum() < 30
    assert (y != make_bumps(50, 50, random_state=1)[1]).any()
