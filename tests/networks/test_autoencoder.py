import torch

from skvae import MLP
from skvae.networks import AutoEncoder


def test_loss_is_the_mean_score_with_the_other_sign():
    network = AutoEncoder(MLP(hidden_layer_sizes=(8,)), (5,), 2).eval()
    x = torch.randn(16, 5, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(network.loss(x)["loss"], -network.row_scores(x, 1.0).mean())


def test_every_parameter_gets_a_gradient():
    network = AutoEncoder(MLP(hidden_layer_sizes=(8,)), (5,), 2)
    network.loss(torch.randn(16, 5, generator=torch.Generator().manual_seed(0)))["loss"].backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in network.parameters())
