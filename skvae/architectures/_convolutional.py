"""What convolutional encoders and decoders share."""

import math
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Sequence
from itertools import pairwise
from numbers import Integral
from typing import Any

from sklearn.base import BaseEstimator
from torch import Tensor, nn

from skvae._sklearn import Interval, StrOptions
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


OUTPUTS: dict[str, Callable[[], nn.Module]] = {"identity": nn.Identity, "sigmoid": nn.Sigmoid}
LAYERS: dict[int, tuple[type[nn.Module], type[nn.Module], type[nn.Module]]] = {
    1: (nn.Conv1d, nn.ConvTranspose1d, nn.BatchNorm1d),
    2: (nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d),
}


class Convolutional(BaseEstimator, metaclass=ABCMeta):
    """What convolutional architectures share, whatever the number of dimensions."""

    _parameter_constraints: dict = {
        "filters": ["array-like", Interval(Integral, 1, None, closed="left")],
        "decoder_filters": ["array-like", Interval(Integral, 1, None, closed="left"), None],
        "kernel_size": [Interval(Integral, 2, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "batch_normalization": ["boolean"],
        "output_activation": [StrOptions(set(OUTPUTS))],
    }
    _n_dims: int

    filters: int | Sequence[int]
    decoder_filters: int | Sequence[int] | None
    kernel_size: int
    activation: str
    batch_normalization: bool
    output_activation: str

    def build_encoder(self, input_shape: tuple[int, ...], n_outputs: int) -> nn.Sequential:
        """Build a module from rows to latent codes, as :meth:`MLP.build_encoder` does."""
        self._validate_params()
        convolution, _, _ = LAYERS[self._n_dims]
        grid, n_channels = self._grid(input_shape)
        filters = self._sizes("filters")
        layers: list[nn.Module] = [ToChannels(grid, n_channels)]
        for n_inputs, n_filters in pairwise([n_channels, *filters]):
            layers.append(convolution(n_inputs, n_filters, **self._kernel))
            layers += self._between(n_filters)
        n_values = filters[-1] * math.prod(self._halved(grid)[-1])
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(n_values, n_outputs))

    def build_decoder(self, n_inputs: int, output_shape: tuple[int, ...]) -> nn.Sequential:
        """Build a module from latent codes to rows, as :meth:`MLP.build_decoder` does."""
        self._validate_params()
        _, transposed, _ = LAYERS[self._n_dims]
        grid, n_channels = self._grid(output_shape)
        grids, filters = self._halved(grid)[::-1], self._sizes("filters")[::-1]
        if self.decoder_filters is not None:
            n_layers, filters = len(filters), self._sizes("decoder_filters")
            if len(filters) != n_layers:
                raise ValueError(
                    f"decoder_filters must have as many entries as filters={self.filters!r}, got "
                    f"{self.decoder_filters!r}."
                )
        kernel_size, _, padding = self._kernel.values()
        layers: list[nn.Module] = [
            nn.Linear(n_inputs, filters[0] * math.prod(grids[0])),
            nn.Unflatten(1, (filters[0], *grids[0])),
        ]
        for (n_filters, n_next), (small, large) in zip(
            pairwise([*filters, n_channels]), pairwise(grids), strict=True
        ):
            # Halving rounds; what it lost is given back.
            lost = [
                wanted - ((size - 1) * 2 - 2 * padding + kernel_size)
                for size, wanted in zip(small, large, strict=True)
            ]
            layers += self._between(n_filters)
            layers.append(transposed(n_filters, n_next, **self._kernel, output_padding=tuple(lost)))
        output = OUTPUTS[self.output_activation]()
        return nn.Sequential(*layers, output, FromChannels(output_shape))

    @property
    def _kernel(self) -> dict[str, int]:
        size = int(self.kernel_size)
        return {"kernel_size": size, "stride": 2, "padding": (size - 1) // 2}

    @abstractmethod
    def _grid(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
        """Return the sizes of a row's dimensions and the number of its channels."""

    def _between(self, n_filters: int) -> list[nn.Module]:
        _, _, normalization = LAYERS[self._n_dims]
        before = [normalization(n_filters)] if self.batch_normalization else []
        return [*before, ACTIVATIONS[self.activation]()]

    def _sizes(self, name: str) -> list[int]:
        value = getattr(self, name)
        sizes: list[Any] = [value] if isinstance(value, Integral) else list(value)
        if not sizes or any(not isinstance(n, Integral) or int(n) < 1 for n in sizes):
            raise ValueError(f"{name} must be one or more positive integers, got {value!r}.")
        return [int(n) for n in sizes]

    def _halved(self, grid: tuple[int, ...]) -> list[tuple[int, ...]]:
        grids = [grid]
        n_layers = len(self._sizes("filters"))
        kernel_size, _, padding = self._kernel.values()
        for _ in range(n_layers):
            if min(grids[-1]) < 2:
                raise ValueError(
                    f"{type(self).__name__} halves each dimension {n_layers} times, once for each "
                    f"of filters={self.filters!r}, which is too often for rows of the shape "
                    f"{grid}. Use fewer filters."
                )
            grids.append(tuple((n + 2 * padding - kernel_size) // 2 + 1 for n in grids[-1]))
        return grids
