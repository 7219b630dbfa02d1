import torch

from skvae import MLP
from skvae.likelihoods import Gaussian
from skvae.networks import AE


def build(**arguments):
    return AE(MLP(hidden_layer_sizes=(8,)), (5,), 2, **arguments).eval()


def rows():
    return torch.randn(16, 5, generator=torch.Generator().manual_seed(0))


def test_the_term_is_the_squared_error():
    network = build()
    (term,) = network.terms(rows()).values()
    assert term.weight == 1
    torch.testing.assert_close(term.values, (rows() - network(rows())) ** 2)
    torch.testing.assert_close(term.values, -network.reconstruction(rows()))


def test_every_parameter_gets_a_gradient():
    for network in (build(), build(likelihood=Gaussian)):
        network.terms(rows())["reconstruction"].values.sum().backward()
        assert all(parameter.grad.abs().sum() > 0 for parameter in network.parameters())


def test_it_needs_no_noise():
    network = build()
    assert network.noise_dim == 0
    (code,) = network.codes(rows(), torch.randn(3, 2))
    assert torch.equal(code, network.encode(rows()))
