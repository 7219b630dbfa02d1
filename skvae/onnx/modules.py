"""From rows to answers as torch modules, which can be exported. All of them take float64."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from skvae.detectors import SamplingOutlierDetector
from skvae.detectors._sampling import DIFFERENT_WORDS
from skvae.detectors._sampling import LARGEST_VALUE as FARTHEST
from skvae.networks import Network
from skvae.rows import Table
from skvae.runtime.apply import LARGEST_VALUE

__all__ = [
    "Answers",
    "Asked",
    "Cells",
    "Combined",
    "Counts",
    "Difference",
    "Images",
    "Last",
    "Nearest",
    "Units",
]

# Beyond it the square root of x ** 2 + 1 is x.
LARGE = 1e10


class Asked(nn.Module):
    """What a network says of rows.

    Parameters
    ----------
    cells : Module
        From rows to what the network sees.

    network : Network
        The network, whose weights are those of the graph.

    function : callable
        What is asked of it.
    """

    def __init__(
        self, cells: nn.Module, network: Network, function: Callable[[Tensor], Tensor]
    ) -> None:
        super().__init__()
        self.cells = cells
        self.network = network
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        """Return what the network says."""
        cells = self.cells(x).float().clamp(-LARGEST_VALUE, LARGEST_VALUE)
        return self.function(cells).double()


class Images(nn.Module):
    """Images of floats as they are, and those of bytes from 0 to 1."""

    def __init__(self, are_bytes: bool) -> None:
        super().__init__()
        self.are_bytes = are_bytes

    def forward(self, x: Tensor) -> Tensor:
        """Return what a network sees."""
        return x / 255 if self.are_bytes else x


class Cells(nn.Module):
    """The rows of a table as cells: numbers, centred and scaled, and then the codes of words.

    Parameters
    ----------
    table : Table
        The columns.

    vocabularies : sequence of (ndarray or None)
        The numbers that stand for the words of each column of words, and ``None`` for a column
        that holds codes already.
    """

    numbers: Tensor
    mean: Tensor
    scale: Tensor

    def __init__(self, table: Table, vocabularies: Sequence[NDArray[Any] | None]) -> None:
        super().__init__()
        self.register_buffer("numbers", torch.tensor(table.numbers))
        self.register_buffer("mean", torch.tensor(table.mean))
        self.register_buffer("scale", torch.tensor(table.scale))
        self.bend = Bend(table) if len(table.bent) else nn.Identity()
        self.words: list[tuple[int, str | None]] = []
        for k in table.by_count:
            column, vocabulary = int(table.words[k]), vocabularies[k]
            name = None if vocabulary is None else f"vocabulary_{column}"
            self.words.append((column, name))
            if name is not None:
                self.register_buffer(name, torch.tensor(vocabulary, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        """Return the cells of rows."""
        cells = [(self.bend(x[:, self.numbers]) - self.mean) / self.scale]
        for column, name in self.words:
            values = x[:, column : column + 1]
            cells.append(values if name is None else _codes(values, getattr(self, name)))
        return torch.cat(cells, dim=1)


class Units(nn.Module):
    """Cells of numbers in the units of their table."""

    mean: Tensor
    scale: Tensor

    def __init__(self, table: Table) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(table.mean))
        self.register_buffer("scale", torch.tensor(table.scale))
        self.bend = Bend(table) if len(table.bent) else None

    def forward(self, cells: Tensor) -> Tensor:
        """Return the values of cells."""
        numbers: Tensor = cells * self.scale + self.mean
        return numbers if self.bend is None else self.bend.back(numbers)


class Bend(nn.Module):
    """The inverse hyperbolic sine of those columns that have long tails."""

    is_bent: Tensor
    centre: Tensor
    width: Tensor

    def __init__(self, table: Table) -> None:
        super().__init__()
        is_bent = torch.zeros(len(table.numbers), dtype=torch.bool)
        is_bent[table.bent] = True
        self.register_buffer("is_bent", is_bent)
        for name, values in (("centre", table.bend_centre), ("width", table.bend_scale)):
            of_all = torch.ones(len(is_bent), dtype=torch.float64)
            of_all[table.bent] = torch.tensor(values)
            self.register_buffer(name, of_all)

    def forward(self, numbers: Tensor) -> Tensor:
        """Return bent numbers."""
        # onnxruntime has no hyperbolic functions of float64.
        units = (numbers - self.centre) / self.width
        size = units.abs()
        small = size.clamp(max=LARGE)
        bent = (small + (small.square() + 1).sqrt()).log() + (size.clamp(min=LARGE) / LARGE).log()
        return torch.where(self.is_bent, bent * units.sign(), numbers)

    def back(self, numbers: Tensor) -> Tensor:
        """Return what was bent to such numbers."""
        units = (numbers.exp() - (-numbers).exp()) / 2
        return torch.where(self.is_bent, units * self.width + self.centre, numbers)


class Nearest(nn.Module):
    """The scores of a :class:`~skvae.SamplingOutlierDetector`.

    Products tell which samples are near, and differences how near, since products lose small
    distances to rounding.
    """

    numbers: Tensor
    words: Tensor
    centre: Tensor
    first: Tensor
    farthest: Tensor
    smallest: Tensor

    def __init__(self, cells: Any, detector: SamplingOutlierDetector) -> None:
        super().__init__()
        self.cells = cells
        # Arrays of floats that need no scaling stay as they are.
        table = detector._table
        if table is None:
            self.in_float32 = cells.are_bytes
        else:
            self.in_float32 = not table.is_plain or table.library is not None
        self.typical = detector._typical
        self.n_samples, self.size, n_cells = detector.samples_.shape
        n_numbers = n_cells if detector._table is None else len(detector._table.numbers)
        samples = torch.tensor(detector.samples_).flatten(0, 1)
        self.n_cells = [n_numbers, n_cells - n_numbers]
        self.register_buffer("centre", samples[:, :n_numbers].mean(0))
        self.register_buffer("numbers", samples[:, :n_numbers] - self.centre)
        self.register_buffer("words", samples[:, n_numbers:])
        first = torch.arange(self.n_samples).unsqueeze(1) * self.size
        self.register_buffer("first", first)
        # torch exports no plain number beyond float32.
        self.register_buffer("farthest", torch.tensor(FARTHEST, dtype=torch.float64))
        tiny = torch.finfo(torch.float64).tiny
        self.register_buffer("smallest", torch.tensor(tiny, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of rows."""
        points = self.cells(x).flatten(1)
        points = points.float().double() if self.in_float32 else points
        points = points.clamp(-self.farthest, self.farthest)
        numbers, words = points[:, : self.n_cells[0]] - self.centre, points[:, self.n_cells[0] :]
        known = (~numbers.isnan()).double()
        numbers = torch.where(numbers.isnan(), 0.0, numbers)
        rough = known @ self.numbers.square().T - 2 * numbers @ self.numbers.T
        of_words = self._of_words(words) if self.n_cells[1] else torch.zeros_like(rough)
        by_sample = (self.n_samples, self.size)
        rough = (rough + of_words).unflatten(1, by_sample)
        near = rough.topk(min(2, self.size), dim=2, largest=False).indices
        differences = numbers[:, None, None] - self.numbers[near + self.first]
        squares = (differences.square() * known[:, None, None]).sum(3)
        squares = squares + of_words.unflatten(1, by_sample).gather(2, near)
        nearest, farther = squares.amin(2).sqrt(), squares.amax(2).sqrt()
        # A row of the sample itself takes the second nearest.
        nearest = torch.where(nearest == 0, farther, nearest)
        n_missing = points.isnan().double().sum(1, keepdim=True)
        with_gaps = (nearest.square() + self.typical * n_missing).sqrt()
        nearest = torch.where(n_missing > 0, with_gaps, nearest)
        mean = nearest.sum(1) / self.n_samples
        return -torch.maximum(mean, self.smallest).log()

    def _of_words(self, words: Tensor) -> Tensor:
        """Return the squared distances to the samples."""
        words = words.unsqueeze(1)
        other = DIFFERENT_WORDS * (words != self.words).double()
        squares = torch.where(self.words.isnan(), 1.0, other)
        return torch.where(words.isnan(), 0.0, squares).sum(2)


