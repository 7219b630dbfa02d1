import pytest
import torch
from torch import nn

from skvae import MLP
from skvae.networks.coders import build_coders


def test_coders_fit_together_and_are_ready_to_train():
    encoder, decoder = build_coders(MLP(hidden_layer_sizes=(4,), dropout=0.5), (3, 2), 6, 5, (4, 7))
    assert encoder(torch.zeros(7, 3, 2)).shape == (7, 6)
    assert decoder(torch.zeros(7, 5)).shape == (7, 4, 7)
    assert encoder.training
    assert decoder.training


class Wrong:
    def __init__(self, encoder, decoder):
        self.encoder, self.decoder = encoder, decoder

    def build_encoder(self, input_shape, n_outputs):
        return self.encoder

    def build_decoder(self, n_inputs, output_shape):
        return self.decoder


class Eager(MLP):
    def build_encoder(self, input_shape, n_outputs):
        return nn.Linear(input_shape, n_outputs)


@pytest.mark.parametrize(
    ("architecture", "n_outputs", "message"),
    [
        (Eager(), 2, r"Eager.build_encoder\(\(4,\), 2\) could not build a module: empty"),
        (MLP(), 2**40, r"MLP.build_encoder\(\(4,\), 1099511627776\) could not build"),
        (MLP(hidden_layer_sizes=2**70), 2, r"MLP.build_encoder\(\(4,\), 2\) could not build"),
    ],
)
def test_what_an_architecture_was_asked_for_is_told(architecture, n_outputs, message):
    with pytest.raises(ValueError, match=message) as caught:
        build_coders(architecture, (4,), n_outputs, n_outputs, (4,))
    assert "\n" not in str(caught.value)


def test_a_class_is_no_architecture():
    with pytest.raises(ValueError, match=r"got the class MLP. Call it: MLP\(\)"):
        build_coders(MLP, (4,), 2, 2, (4,))


@pytest.mark.parametrize(
    ("encoder", "decoder", "message"),
    [
        (
            nn.Linear(4, 3),
            nn.Linear(2, 4),
            r"Wrong.build_encoder .* to rows of shape \(2,\), .*\(3,\)",
        ),
        (
            nn.Linear(4, 2),
            nn.Linear(2, 5),
            r"Wrong.build_decoder .* to rows of shape \(4,\), .*\(5,\)",
        ),
        (None, nn.Linear(2, 4), "Wrong.build_encoder must return a torch module, got None"),
    ],
)
def test_modules_that_do_not_fit_are_named(encoder, decoder, message):
    with pytest.raises(ValueError, match=message):
        build_coders(Wrong(encoder, decoder), (4,), 2, 2, (4,))
