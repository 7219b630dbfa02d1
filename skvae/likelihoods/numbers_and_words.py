"""Rows whose first cells are numbers, and whose others are words."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from skvae.likelihoods.base import Likelihood
from skvae.likelihoods.categorical import Categorical

__all__ = ["MOST_ONE_HOT", "WORD_DIM", "Columns", "NumbersAndWords"]

# A column of more categories would have more inputs than half the units of a default layer.
MOST_ONE_HOT = 64
# So many numbers then stand for one of its words.
WORD_DIM = 16


class Columns(NamedTuple):
    """What the cells of a row are: first numbers, and then codes of words.

    Parameters
    ----------
    n_numbers : int
        The number of cells that hold numbers.

    n_categories : tuple of int
        How many codes each of the other cells has, in ascending order.

    n_rows : int
        The number of rows to learn from.

    has_gaps : bool
        Whether cells without a value, NaN, are among them.
    """

    n_numbers: int
    n_categories: tuple[int, ...] = ()
    n_rows: int = 1
    has_gaps: bool = False

    @property
    def one_hot(self) -> tuple[int, ...]:
        """The numbers of codes of the columns that are one-hot."""
        return tuple(n for n in self.n_categories if n <= MOST_ONE_HOT)

    @property
    def embedded(self) -> tuple[int, ...]:
        """The numbers of codes of the columns that are embedded."""
        return self.n_categories[len(self.one_hot) :]


class NumbersAndWords(Likelihood):
    """Each column has a distribution of its own: ``numbers`` has that of numbers.

    The decoder returns the outputs for numbers, then the logits of one-hot words, and then
    :data:`WORD_DIM` numbers for each embedded word, which a layer makes logits of.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        columns: Columns,
        numbers: Callable[[tuple[int, ...]], Likelihood],
    ) -> None:
        super().__init__(input_shape)
        parts: list[Likelihood] = []
        layers: list[nn.Module] = []
        if columns.n_numbers:
            likelihood = numbers((columns.n_numbers,))
            parts.append(likelihood)
            layers.append(_unflatten(likelihood.output_shape))
        if columns.one_hot:
            parts.append(Categorical(columns.one_hot, columns.n_rows))
            layers.append(nn.Identity())
        for n_categories in columns.embedded:
            parts.append(Categorical((n_categories,), columns.n_rows))
            layers.append(nn.Linear(WORD_DIM, n_categories))
        self.parts: Any = nn.ModuleList(parts)
        self.layers: Any = nn.ModuleList(layers)
        self.n_cells = [part.input_shape[0] for part in parts]
        self.n_outputs = [
            WORD_DIM if isinstance(layer, nn.Linear) else math.prod(part.output_shape)
            for part, layer in zip(parts, layers, strict=True)
        ]

    @property
    def output_shape(self) -> tuple[int, ...]:
        """The shape of what the decoder returns for one row."""
        return (sum(self.n_outputs),)

    def mean(self, outputs: Tensor) -> Tensor:
        """Return the expected numbers and the most likely codes."""
        return self._joined(lambda part, outputs: part.mean(outputs), outputs)

    def sample(self, outputs: Tensor) -> Tensor:
        """Return one draw for each row."""
        return self._joined(lambda part, outputs: part.sample(outputs), outputs)

    def _nll(self, x: Tensor, outputs: Tensor) -> Tensor:
        return self._joined(lambda part, outputs, x: part.nll(x, outputs), outputs, x)

    def _pairs(self, x: Tensor, outputs: Tensor) -> tuple[Tensor, Tensor]:
        pairs = self._joined(
            lambda part, outputs, x: torch.stack(part.pairs(x, outputs)), outputs, x
        )
        return pairs[0], pairs[1]

    def _joined(
        self, function: Callable[..., Tensor], outputs: Tensor, x: Tensor | None = None
    ) -> Tensor:
        given: list[tuple[Any, ...]] = [
            (part, layer(outputs))
            for part, layer, outputs in zip(
                self.parts, self.layers, outputs.split(self.n_outputs, dim=-1), strict=True
            )
        ]
        if x is not None:
            cells = x.split(self.n_cells, dim=-1)
            given = [(*g, some) for g, some in zip(given, cells, strict=True)]
        return torch.cat([function(*arguments) for arguments in given], dim=-1)


def _unflatten(shape: tuple[int, ...]) -> nn.Module:
    return nn.Identity() if len(shape) == 1 else nn.Unflatten(-1, shape)
