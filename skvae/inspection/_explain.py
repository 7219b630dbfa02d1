"""The cells that make rows odd, as a table."""

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from skvae._sklearn import HasMethods, Interval, StrOptions, validate_params
from skvae.inspection._gains import Method, cell_gains
from skvae.inspection._variants import as_reference, as_rows, cells_of, is_number, names_of
from skvae.rows.frames import is_frame, kind_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["explain"]

COLUMNS = ["row", "column", "value", "expected", "share", "direction"]


@validate_params(
    {
        "estimator": [HasMethods("score_samples")],
        "top": [Interval(Integral, 1, None, closed="left")],
        "method": [StrOptions({"replacement", "reconstruction"})],
    },
    prefer_skip_nested_validation=True,
)
def explain(
    estimator: Any,
    X: ArrayLike,
    *,
    top: int = 5,
    method: Method = "replacement",
    reference: ArrayLike | None = None,
) -> "pd.DataFrame":
    """Tell which cells make rows odd, and what they should have been.

    Parameters
    ----------
    estimator : object
        A fitted detector with ``score_samples``, of skvae or not, or a pipeline that ends in one.

    X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        The rows, most often those that were flagged.

    top : int, default=5
        The largest number of cells of a row.

    method : {'replacement', 'reconstruction'}, default='replacement'
        How to find the cells. 'replacement' puts the expected value in the place of each cell, and
        asks how much the score gains. Then it replaces the best cell of each row and asks again
        for the others, since some cells are odd only together. 'reconstruction' takes the lowest
        ``feature_scores``. It is cheap, and often names other cells, since a network may
        reconstruct an odd cell well and others wrongly.

    reference : array-like of shape (n_reference, n_features) or (n_reference, ...), default=None
        Rows whose usual values are what is expected where no network says it, best the training
        rows: the median of a column of numbers, and the most frequent of words. It must have the
        columns of ``X``, which is the reference by default.

    Returns
    -------
    explanation : pandas.DataFrame
        One line for each cell, those of a row together, and the most telling first.

        row
            The position of the row in ``X``.
        column
            The name of the column, ``x0``, ``x1``, ... if ``X`` is an array, or ``x[0, 1]`` for
            rows of several axes.
        value, expected
            What is in the cell, and what should be, in the units of ``X``.
        share
            The part of what the score of the row gains by all its cells. All cells of a row
            have shares that add up to 1.
        direction
            ``'above'`` or ``'below'`` what is expected, or ``'other'`` for words and flags. Words
            that an array has as codes count as numbers.

        Each cell is what could be changed alone. Once the first is, what is expected of the others
        may no longer hold. A row that gains by no cell has no line.

    Raises
    ------
    ValueError
        If nothing says what to expect in a cell: ``X`` is one row, or what a network reconstructs
        has no way back through the steps of a pipeline, and there is no ``reference``. Also if
        ``method='reconstruction'`` is asked of a detector without ``feature_scores``, or behind
        steps that may move or mix columns.

    See Also
    --------
    feature_outliers : Which cells are beyond a threshold.

    Examples
    --------
    The second column follows the first. In the last row each value is usual, but not both:

    >>> import numpy as np
    >>> from skvae import VAEOutlierDetector
    >>> from skvae.inspection import explain
    >>> rng = np.random.RandomState(0)
    >>> size = rng.uniform(1, 3, size=300)
    >>> X = np.c_[size, size**2 + rng.normal(scale=0.1, size=300), rng.normal(size=300)]
    >>> detector = VAEOutlierDetector(random_state=0).fit(X)
    >>> explain(detector, [[1.2, 8.0, 0.1]], top=1)[["column", "value", "direction"]]
      column  value direction
    0     x1    8.0     above
    """
    import pandas as pd

    rows = as_rows(X)
    if not len(rows):
        return pd.DataFrame({name: [] for name in COLUMNS})
    usual = None if reference is None else as_reference(reference, rows)
    gains, _, expected = cell_gains(estimator, rows, usual, method)
    gains = np.maximum(gains, 0.0)
    shares = gains / np.maximum(gains.sum(1, keepdims=True), np.finfo(float).tiny)
    order = np.argsort(-gains, axis=1, kind="stable")[:, :top]
    number, rank = np.nonzero(np.take_along_axis(gains, order, axis=1) > 0)
    columns = order[number, rank]
    values, should = cells_of(rows)[number, columns], expected[number, columns]
    named = np.empty(gains.shape[1], dtype=object)
    named[:] = names_of(rows)
    return pd.DataFrame(
        {
            "row": number,
            "column": named[columns],
            "value": values,
            "expected": should,
            "share": shares[number, columns],
            "direction": [
                _direction(rows, *cell) for cell in zip(columns, values, should, strict=True)
            ],
        }
    )


def _direction(X: Any, column: int, value: Any, expected: Any) -> str:
    is_word = is_frame(X) and kind_of(X, int(column)) != "numbers"
    if is_word or not (is_number(value) and is_number(expected)):
        return "other"
    return "above" if value > expected else "below"
