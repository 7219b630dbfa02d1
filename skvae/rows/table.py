"""The columns of a table, learned from its training rows, and its rows as float32 cells."""

from collections.abc import Iterator, Sequence
from copy import copy
from numbers import Number
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import OrdinalEncoder, StandardScaler
from sklearn.utils import gen_batches

from skvae._sklearn import safe_indexing
from skvae.rows.columns import check_kinds
from skvae.rows.frames import (
    as_objects,
    is_frame,
    is_missing,
    kind_of,
    library_of,
    new_frame,
    numbers_in,
    words_in,
)

__all__ = ["Cells", "Table"]

Rows: TypeAlias = slice | NDArray[Any]

VALUES_AT_ONCE = 2**20
# A column with a mean and a deviation as near to 0 and 1 as this is standardised already.
STANDARDIZED = 1e-5
# A column whose standard deviation is so many times as large as what is usual, or with such a
# kurtosis, has a few values so far away that they leave no room for differences among the others.
# It is bent by an inverse hyperbolic sine.
LONGEST_TAIL = 50.0
HEAVIEST_TAIL = 1000.0
SAMPLED_ROWS = 10_000
# Words that occur less often share a code, the last one, with those that training never saw.
FEWEST_OCCURRENCES = 2
STRINGS = (str, bytes)


