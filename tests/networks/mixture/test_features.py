import math

import pytest
import torch
from torch.nn.functional import cosine_similarity

from skvae.networks.mixture.features import RECONSTRUCTION_FEATURES


@pytest.fixture
def x():
    return torch.randn(20, 6, generator=torch.Generator().manual_seed(0))


def test_they_are_what_their_names_say(x):
    reconstruction = x.roll(1, dims=0)
    distance = torch.linalg.vector_norm(x - reconstruction, dim=1)
    seen = [torch.cat([rows, torch.full((20, 1), math.sqrt(6))], 1) for rows in (x, reconstruction)]
    expected = {
        "euclidean": distance,
        "relative_euclidean": distance / torch.linalg.vector_norm(seen[0], dim=1),
        "cosine": cosine_similarity(*seen),
    }
    assert expected.keys() == RECONSTRUCTION_FEATURES.keys()
    for name, function in RECONSTRUCTION_FEATURES.items():
        torch.testing.assert_close(function(x, reconstruction), expected[name])
        images = x.reshape(20, 2, 3), reconstruction.reshape(20, 2, 3)
        torch.testing.assert_close(function(*images), expected[name])


def test_a_row_at_the_origin_is_no_anomaly():
    row, reconstruction = torch.zeros(1, 6), torch.full((1, 6), 0.01)
    relative = RECONSTRUCTION_FEATURES["relative_euclidean"](row, reconstruction)
    torch.testing.assert_close(relative, torch.tensor([0.01]))
    assert RECONSTRUCTION_FEATURES["cosine"](row, reconstruction) > 0.9999


@pytest.mark.parametrize("name", RECONSTRUCTION_FEATURES)
def test_gradients_are_finite_where_rows_are_zero_or_restored_exactly(name, x):
    for rows in (torch.zeros(3, 6), x):
        reconstruction = rows.clone().requires_grad_()
        RECONSTRUCTION_FEATURES[name](rows, reconstruction).sum().backward()
        assert reconstruction.grad.isfinite().all()
