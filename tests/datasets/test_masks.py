import numpy as np
import pytest

from skvae.datasets import apply_mask


@pytest.fixture
def X(rng):
    return rng.uniform(0.2, 0.8, (50, 9, 7, 3))


@pytest.mark.parametrize("noise", ["uniform", "normal", "zero"])
def test_one_patch_is_damaged_and_nothing_else(X, noise):
    masked, mask = apply_mask(X, (4, 2), noise=noise, n_masks=3, random_state=0)
    copies = np.repeat(X, 3, axis=0)
    assert masked.shape == mask.shape == copies.shape
    np.testing.assert_array_equal(masked[~mask], copies[~mask])
    assert (masked[mask] != copies[mask]).all()
    for patch in mask:
        rows, columns, _ = np.nonzero(patch)
        assert patch.sum() == 4 * 2 * 3
        assert (np.ptp(rows), np.ptp(columns)) == (3, 1)


def test_patches_are_everywhere(X):
    _, mask = apply_mask(X, 2, n_masks=100, random_state=0)
    assert mask.any(axis=0).all()


def test_noise_has_its_scale_and_is_clipped(X):
    masked, mask = apply_mask(X, 5, noise="uniform", scale=0.1, n_masks=20, random_state=0)
    assert 0 <= masked[mask].min() < 0.001
    assert 0.099 < masked[mask].max() <= 0.1
    masked, mask = apply_mask(X, 5, noise="normal", scale=0.5, clip=None, random_state=0)
    noise = masked[mask] - X[mask]
    np.testing.assert_allclose([noise.mean(), noise.std()], [0, 0.5], atol=0.02)
    masked, mask = apply_mask(X, 5, noise="normal", scale=9, clip=(-1, 2), random_state=0)
    assert (masked[mask].min(), masked[mask].max()) == (-1, 2)


def test_only_some_channels(X):
    _, mask = apply_mask(X, 3, channels=[0, 2], random_state=0)
    assert mask[..., [0, 2]].sum() == 50 * 9 * 2
    assert not mask[..., 1].any()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_images_of_bytes_become_floats(X, dtype):
    images = (255 * X[..., 0]).astype(dtype)
    masked, mask = apply_mask(images, 2, random_state=0)
    assert masked.dtype == np.float32
    undamaged = images / np.float32(255) if dtype == np.uint8 else images
    np.testing.assert_array_equal(masked[~mask], undamaged[~mask])


def test_random_state_governs_and_x_stays(X):
    before = X.copy()
    first, again, other = (apply_mask(X, 3, random_state=seed)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mask_size": 8}, r"mask_size=8 must be .* at most \(9, 7\)"),
        ({"mask_size": (0, 2)}, r"mask_size=\(0, 2\) must be"),
        ({"channels": [3]}, r"channels=\[3\] must be among the 3 of X, 0 to 2"),
        ({"noise": "pink"}, "'noise' parameter of apply_mask"),
    ],
)
def test_bad_arguments(X, arguments, message):
    with pytest.raises(ValueError, match=message):
        apply_mask(X, **arguments)


def test_rows_are_no_images():
    with pytest.raises(ValueError, match=r"must have the shape .*got \(3, 4\)"):
        apply_mask(np.zeros((3, 4)), 2)
