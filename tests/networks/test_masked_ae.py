from functools import partial

import pytest
import torch

from skvae import MLP
from skvae.likelihoods import Gaussian, StudentT
from skvae.networks import MaskedAE

N_CELLS = 6


def build(masked_fraction=0.35, n_partitions=2, n_cells=N_CELLS):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return MaskedAE(
            MLP(hidden_layer_sizes=(8,)),
            (n_cells,),
            3,
            partial(StudentT, heteroscedastic=True),
            masked_fraction,
            n_partitions,
        ).eval()


def rows(n_rows=16, n_cells=N_CELLS):
    return torch.randn(n_rows, n_cells, generator=torch.Generator().manual_seed(1))


def noise(n_rows, n_cells=N_CELLS):
    return torch.randn(n_rows, n_cells + 1, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("n_cells", [1, 2, 3, 4, 6, 9])
def test_each_partition_hides_each_cell_once(n_cells):
    network = build(n_partitions=3, n_cells=n_cells)
    partitions = network.hidden.reshape(3, -1, n_cells)
    assert partitions.shape[1] == {1: 1, 2: 2, 3: 2}.get(n_cells, 4)
    assert (partitions.sum(1) == 1).all()
    assert partitions.sum(2).min() >= 1


@pytest.mark.parametrize("cell", range(N_CELLS))
def test_a_cell_that_is_hidden_does_not_help_to_tell_it_or_its_group(cell):
    network = build(n_partitions=1)
    changed = rows()
    changed[:, cell] += 10
    (group,) = network.hidden[network.hidden[:, cell]]
    before, after = network.reconstruct(rows()), network.reconstruct(changed)
    assert torch.equal(before[:, group], after[:, group])
    assert not torch.equal(before[:, ~group], after[:, ~group])


def test_the_score_is_the_density_where_the_reconstruction_is_the_location():
    network = build(n_partitions=1)
    at_the_mode = network.reconstruct(rows())
    # Its own cells do not change what the network says of a cell, but the others do.
    for group in network.hidden:
        x = torch.where(group, at_the_mode, rows())
        beside = torch.where(group, at_the_mode + 0.1, rows())
        assert (network.cell_scores(x) > network.cell_scores(beside))[:, group].all()


def test_only_hidden_cells_count_in_training():
    network = build()
    (term,) = network.terms(rows(), noise(16)).values()
    hidden = network._draw_hidden(noise(16))
    assert term.weight == 1
    assert (term.values[~hidden] == 0).all()
    assert (term.values[hidden] != 0).all()


@pytest.mark.parametrize("masked_fraction", [0.1, 0.35, 0.8])
def test_the_share_of_hidden_cells(masked_fraction):
    hidden = build(masked_fraction, n_cells=50)._draw_hidden(noise(4000, 50))
    shares = hidden.float().mean(1)
    width = min(masked_fraction, 1 - masked_fraction)
    assert shares.mean() == pytest.approx(masked_fraction, abs=0.01)
    # The deviation of an even distribution, and that of its draws.
    drawn = masked_fraction * (1 - masked_fraction) - width**2 / 3
    assert shares.var() == pytest.approx(width**2 / 3 + drawn / 50, rel=0.1)


def test_without_noise_the_loss_is_that_of_the_scores():
    network = build()
    (term,) = network.terms(rows()).values()
    assert torch.equal(term.values, -network.cell_scores(rows()))


def test_rows_score_alike_in_small_and_large_batches():
    network, x = build(), rows(4096)
    with torch.inference_mode():
        for method in (network.cell_scores, network.reconstruct):
            assert torch.equal(method(x)[:32], method(x[:32]))


def test_every_parameter_gets_a_gradient():
    network = build()
    network.terms(rows(), noise(16))["reconstruction"].values.sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in network.parameters())


@pytest.mark.parametrize("likelihood", [Gaussian, StudentT])
def test_outputs_are_locations_and_scales(likelihood):
    network = likelihood((3,), sigma=0.5, heteroscedastic=True)
    outputs = torch.randn(5, *network.output_shape)
    assert network.output_shape == (2, 3)
    alone = likelihood((3,), sigma=0.5)
    x = torch.randn(5, 3)
    assert torch.equal(network.mean(outputs), outputs[:, 0])
    same_scale = torch.stack([outputs[:, 0], torch.zeros(5, 3)], dim=1)
    torch.testing.assert_close(network.nll(x, same_scale), alone.nll(x, outputs[:, 0]))
    wider = torch.stack([outputs[:, 0], torch.ones(5, 3)], dim=1)
    alone.log_sigma.data += 1
    torch.testing.assert_close(network.nll(x, wider), alone.nll(x, outputs[:, 0]))
    # No cell is as unsure as to excuse any value, and none so sure as to drown the others.
    far = torch.stack([outputs[:, 0], torch.full((5, 3), 50.0)], dim=1)
    alone.log_sigma.data += 1
    torch.testing.assert_close(network.nll(x, far), alone.nll(x, outputs[:, 0]))
