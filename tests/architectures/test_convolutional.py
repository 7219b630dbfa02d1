import pytest
import torch
from sklearn.base import clone

from skvae import AEOutlierDetector, Conv1d


@pytest.mark.parametrize("length", [4, 5, 6, 7, 31, 64])
@pytest.mark.parametrize("kernel_size", [2, 3, 4, 5])
def test_any_length(length, kernel_size):
    architecture = Conv1d(filters=(3, 5), kernel_size=kernel_size)
    encoder = architecture.build_encoder((length,), n_outputs=2)
    decoder = architecture.build_decoder(2, (length,))
    code = encoder(torch.zeros(7, length))
    assert code.shape == (7, 2)
    assert decoder(code).shape == (7, length)


def test_filters_move_along_the_curve():
    encoder = Conv1d(filters=(4,)).build_encoder((32,), n_outputs=2)
    convolution = encoder[:3]
    x = torch.zeros(1, 32)
    x[0, 10] = 1.0
    there = convolution(x)
    moved = convolution(x.roll(4, dims=1))
    torch.testing.assert_close(moved[..., 2:], there[..., :-2])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filters": ()}, r"one or more positive integers, got \(\)"),
        ({"filters": (8, 0)}, r"one or more positive integers, got \(8, 0\)"),
        ({"filters": (8, 2.5)}, "one or more positive integers"),
        ({"filters": 0}, "'filters' parameter of Conv1d"),
        ({"kernel_size": 1}, "'kernel_size' parameter of Conv1d"),
        ({"activation": "foo"}, "'activation' parameter of Conv1d"),
        ({"filters": (4,) * 4}, r"halves each dimension 4 times.*shape \(5,\). Use fewer filters"),
    ],
)
def test_bad_parameters(X, arguments, message):
    with pytest.raises(ValueError, match=message):
        AEOutlierDetector(architecture=Conv1d(**arguments)).fit(X)


def test_clone():
    architecture = clone(Conv1d(filters=7))
    assert architecture.get_params() == {"filters": 7, "kernel_size": 5, "activation": "silu"}
    assert architecture.build_encoder((8,), 1)[1].out_channels == 7
