"""Convolutional encoders and decoders of curves."""

import math
from collections.abc import Sequence

from skvae.architectures._convolutional import Convolutional


class Conv1d(Convolutional):
    """Convolutions along curves and sequences: an encoder and, mirrored, a decoder.

    Each layer of the encoder halves the number of points, and a linear layer makes the latent
    code of what is left. The decoder doubles them again, with transposed convolutions. Rows are
    curves, whose neighbouring columns are neighbouring points; sequences of several channels
    are ``X`` of shape (n_samples, n_points, n_channels).

    Parameters
    ----------
    filters : int or sequence of int, default=(16, 32)
        The numbers of channels after each of the encoder's layers.

    decoder_filters : int or sequence of int, default=None
        The numbers of channels before each of the decoder's layers. ``None`` means
        ``filters`` in reverse.

    kernel_size : int, default=5
        The number of points of the layer before that a filter sees.

    activation : {'elu', 'gelu', 'leaky_relu', 'relu', 'silu', 'tanh'}, default='silu'
        The non-linearity after each layer but the last one; that of 'leaky_relu' has a slope of
        0.2.

    batch_normalization : bool, default=False
        Whether each channel is normalised before the non-linearity: over a batch while training,
        which then needs two rows or more, and by averages over batches afterwards.

    output_activation : {'identity', 'sigmoid'}, default='identity'
        The function that the reconstruction goes through last. 'sigmoid' keeps it between 0 and
        1.

    See Also
    --------
    Conv2d : For images.
    MLP : For columns in no order, and the interface of architectures.

    Examples
    --------
    >>> from skvae import AEOutlierDetector, Conv1d
    >>> from skvae.datasets import make_bumps
    >>> X, _ = make_bumps(200, 0, n_points=64, random_state=0)
    >>> detector = AEOutlierDetector(
    ...     architecture=Conv1d(filters=(8, 16)), latent_dim=4, max_epochs=5, random_state=0
    ... )
    >>> detector.fit(X).network_.encoder
    Sequential(
      (0): ToChannels(shape=(64, 1))
      (1): Conv1d(1, 8, kernel_size=(5,), stride=(2,), padding=(2,))
      (2): SiLU()
      (3): Conv1d(8, 16, kernel_size=(5,), stride=(2,), padding=(2,))
      (4): SiLU()
      (5): Flatten(start_dim=1, end_dim=-1)
      (6): Linear(in_features=256, out_features=4, bias=True)
    )
    """

    _n_dims = 1

    def __init__(
        self,
        *,
        filters: int | Sequence[int] = (16, 32),
        decoder_filters: int | Sequence[int] | None = None,
        kernel_size: int = 5,
        activation: str = "silu",
        batch_normalization: bool = False,
        output_activation: str = "identity",
    ) -> None:
        self.filters = filters
        self.decoder_filters = decoder_filters
        self.kernel_size = kernel_size
        self.activation = activation
        self.batch_normalization = batch_normalization
        self.output_activation = output_activation

    def _grid(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
        if len(shape) > 2:
            raise ValueError(
                "Conv1d takes X of shape (n_samples, n_points[, n_channels]), got rows of shape "
                f"{shape}."
            )
        return shape[:1], math.prod(shape[1:])
