import pytest
import torch
from torch import nn

from skvae.training.parameters import join_parameters, separate_parameters


def build():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
        network[2].bias.requires_grad_(False)
        return network, torch.randn(5, 3)


def test_the_network_computes_what_it_did():
    network, x = build()
    expected = network(x)
    (joined,) = join_parameters(network)
    torch.testing.assert_close(network(x), expected, rtol=0, atol=0)
    assert joined.shape == (3 * 4 + 4 + 4 * 2,)


def test_one_parameter_is_trained_like_all_of_them():
    (plain, x), (network, _) = build(), build()
    one_by_one = torch.optim.AdamW([p for p in plain.parameters() if p.requires_grad], lr=0.1)
    (joined,) = join_parameters(network)
    at_once = torch.optim.AdamW([joined], lr=0.1)
    for _ in range(3):
        one_by_one.zero_grad()
        plain(x).square().sum().backward()
        one_by_one.step()
        joined.grad.zero_()
        network(x).square().sum().backward()
        at_once.step()
    for expected, parameter in zip(plain.parameters(), network.parameters(), strict=True):
        torch.testing.assert_close(parameter, expected)


def transposed():
    return nn.ParameterList([nn.Parameter(torch.ones(2, 3).T)])


def tied():
    layers = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    layers[1].weight.data = layers[0].weight.data
    return layers


@pytest.mark.parametrize("build", [transposed, tied, lambda: nn.GRU(2, 3)])
def test_what_cannot_be_joined_is_left_alone(build):
    network = build()
    expected = [(p, p.data_ptr(), p.stride()) for p in network.parameters()]
    for parameter, (same, address, stride) in zip(join_parameters(network), expected, strict=True):
        assert parameter is same
        assert (parameter.data_ptr(), parameter.stride()) == (address, stride)


def test_a_network_without_parameters_is_an_error():
    with pytest.raises(ValueError, match="nothing to train"):
        join_parameters(nn.Identity())


def test_separated_parameters_can_be_joined_again():
    network, x = build()
    join_parameters(network)
    expected = network(x)
    separate_parameters(network)
    trained = [p for p in network.parameters() if p.requires_grad]
    assert len({p.untyped_storage().data_ptr() for p in trained}) == len(trained)
    assert torch.equal(network(x), expected)
    assert len(join_parameters(network)) == 1
