import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch import nn

from skvae import MLP


@pytest.mark.parametrize("activation", ["elu", "gelu", "leaky_relu", "relu", "silu", "tanh"])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_shapes_and_linear_ends(activation, dropout):
    mlp = MLP(hidden_layer_sizes=(7, 3), activation=activation, dropout=dropout)
    encoder, decoder = mlp.build_encoder((4, 5), 2), mlp.build_decoder(2, (4, 5))
    codes = encoder(torch.zeros(6, 4, 5))
    assert codes.shape == (6, 2)
    assert decoder(codes).shape == (6, 4, 5)
    assert isinstance(encoder[-1], nn.Linear)
    assert isinstance(decoder[-2], nn.Linear)
    linear = [layer for layer in [*encoder, *decoder] if isinstance(layer, nn.Linear)]
    assert [layer.out_features for layer in linear] == [7, 3, 2, 3, 7, 20]
    dropouts = [layer for layer in [*encoder, *decoder] if isinstance(layer, nn.Dropout)]
    assert len(dropouts) == (4 if dropout else 0)


@pytest.mark.parametrize("sizes", [16, [16], (16,), np.array([16])])
def test_sizes_may_be_a_number_or_any_sequence(sizes):
    assert MLP(hidden_layer_sizes=sizes).build_encoder((3,), 2)[0].out_features == 16


@pytest.mark.parametrize("sizes", [(), (8, 0), (8, -1), (2.5,)])
def test_sizes_must_be_positive(sizes):
    with pytest.raises(
        ValueError, match=r"hidden_layer_sizes must be .* positive integers, got .*\("
    ):
        MLP(hidden_layer_sizes=sizes).build_encoder((3,), 2)


@pytest.mark.parametrize(
    "parameter", [{"hidden_layer_sizes": 0}, {"activation": "magic"}, {"dropout": 1.0}]
)
def test_other_parameters_get_the_standard_error(parameter):
    (name,) = parameter
    with pytest.raises(ValueError, match=f"The '{name}' parameter of MLP must be"):
        MLP(**parameter).build_decoder(2, (3,))


def test_it_is_cloned_and_searched_like_any_estimator():
    mlp = MLP(dropout=0.1)
    assert clone(mlp).set_params(activation="tanh").get_params() == {
        "hidden_layer_sizes": (128, 128),
        "activation": "tanh",
        "dropout": 0.1,
    }
