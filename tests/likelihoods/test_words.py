"""Distributions of words, alone and beside numbers."""

import math

import pytest
import torch

from skvae.likelihoods import Categorical, Columns, NumbersAndWords, StudentT

N_ROWS = 50


def test_probabilities_add_up_to_one_and_have_a_floor():
    likelihood = Categorical((3, 5), N_ROWS)
    probabilities = likelihood.log_probabilities(30 * torch.randn(20, 8)).exp()
    torch.testing.assert_close(probabilities[:, 0, :3].sum(-1), torch.ones(20))
    torch.testing.assert_close(probabilities[:, 1].sum(-1), torch.ones(20))
    assert (probabilities[:, 0, :3] > 0.99 / (N_ROWS + 3)).all()


def test_a_rare_word_is_one_of_as_many_as_there_are_rows():
    likelihood = Categorical((3,), N_ROWS)
    outputs = torch.tensor([[0.0, 0.0, -1e9]])
    known, rare = (likelihood.nll(torch.tensor([[code]]), outputs).item() for code in (0.0, 2.0))
    assert known == pytest.approx(math.log(2), abs=0.05)
    assert rare == pytest.approx(math.log(N_ROWS + 3) + math.log(N_ROWS + 1), rel=1e-5)


def test_means_and_draws_are_words_that_training_knows():
    likelihood = Categorical((3, 1), N_ROWS)
    outputs = torch.tensor([[0.0, 1.0, 0.0, 0.0]]).expand(400, 4)
    torch.testing.assert_close(likelihood.mean(outputs)[0], torch.tensor([1.0, 0.0]))
    torch.manual_seed(0)
    drawn = likelihood.sample(outputs)
    assert drawn[:, 0].mean().item() == pytest.approx(math.e / (1 + math.e), abs=0.1)
    assert set(drawn[:, 0].tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("n_categories", [(), (2, 4), (2, 4, 90)])
@pytest.mark.parametrize("heteroscedastic", [False, True])
def test_each_cell_has_the_density_of_its_own_likelihood(n_categories, heteroscedastic):
    columns = Columns(3, n_categories, N_ROWS)
    shape = (3 + len(n_categories),)
    likelihood = NumbersAndWords(
        shape, columns, lambda shape: StudentT(shape, heteroscedastic=heteroscedastic)
    )
    outputs = torch.randn(20, *likelihood.output_shape)
    x = torch.cat([torch.randn(20, 3)] + [torch.randint(n, (20, 1)) for n in n_categories], dim=1)
    nll = likelihood.nll(x, outputs)
    assert nll.shape == x.shape
    n_numbers = 6 if heteroscedastic else 3
    numbers = outputs[:, :n_numbers].reshape(20, 2, 3) if heteroscedastic else outputs[:, :3]
    expected = StudentT((3,), heteroscedastic=heteroscedastic).nll(x[:, :3], numbers)
    torch.testing.assert_close(nll[:, :3], expected)
    if n_categories:
        words = Categorical((2, 4), N_ROWS).nll(x[:, 3:5], outputs[:, n_numbers : n_numbers + 6])
        torch.testing.assert_close(nll[:, 3:5], words)
    assert likelihood.mean(outputs).shape == likelihood.sample(outputs).shape == x.shape


def test_cells_without_a_value_say_and_teach_nothing():
    likelihood = NumbersAndWords((4,), Columns(2, (3, 80), N_ROWS), StudentT)
    outputs = torch.randn(30, *likelihood.output_shape, requires_grad=True)
    x = torch.cat([torch.randn(30, 2), torch.randint(3, (30, 2))], dim=1)
    observed = torch.rand(30, 4) > 0.4
    complete = likelihood.nll(x, outputs)
    nll = likelihood.nll(torch.where(observed, x, torch.nan), outputs, observed)
    torch.testing.assert_close(nll, torch.where(observed, complete, 0.0))
    (gradient,) = torch.autograd.grad(nll.sum(), outputs)
    assert gradient.isfinite().all()
    row, reconstruction = likelihood.pairs(torch.where(observed, x, torch.nan), outputs, observed)
    assert (row[~observed] == 0).all()
    assert (reconstruction[~observed] == 0).all()
