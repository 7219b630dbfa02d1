"""How much more normal a row would be if a cell were what it should be."""

from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from skvae.inspection._expected import expected_cells, whole_or_usual_cells
from skvae.inspection._pipelines import before_last, keeps_columns, transformed
from skvae.inspection._variants import all_columns, cells_of, replaced, scores_of_variants
from skvae.rows.frames import is_missing

__all__ = ["Gains", "Method", "cell_gains"]

# So many cells of each row are asked a second time.
N_ASKED = 8

Method: TypeAlias = Literal["replacement", "reconstruction"]


class Gains(NamedTuple):
    """What the scores of rows gain by their cells, each of shape (n_rows, n_cells).

    ``gains`` is what a cell gains alone, or if that is more, with the best cell of its row.
    ``remaining`` is what it gains when the best one is replaced already, in a unit that is the same
    for all rows, minus infinity for a missing one, and ``expected`` what should be in it.
    """

    gains: NDArray[np.float64]
    remaining: NDArray[np.float64]
    expected: NDArray[Any]


def cell_gains(estimator: Any, X: Any, reference: Any, method: Method) -> Gains:
    """Return what the cells of rows gain if they are replaced, or by their ``feature_scores``."""
    if method == "reconstruction":
        return _by_reconstruction(estimator, X, reference)
    gains, remaining, expected = _by_replacement(estimator, X, reference)
    # What is missing is not odd, nor is what nothing is expected of.
    pairs = zip(cells_of(X).ravel(), expected.ravel(), strict=True)
    known = np.array([not (is_missing(value) or is_missing(usual)) for value, usual in pairs])
    known = known.reshape(gains.shape)
    return Gains(np.where(known, gains, 0.0), np.where(known, remaining, -np.inf), expected)


def _by_replacement(estimator: Any, X: Any, reference: Any) -> Gains:
    score, every = estimator.score_samples, all_columns(X)
    before = np.asarray(score(X), dtype=np.float64)
    expected = expected_cells(estimator, X, reference, every)
    alone = scores_of_variants(score, X, expected, every) - before[:, None]
    if alone.shape[1] < 2:
        return Gains(alone, alone, expected)
    # The best cell of each row is replaced, and those that matter most are asked again.
    rows = np.arange(len(X))
    best = alone.argmax(1)
    where = np.zeros(alone.shape, dtype=bool)
    where[rows, best] = True
    X_then = replaced(X, where, expected)
    importance = np.where(where, -np.inf, np.abs(alone))
    asked = np.argsort(-importance, axis=1, kind="stable")[:, : min(N_ASKED, alone.shape[1] - 1)]
    expected_then = expected_cells(estimator, X_then, reference, asked)
    after = scores_of_variants(score, X_then, expected_then, asked)
    remaining = alone.copy()
    remaining[rows[:, None], asked] = after - (before + alone[rows, best])[:, None]
    second = asked[rows, remaining[rows[:, None], asked].argmax(1)]
    # Cells that are odd only together gain nothing alone: then the pair's gain is that of both.
    more = remaining[rows, second] - alone[rows, second]
    remaining[rows, best] += np.maximum(more, 0.0)
    is_more = (remaining > alone) & ~where
    return Gains(
        np.maximum(alone, remaining), remaining, np.where(is_more, expected_then, expected)
    )


def _by_reconstruction(estimator: Any, X: Any, reference: Any) -> Gains:
    steps, detector = before_last(estimator)
    if not hasattr(detector, "feature_scores"):
        raise ValueError(
            f"{type(detector).__name__} has no feature_scores. Use method='replacement'."
        )
    for step in steps:
        if not keeps_columns(step):
            raise ValueError(f"{step} may move or mix columns. Use method='replacement'.")
    scores = np.asarray(detector.feature_scores(transformed(steps, X)), dtype=np.float64)
    scores = scores.reshape(len(X), -1)
    gains = scores.max(1, keepdims=True) - scores
    return Gains(gains, -scores, whole_or_usual_cells(estimator, X, reference))
