"""Convolutional encoders and decoders of images."""

import math
from collections.abc import Sequence

from skvae.architectures._convolutional import Convolutional


class Conv2d(Convolutional):
    """Convolutions over images: an encoder and, mirrored, a decoder.

    Each layer of the encoder halves height and width, and a linear layer makes the latent code
    of what is left. The decoder doubles them again, with transposed convolutions. Heights and
    widths need not be even. ``X`` has the shape (n_samples, height, width) or (n_samples, height,
    width, n_channels), or flat rows with ``image_shape``.

    Parameters
    ----------
    filters : int or sequence of int, default=(16, 32)
        The numbers of channels after each of the encoder's layers.

    decoder_filters : int or sequence of int, default=None
        The numbers of channels before each of the decoder's layers. ``None`` means
        ``filters`` in reverse.

    kernel_size : int, default=3
        The height and the width of the part of the layer before that a filter sees.

    activation : {'elu', 'gelu', 'leaky_relu', 'relu', 'silu', 'tanh'}, default='silu'
        The non-linearity after each layer but the last one; that of 'leaky_relu' has a slope of
        0.2.

    batch_normalization : bool, default=False
        Whether each channel is normalised before the non-linearity: over a batch while training,
        which then needs two rows or more, and by averages over batches afterwards.

    output_activation : {'identity', 'sigmoid'}, default='identity'
        The function that the reconstruction goes through last. 'sigmoid' keeps it between 0 and
        1.

    image_shape : tuple of int, default=None
        The shape of an image, (height, width) or (height, width, n_channels), where ``X``
        has flat rows, for instance from a scaler in the same pipeline.

    See Also
    --------
    Conv1d : For curves and sequences.
    MLP : For columns in no order, and the interface of architectures.

    Notes
    -----
    Images of whole numbers from 0 to 255, ``X`` with three or more dimensions, are divided by 255,
    batch by batch. All other images are used as they are.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from skvae import Conv2d, VAEOutlierDetector
    >>> images, digit = load_digits().images / 16, load_digits().target
    >>> detector = VAEOutlierDetector(
    ...     architecture=Conv2d(filters=(8, 16)), max_epochs=20, random_state=0
    ... )
    >>> detector = detector.fit(images[digit == 1])
    >>> means = [detector.score_samples(images[digit == each]).mean() for each in (1, 8, 0)]
    >>> np.argsort(means)  # ones are the most normal, and zeros the least
    array([2, 1, 0])
    >>> detector.feature_scores(images[:1]).shape  # a map of what is unusual
    (1, 8, 8)
    """

    _parameter_constraints: dict = {
        **Convolutional._parameter_constraints,
        "image_shape": [tuple, list, None],
    }
    _n_dims = 2

    def __init__(
        self,
        *,
        filters: int | Sequence[int] = (16, 32),
        decoder_filters: int | Sequence[int] | None = None,
        kernel_size: int = 3,
        activation: str = "silu",
        batch_normalization: bool = False,
        output_activation: str = "identity",
        image_shape: tuple[int, ...] | None = None,
    ) -> None:
        self.filters = filters
        self.decoder_filters = decoder_filters
        self.kernel_size = kernel_size
        self.activation = activation
        self.batch_normalization = batch_normalization
        self.output_activation = output_activation
        self.image_shape = image_shape

    def _grid(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
        image = shape
        if self.image_shape is not None:
            image = tuple(self._sizes("image_shape"))
            if shape not in (image, (math.prod(image),)):
                raise ValueError(
                    f"image_shape={self.image_shape!r} takes rows of shape {image} or "
                    f"{(math.prod(image),)}, but those of X have the shape {shape}."
                )
        if len(image) not in (2, 3):
            raise ValueError(
                "Conv2d takes X of shape (n_samples, height, width[, n_channels]), or flat rows "
                f"with image_shape=(height, width[, n_channels]), got images of shape {image}."
            )
        if len(image) == 3 and image[0] in (1, 3) and min(image[1:]) > 4:
            raise ValueError(
                f"Images of shape {image} seem to have their channels first; Conv2d takes them "
                "last. Use np.moveaxis(X, 1, -1)."
            )
        return image[:2], math.prod(image[2:])