class Table:
    r"""What the columns of a table are, and how their values become cells and come back.

    A row of cells has the numbers first, centred and scaled, and then the codes of the words, in
    the order of how many there are in a column. A cell without a value is NaN. Where a few values
    of a column are far beyond the others, its numbers are bent first:

    .. math:: x' = \mathrm{arsinh}((x - m) / s)

    with the median m, and the median distance s from it of the values that differ from it.

    Parameters
    ----------
    X : ndarray or frame of shape (n_samples, n_features)
        The training rows.

    is_word : ndarray of bool of shape (n_features,)
        Which columns hold words.

    standardize : bool
        Whether to centre and scale columns of numbers.

    names : sequence
        The names of the columns.
    """

    def __init__(
        self, X: Any, is_word: NDArray[np.bool_], *, standardize: bool, names: Sequence[Any]
    ) -> None:
        self.labels = list(names)
        self.names = [str(name) for name in names]
        self.library = library_of(X)
        self.standardizes = standardize
        self.n_rows = len(X)
        self.is_word = is_word
        self.numbers = np.flatnonzero(~is_word)
        self.words = np.flatnonzero(is_word)
        self.encoder = self._learn_words(X)
        counts = np.array([len(words) + 1 for words in self.vocabularies()], dtype=np.intp)
        self.by_count = np.argsort(counts, kind="stable")
        self.n_categories = tuple(counts[self.by_count].tolist())
        self.bent = np.empty(0, dtype=np.intp)
        self.mean, self.scale = np.zeros(len(self.numbers)), np.ones(len(self.numbers))
        self.has_gaps = any(is_missing(word) for known in self._known_words() for word in known)
        if len(self.numbers):
            self._learn_numbers(X, standardize)
        self.is_plain = not (len(self.words) or self.mean.any() or (self.scale != 1).any())

    @property
    def order(self) -> NDArray[np.intp]:
        """Which cell of a row is that of each column."""
        order = np.empty(len(self.is_word), dtype=np.intp)
        order[np.r_[self.numbers, self.words[self.by_count]]] = np.arange(len(order))
        return order

    def cells(self, X: Any) -> Any:
        """Return rows as networks see them: an array as it is or as a view, or a copy."""
        if not is_frame(X) and X.dtype.kind != "O":
            return X if self.is_plain else Cells(X, self)
        cells = np.empty((len(X), len(self.is_word)), dtype=np.float32)
        for rows in self._blocks(X):
            cells[rows] = self.cells_of(X, rows)
        return cells

    def cells_of(self, X: Any, rows: Rows) -> NDArray[np.float32]:
        """Return some rows of a table as cells."""
        some = self._some(X, rows)
        # What float32 cannot hold becomes infinite, and the network says so.
        with np.errstate(over="ignore"):
            cells = [(self._bent_numbers_of(some) - self.mean) / self.scale]
            if len(self.words):
                words = self._words_of(some)
                if any(known.dtype == object for known in self._known_words()):
                    words = words.astype(object)
                codes = self.encoder.transform(words)
                codes = np.where(words != words, np.nan, codes)[:, self.by_count]
                cells.append(np.where(codes < 0, np.array(self.n_categories) - 1, codes))
            return np.hstack(cells).astype(np.float32)

    def numbers_and_codes(self, cells: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the numbers that cells stand for, and the codes of words, in their columns."""
        rows = np.empty(cells.shape)
        rows[:, self.numbers] = self._numbers_back(cells[:, : len(self.numbers)])
        rows[:, self.words[self.by_count]] = cells[:, len(self.numbers) :]
        return rows

    def cells_back(self, rows: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the cells of such numbers and codes."""
        numbers = (self._bent_numbers_of(rows) - self.mean) / self.scale
        return np.hstack([numbers, rows[:, self.words[self.by_count]]]).astype(np.float32)

    def moved_to(self, rows: NDArray[np.float64]) -> "Table":
        """Return a table that scales numbers as suits other rows of numbers and codes."""
        table = copy(self)
        table.bent = np.empty(0, dtype=np.intp)
        if len(self.numbers):
            table._learn_numbers(rows, self.standardizes)
            table.is_plain = False
        return table

    def values(self, cells: NDArray[np.float32], like: Any = None) -> Any:
        """Return rows of cells in the units of the table, as a frame if it was one.

        The frame has the index and the types of words of ``like``, if that is one too.
        """
        numbers = self._numbers_back(cells[:, : len(self.numbers)])
        columns = dict(zip(self.numbers, numbers.astype(np.float32).T, strict=True))
        vocabularies = self.vocabularies()
        for k, codes in zip(self.by_count, cells[:, len(self.numbers) :].T, strict=True):
            j, vocabulary = self.words[k], vocabularies[k]
            # Rare words, and cells without a value, have none to come back.
            known = np.append(vocabulary.astype(object), [None])
            words = known[np.nan_to_num(codes, nan=len(vocabulary)).astype(np.intp)]
            columns[j] = words.astype(vocabulary.dtype) if vocabulary.dtype.kind == "f" else words
        in_order = [columns[j] for j in range(len(self.is_word))]
        if self.library is not None:
            like = like if library_of(like) == self.library else None
            return new_frame(self.library, self.labels, in_order, like)
        rows = np.column_stack(in_order)
        return rows if rows.dtype == object else rows.astype(np.float32)

    def _blocks(self, X: Any) -> Iterator[slice]:
        blocks: Iterator[slice] = gen_batches(len(X), max(1, VALUES_AT_ONCE // len(self.is_word)))
        return blocks

    def _learn_numbers(self, X: Any, standardize: bool) -> None:
        scaler = self._moments(X)
        self.has_gaps |= bool(np.min(scaler.n_samples_seen_) < len(X))
        if not standardize:
            return
        # Of a column without values the mean alone is NaN.
        unbounded = ~np.isfinite(scaler.var_) | np.isinf(scaler.mean_)
        if unbounded.any():
            name = self.names[self.numbers[np.argmax(unbounded)]]
            raise ValueError(
                f"The values of column {name!r} are too large to be squared. Divide them."
            )
        mean, scale = scaler.mean_, scaler.scale_
        is_standardized = (np.abs(mean) <= STANDARDIZED) & (np.abs(scale - 1) <= STANDARDIZED)
        self._bend(X, mean, scale, ~is_standardized)
        if len(self.bent):
            scaler = self._moments(X)
            mean, scale = scaler.mean_, scaler.scale_
        # A column without any value stays without, since its mean is NaN.
        self.mean = np.where(is_standardized, 0.0, mean)
        self.scale = np.where(is_standardized, 1.0, scale)

    def _moments(self, X: Any) -> StandardScaler:
        scaler = StandardScaler()
        for rows in self._blocks(X):
            with np.errstate(over="ignore", invalid="ignore"):
                scaler.partial_fit(self._bent_numbers_of(self._some(X, rows)))
            # A mean of no values is NaN, and would stay so when values come.
            empty = np.broadcast_to(scaler.n_samples_seen_ == 0, scaler.mean_.shape)
            scaler.mean_[empty] = scaler.var_[empty] = 0.0
        scaler.mean_[empty] = np.nan
        return scaler

    def _bend(
        self,
        X: Any,
        mean: NDArray[np.float64],
        deviation: NDArray[np.float64],
        may_bend: NDArray[np.bool_],
    ) -> None:
        """Learn what bends the tails of columns, where they need it, from a sample of the rows."""
        rows = np.linspace(0, len(X) - 1, min(len(X), SAMPLED_ROWS)).astype(np.intp)
        columns = self._numbers_of(self._some(X, rows)).T
        bent: list[tuple[int, float, float]] = []
        for k in np.flatnonzero(may_bend):
            known = columns[k][~np.isnan(columns[k])]
            centre = np.median(known) if len(known) else 0.0
            distances = np.abs(known - centre)
            if not distances.any():
                continue
            usual = np.median(distances[distances > 0])
            kurtosis = np.mean(((known - mean[k]) / deviation[k]) ** 4)
            if deviation[k] > LONGEST_TAIL * usual or kurtosis > HEAVIEST_TAIL:
                bent.append((int(k), centre, usual))
        self.bent = np.array([k for k, _, _ in bent], dtype=np.intp)
        self.bend_centre = np.array([centre for _, centre, _ in bent])
        self.bend_scale = np.array([usual for _, _, usual in bent])

    def _bent_numbers_of(self, some: Any) -> NDArray[np.float64]:
        numbers = self._numbers_of(some)
        if len(self.bent):
            bent = (numbers[:, self.bent] - self.bend_centre) / self.bend_scale
            numbers[:, self.bent] = np.arcsinh(bent)
        return numbers

    def _numbers_back(self, cells: NDArray[np.float32]) -> NDArray[np.float64]:
        numbers: NDArray[np.float64] = cells * self.scale + self.mean
        if len(self.bent):
            bent = np.sinh(numbers[:, self.bent])
            numbers[:, self.bent] = bent * self.bend_scale + self.bend_centre
        return numbers

    def _some(self, X: Any, rows: Rows) -> Any:
        return safe_indexing(X, rows) if is_frame(X) else X[rows]

    def _learn_words(self, X: Any) -> OrdinalEncoder:
        encoder = OrdinalEncoder(
            min_frequency=FEWEST_OCCURRENCES,
            handle_unknown="use_encoded_value",
            unknown_value=-1,
            encoded_missing_value=np.nan,
        )
        if not len(self.words):
            return encoder
        words = self._words_of(X)
        for j, column in zip(self.words, words.T, strict=True):
            kinds = {str if isinstance(word, str) else Number for word in column if word == word}
            if len(kinds) > 1:
                raise ValueError(
                    f"Column {self.names[j]!r} mixes words and numbers. Make words of all, for "
                    "instance with astype(str)."
                )
        return encoder.fit(words)

    def _known_words(self) -> list[NDArray[Any]]:
        return self.encoder.categories_ if len(self.words) else []

    def vocabularies(self) -> list[NDArray[Any]]:
        """Return the words of each column that have a code of their own, in its order."""
        vocabularies = []
        rare = self.encoder.infrequent_categories_ if len(self.words) else []
        for known, infrequent in zip(self._known_words(), rare, strict=True):
            words = known[[not is_missing(word) for word in known]]
            if infrequent is not None:
                words = words[~np.isin(words, infrequent)]
            vocabularies.append(words)
        return vocabularies

    def _numbers_of(self, some: Any) -> NDArray[np.float64]:
        if not is_frame(some) and some.dtype.kind != "O":
            return np.array(some[:, self.numbers], dtype=np.float64, order="C")
        columns = np.empty((len(some), len(self.numbers)))
        for k, j in enumerate(self.numbers):
            try:
                columns[:, k] = numbers_in(safe_indexing(some, int(j), axis=1))
            except (OverflowError, TypeError, ValueError) as error:
                raise ValueError(f"Column {self.names[j]!r} holds no numbers: {error}") from error
            if np.isinf(columns[:, k]).any():
                raise ValueError(f"Column {self.names[j]!r} contains infinity.")
        return columns

    def _words_of(self, some: Any) -> NDArray[Any]:
        are_objects = is_frame(some) or some.dtype.kind == "O"
        words = np.empty((len(some), len(self.words)), dtype=object if are_objects else np.float64)
        for k, j in enumerate(self.words):
            column = safe_indexing(some, int(j), axis=1)
            words[:, k] = words_in(column) if are_objects else _codes(column)
        return words

    def check(self, X: Any) -> None:
        """Raise an error if a column of a frame, or of objects, has changed what it holds."""
        kinds = np.array([kind_of(X, j) for j in range(len(self.names))])
        check_kinds(kinds, self.names)
        for j in self.numbers:
            if kinds[j] == "words":
                raise ValueError(
                    f"Column {self.names[j]!r} held numbers in fit, but now it holds words."
                )
        for j, known in zip(self.words, self._known_words(), strict=True):
            was, now = _first(known), _first(as_objects(safe_indexing(X, int(j), axis=1)))
            if None not in (was, now) and isinstance(was, STRINGS) != isinstance(now, STRINGS):
                raise ValueError(
                    f"Column {self.names[j]!r} held values such as {was!r} in fit, but now it "
                    f"holds {now!r}, which is of another type."
                )


class Cells:
    """The rows of an array as cells, converted when they are asked for, and never all at once."""

    def __init__(self, X: NDArray[Any], table: Table) -> None:
        self.X = X
        self.table = table

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of rows, and of cells in a row."""
        shape: tuple[int, ...] = self.X.shape
        return shape

    def __len__(self) -> int:
        return len(self.X)

    def __getitem__(self, rows: Rows) -> NDArray[np.float32]:
        if isinstance(rows, np.ndarray) and rows.ndim > 1:
            return self[rows.ravel()].reshape(*rows.shape, -1)
        return self.table.cells_of(self.X, rows)

    def contiguous(self) -> "Cells":
        """Return the same rows, row after row in memory."""
        return Cells(np.ascontiguousarray(self.X), self.table)


def _codes(column: NDArray[Any]) -> NDArray[np.float64]:
    """Return categories that are numbers, the same ones whatever their precision."""
    codes = column.astype(np.float64)
    return np.where(codes == np.rint(codes), codes, codes.astype(np.float32))


def _first(words: NDArray[Any]) -> Any:
    """Return the first word that is there, or ``None``."""
    return next((word for word in words if not is_missing(word)), None)
