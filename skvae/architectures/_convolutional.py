"""Convolutional encoders and decoders."""

import math
from collections.abc import Sequence
from itertools import pairwise
from numbers import Integral
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions
from torch import Tensor, nn

from skvae.architectures._activations import ACTIVATIONS


class ToChannels(nn.Module):
    """Rows, channels last or flat, to what torch convolves."""

    def __init__(self, sizes: Sequence[int], n_channels: int) -> None:
        super().__init__()
        self.shape = (*sizes, n_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Move the channels, which come last, to the front of each row."""
        return x.reshape(-1, *self.shape).movedim(-1, 1)

    def extra_repr(self) -> str:
        """Say what a row is seen as."""
        return f"shape={self.shape}"


class FromChannels(nn.Module):
    """The way back."""

    def __init__(self, output_shape: Sequence[int]) -> None:
        super().__init__()
        self.output_shape = tuple(output_shape)

    def forward(self, x: Tensor) -> Tensor:
        """Move the channels to the end of each row, and give it its shape."""
        return x.movedim(1, -1).reshape(-1, *self.output_shape)

    def extra_repr(self) -> str:
        """Say what a row looks like."""
        return f"output_shape={self.output_shape}"


class Convolutional(BaseEstimator):
    """What convolutional architectures share, whatever the number of dimensions."""

    _parameter_constraints: dict = {
        "filters": ["array-like", Interval(Integral, 1, None, closed="left")],
        "kernel_size": [Interval(Integral, 2, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
    }
    _convolution: type[nn.Module]
    _transposed: type[nn.Module]

    filters: int | Sequence[int]
    kernel_size: int
    activation: str

    def build_encoder(self, input_shape: tuple[int, ...], n_outputs: int) -> nn.Sequential:
        """Build a module from rows to codes.

        Parameters
        ----------
        input_shape : tuple of int
            The shape of one row.

        n_outputs : int
            The number of outputs for one row.

        Returns
        -------
        encoder : torch.nn.Sequential
            Maps ``(n_rows, *input_shape)`` to ``(n_rows, n_outputs)``.

        Raises
        ------
        ValueError
            If a row is too small for so many layers.
        """
        grid, n_channels = self._grid(input_shape)
        grids, filters = self._halved(grid), self._filters()
        layers: list[nn.Module] = [ToChannels(grid, n_channels)]
        for n_inputs, n_filters in pairwise([n_channels, *filters]):
            layers.append(
                self._convolution(
                    n_inputs, n_filters, self.kernel_size, stride=2, padding=self._padding
                )
            )
            layers.append(ACTIVATIONS[self.activation]())
        n_values = filters[-1] * math.prod(grids[-1])
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(n_values, n_outputs))

    def build_decoder(self, n_inputs: int, output_shape: tuple[int, ...]) -> nn.Sequential:
        """Build a module from codes to rows.

        Parameters
        ----------
        n_inputs : int
            The number of inputs for one row.

        output_shape : tuple of int
            The shape of one row.

        Returns
        -------
        decoder : torch.nn.Sequential
            Maps ``(n_rows, n_inputs)`` to ``(n_rows, *output_shape)``.
        """
        grid, n_channels = self._grid(output_shape)
        grids, filters = self._halved(grid)[::-1], self._filters()[::-1]
        layers: list[nn.Module] = [
            nn.Linear(n_inputs, filters[0] * math.prod(grids[0])),
            nn.Unflatten(1, (filters[0], *grids[0])),
        ]
        for (n_filters, n_next), (small, large) in zip(
            pairwise([*filters, n_channels]), pairwise(grids), strict=True
        ):
            # Halving rounds; what it lost is given back.
            lost = [
                wanted - ((size - 1) * 2 - 2 * self._padding + self.kernel_size)
                for size, wanted in zip(small, large, strict=True)
            ]
            layers.append(ACTIVATIONS[self.activation]())
            layers.append(
                self._transposed(
                    n_filters,
                    n_next,
                    self.kernel_size,
                    stride=2,
                    padding=self._padding,
                    output_padding=tuple(lost),
                )
            )
        return nn.Sequential(*layers, FromChannels(output_shape))

    @property
    def _padding(self) -> int:
        return (self.kernel_size - 1) // 2

    def _grid(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
        """Return the sizes of a row's dimensions and the number of its channels."""
        raise NotImplementedError

    def _filters(self) -> list[int]:
        self._validate_params()
        filters: Any = self.filters
        filters = [filters] if isinstance(filters, Integral) else list(filters)
        if not filters or any(not isinstance(n, Integral) or int(n) < 1 for n in filters):
            raise ValueError(
                f"filters must be one or more positive integers, got {self.filters!r}."
            )
        return filters

    def _halved(self, grid: tuple[int, ...]) -> list[tuple[int, ...]]:
        grids = [grid]
        for _ in self._filters():
            if min(grids[-1]) < 2:
                raise ValueError(
                    f"{type(self).__name__} halves each dimension {len(self._filters())} times, "
                    f"once for each of filters={self.filters!r}, which is too often for rows of "
                    f"the shape {grid}. Use fewer filters."
                )
            grids.append(
                tuple((size + 2 * self._padding - self.kernel_size) // 2 + 1 for size in grids[-1])
            )
        return grids


class Conv1d(Convolutional):
    """Convolutions along curves and sequences: an encoder and, mirrored, a decoder.

    Each layer of the encoder halves the number of points, and a linear layer makes the code
    of what is left. The decoder doubles them again, with transposed convolutions. Neighbouring
    columns of X must be neighbouring points.

    Parameters
    ----------
    filters : int or sequence of int, default=(16, 32)
        The numbers of channels of the encoder's layers. The decoder has them in reverse.

    kernel_size : int, default=5
        The number of points that a filter sees, of the layer before.

    activation : {'elu', 'gelu', 'leaky_relu', 'relu', 'silu', 'tanh'}, default='silu'
        The non-linearity after each layer, with a slope of 0.2 for 'leaky_relu'. The code
        and the reconstruction are linear in the last one.

    See Also
    --------
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

    _convolution = nn.Conv1d
    _transposed = nn.ConvTranspose1d

    def __init__(
        self,
        *,
        filters: int | Sequence[int] = (16, 32),
        kernel_size: int = 5,
        activation: str = "silu",
    ) -> None:
        self.filters = filters
        self.kernel_size = kernel_size
        self.activation = activation

    def _grid(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
        return shape, 1
