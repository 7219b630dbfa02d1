import numpy as np
import pytest
import torch
from sklearn.base import clone

from skvae import AEOutlierDetector, Conv1d, Conv2d


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
    architecture = clone(Conv1d(filters=7, kernel_size=3))
    assert (architecture.filters, architecture.kernel_size) == (7, 3)
    assert architecture.build_encoder((8,), 1)[1].out_channels == 7


@pytest.mark.parametrize("height", [4, 5, 28])
@pytest.mark.parametrize("width", [6, 7])
@pytest.mark.parametrize("kernel_size", [3, 4])
def test_any_height_and_width(height, width, kernel_size):
    architecture = Conv2d(filters=(3, 5), kernel_size=kernel_size)
    for shape in [(height, width), (height, width, 1), (height, width, 3)]:
        code = architecture.build_encoder(shape, n_outputs=2)(torch.zeros(7, *shape))
        assert code.shape == (7, 2)
        assert architecture.build_decoder(2, shape)(code).shape == (7, *shape)


def test_channels_come_last():
    encoder = Conv2d(filters=(1,)).build_encoder((4, 6, 2), n_outputs=1)
    x = torch.arange(4 * 6 * 2.0).reshape(1, 4, 6, 2)
    torch.testing.assert_close(encoder[0](x)[0, 1], x[0, :, :, 1])
    decoder = Conv2d(filters=(1,)).build_decoder(1, (4, 6, 2))
    torch.testing.assert_close(decoder[-1](encoder[0](x)), x)


def test_the_decoder_can_have_other_filters():
    architecture = Conv2d(filters=(64, 128, 512), decoder_filters=(128, 256, 64), kernel_size=4)
    decoder = architecture.build_decoder(1024, (32, 32, 3))
    layers = [layer for layer in decoder if isinstance(layer, torch.nn.ConvTranspose2d)]
    assert [layer.in_channels for layer in layers] == [128, 256, 64]
    assert decoder[0].out_features == 4 * 4 * 128
    with pytest.raises(ValueError, match=r"as many entries as filters=\(8, 16\), got \(8,\)"):
        Conv2d(filters=(8, 16), decoder_filters=(8,)).build_decoder(2, (8, 8))


def test_sigmoid_keeps_reconstructions_between_zero_and_one():
    decoder = Conv2d(output_activation="sigmoid").build_decoder(2, (8, 8))
    values = decoder(1000 * torch.randn(50, 2))
    assert 0 <= values.min() < 0.01
    assert 0.99 < values.max() <= 1


@pytest.mark.parametrize("architecture_class", [Conv1d, Conv2d])
def test_batch_normalisation_looks_at_one_row_once_trained(architecture_class):
    shape = (8,) * architecture_class._n_dims
    architecture = architecture_class(filters=(4,), batch_normalization=True)
    encoder = architecture.build_encoder(shape, n_outputs=2)
    x = torch.randn(5, *shape)
    assert (encoder(x)[:2] != encoder(x[:2])).any()
    torch.testing.assert_close(encoder.eval()(x)[:2], encoder(x[:2]))


@pytest.mark.parametrize("filters", [np.array([4, 8]), (np.int64(4), np.int64(8))])
def test_numpy_integers(filters):
    architecture = Conv2d(
        filters=filters, kernel_size=np.int64(3), image_shape=(np.int64(8), np.int64(6))
    )
    code = architecture.build_encoder((48,), n_outputs=2)(torch.zeros(3, 48))
    assert architecture.build_decoder(2, (48,))(code).shape == (3, 48)
