import pytest
import torch

from skvae.networks.cells import sum_worst


def itself(x):
    return x


@pytest.mark.parametrize(("share", "n_worst"), [(1e-6, 1), (0.2, 1), (0.21, 2), (0.6, 3), (1, 5)])
def test_a_share_of_the_cells_counts(share, n_worst):
    scores = torch.tensor([[-1.0, -2.0, -4.0, -8.0, -16.0]])
    assert sum_worst(itself, share, scores) == scores.flip(1)[:, :n_worst].sum()


def test_a_share_is_not_rounded_up_for_its_binary_digits():
    assert sum_worst(itself, 0.07, -torch.ones(1, 100)) == -7