class Combined(nn.Module):
    """The scores of an ensemble, given the decisions of its experts."""

    centers: Tensor
    scales: Tensor

    def __init__(
        self, centers: NDArray[np.float64], scales: NDArray[np.float64], combine: str
    ) -> None:
        super().__init__()
        self.register_buffer("centers", torch.tensor(centers))
        self.register_buffer("scales", torch.tensor(scales))
        self.takes_lowest = combine == "max"

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of rows."""
        deviations = (x - self.centers) / self.scales
        damped = deviations.sign() * deviations.abs().log1p()
        return damped.amin(1) if self.takes_lowest else damped.mean(1)


class Difference(nn.Module):
    """Rows less their reconstructions."""

    def __init__(
        self, values: nn.Module, reconstruct: nn.Module, units: nn.Module, in_float32: bool
    ) -> None:
        super().__init__()
        self.values = values
        self.reconstruct = reconstruct
        self.units = units
        self.in_float32 = in_float32

    def forward(self, x: Tensor) -> Tensor:
        """Return the differences."""
        differences: Tensor = self.values(x) - self.units(self.reconstruct(x)).float().double()
        return differences.float().double() if self.in_float32 else differences


class Counts(nn.Module):
    """How many values of rows are between edges."""

    def __init__(self, edges: NDArray[np.float64]) -> None:
        super().__init__()
        self.edges = edges.tolist()

    def forward(self, x: Tensor) -> Tensor:
        """Return the counts, of shape (n_rows, n_bins)."""
        values = x.flatten(1)
        at_least = [(values >= edge).double().sum(1) for edge in self.edges]
        first = torch.ones_like(values).sum(1)
        columns = torch.stack([first, *at_least, torch.zeros_like(first)], dim=1)
        return columns[:, :-1] - columns[:, 1:]


class Last(nn.Module):
    """The last of several numbers."""

    def forward(self, x: Tensor) -> Tensor:
        """Return one for each row."""
        return x[:, -1]


class Answers(nn.Module):
    """Labels, +1 and -1, and decisions."""

    def __init__(self, scores: nn.Module, offset: float) -> None:
        super().__init__()
        self.scores = scores
        self.offset = offset

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return both for each row, each of shape (n_rows, 1)."""
        decisions = self.scores(x).unsqueeze(1) - self.offset
        # What is no number is no normal row either.
        labels = 2 * (decisions >= 0).long() - 1
        return labels, decisions


def _codes(values: Tensor, vocabulary: Tensor) -> Tensor:
    """Return the codes of words that are numbers; those without one share the last."""
    whole = torch.where(values == values.round(), values, values.float().double())
    is_word = (whole == vocabulary).double()
    rare = len(vocabulary) * (1 - is_word.sum(1, keepdim=True))
    codes = (is_word * torch.arange(len(vocabulary))).sum(1, keepdim=True) + rare
    return torch.where(values.isnan(), values, codes)
