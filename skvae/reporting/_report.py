"""One page about the flagged rows, that needs nothing else to be read."""

import os
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import confusion_matrix, precision_score, recall_score, roc_auc_score
from sklearn.utils import check_consistent_length, column_or_1d

from skvae._sklearn import HasMethods, safe_indexing, validate_params
from skvae.inspection import explain
from skvae.inspection._expected import reconstructing
from skvae.inspection._pipelines import before_last, offset_of, transformed
from skvae.inspection._variants import as_rows
from skvae.labels import is_outlier
from skvae.plotting import LossDisplay, ScoreDisplay
from skvae.reporting._facts import changed_settings, fitted_facts, trained_parts, versions
from skvae.reporting._pictures import Picture, drawn, pictures_of_curves, pictures_of_images
from skvae.rows import WIDEST_TABLE
from skvae.rows.frames import is_frame, library_of

__all__ = ["report"]

# The oddest rows that are shown, those of them with pictures, and the reasons of each.
N_SHOWN, N_PICTURED, N_REASONS = 100, 20, 3
# In characters, so that a page stays small whatever is in a cell.
LONGEST_TEXT = 100
FIGURE_SIZE = (6.4, 3.4)


Kind: TypeAlias = Literal["table", "curves", "images", "other"]


class Row(NamedTuple):
    """A flagged row."""

    label: Any
    score: float
    p_value: float | None
    truth: str | None
    reasons: list[Any]
    pictures: list[Picture]


@validate_params(
    {"detector": [HasMethods(["predict", "score_samples"])], "path": [str, PathLike, None]},
    prefer_skip_nested_validation=True,
)
def report(
    detector: Any,
    X: ArrayLike,
    y: ArrayLike | None = None,
    path: "str | PathLike[str] | None" = None,
) -> str:
    """Write a page about the rows that a detector flags, and why.

    The page is one HTML file that needs no network. It has a table of the 100 oddest flagged rows,
    the scores of all rows, the losses of the training, and the settings. Jinja2, matplotlib and
    pandas are needed, which ``pip install "skvae[report]"`` installs.

    Parameters
    ----------
    detector : object
        A fitted detector of skvae, an :class:`~sklearn.ensemble.IsolationForest`, or a pipeline
        that ends in one.

    X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        The rows. Those of tables have reasons, as :func:`skvae.inspection.explain` finds them. The
        20 oddest images or curves have pictures instead. Curves are the rows of detectors with
        :class:`~skvae.Conv1d`, and those of arrays of more than 200 columns.

    y : array-like of shape (n_samples,), default=None
        -1 for outliers, +1 for normal rows. They tell how many of the outliers were found.

    path : str or path-like, default=None
        Where to write the page, too. A page that is there already is replaced.

    Returns
    -------
    page : str
        The page, the same at each call.

    Raises
    ------
    ValueError
        If ``y`` has another label than +1 and -1.

    See Also
    --------
    skvae.inspection.explain : The reasons, as a frame.
    skvae.plotting.ScoreDisplay : The scores, as a figure.

    Examples
    --------
    >>> import numpy as np
    >>> from skvae import VAEOutlierDetector
    >>> from skvae.reporting import report
    >>> X = np.random.RandomState(0).normal(size=(200, 3))
    >>> X[:3] += 6
    >>> detector = VAEOutlierDetector(max_steps=100, random_state=0).fit(X)
    >>> page = report(detector, X)
    >>> page.startswith("<!DOCTYPE html>")
    True
    """
    try:
        for name in ("jinja2", "matplotlib", "pandas"):
            import_module(name)
    except ImportError as error:
        raise ImportError(
            'report needs Jinja2, matplotlib and pandas: pip install "skvae[report]"'
        ) from error
    rows = as_rows(X)
    outlier = None if y is None else is_outlier(column_or_1d(y))
    if outlier is not None:
        check_consistent_length(rows, outlier)
    scores = np.asarray(detector.score_samples(rows), dtype=np.float64)
    flagged = detector.predict(rows) == -1
    oddest = np.flatnonzero(flagged)[np.argsort(scores[flagged], kind="stable")]
    steps, last = before_last(detector)
    draw_scores = partial(
        ScoreDisplay.from_predictions,
        scores,
        None if outlier is None else np.where(outlier, -1, 1),
        threshold=offset_of(last),
        kind="histogram",
    )
    page = _rendered(
        detector=type(last).__name__,
        n_rows=len(rows),
        n_flagged=len(oddest),
        offset=offset_of(last),
        found=None if outlier is None else _found(outlier, flagged, scores),
        scores=drawn(draw_scores, size=FIGURE_SIZE),
        losses={
            name: drawn(partial(LossDisplay.from_estimator, part), size=FIGURE_SIZE)
            for name, part in trained_parts(last).items()
        },
        kind=_kind(detector, rows),
        rows=_flagged_rows(detector, rows, scores, outlier, oddest[:N_SHOWN]),
        n_pictured=N_PICTURED,
        settings=[setting for each in (*steps, last) for setting in changed_settings(each)],
        facts={"columns": " x ".join(map(str, rows.shape[1:])), **fitted_facts(last)},
        versions=versions(),
    )
    if path is not None:
        _write(page, Path(path))
    return page


def _found(
    outlier: NDArray[np.bool_], flagged: NDArray[np.bool_], scores: NDArray[np.float64]
) -> dict[str, Any]:
    """Return how many outliers were found, and the measures of it that are defined."""
    measures = {
        "precision": precision_score(outlier, flagged, zero_division=np.nan),
        "recall": recall_score(outlier, flagged, zero_division=np.nan),
    }
    if outlier.any() and not outlier.all():
        measures["AUROC"] = roc_auc_score(outlier, -scores)
    return {
        "counts": confusion_matrix(outlier, flagged, labels=[True, False]).tolist(),
        "measures": {name: value for name, value in measures.items() if not np.isnan(value)},
    }


def _kind(detector: Any, X: Any) -> Kind:
    """Return what the rows are, by their shape and the detector's architecture."""
    n_axes = len(X.shape)
    if is_frame(X):
        return "table"
    architectures = {
        each.__name__ for value in detector.get_params().values() for each in type(value).__mro__
    }
    if n_axes < 4 and "Conv1d" in architectures:
        return "curves"
    if n_axes == 2:
        return "table" if X.shape[1] <= WIDEST_TABLE else "curves"
    return "images" if n_axes < 5 else "other"


def _flagged_rows(
    detector: Any,
    X: Any,
    scores: NDArray[np.float64],
    outlier: NDArray[np.bool_] | None,
    shown: NDArray[np.intp],
) -> list[Row]:
    """Return some rows with what is known of them, and with reasons or pictures."""
    if not len(shown):
        return []
    rows, kind = safe_indexing(X, shown), _kind(detector, X)
    reasons: list[list[Any]] = [[] for _ in shown]
    pictures: list[list[Picture]] = [[] for _ in shown]
    if kind == "table":
        for cell in _explanation(detector, rows, X):
            reasons[cell.row].append(cell)
    elif kind != "other":
        picture = pictures_of_curves if kind == "curves" else pictures_of_images
        pictures[:N_PICTURED] = picture(detector, rows[:N_PICTURED])
    return [
        Row(*each)
        for each in zip(
            _labels(X.index[shown]) if library_of(X) == "pandas" else shown,
            scores[shown],
            _p_values(detector, rows),
            _truths(outlier, shown),
            reasons,
            pictures,
            strict=True,
        )
    ]


def _labels(index: Any) -> list[str]:
    """Return what names the rows of a frame, also if several levels do."""
    return [
        ", ".join(map(str, label)) if isinstance(label, tuple) else str(label) for label in index
    ]


def _truths(outlier: NDArray[np.bool_] | None, shown: NDArray[np.intp]) -> Sequence[str | None]:
    if outlier is None:
        return [None] * len(shown)
    return np.where(outlier[shown], "outlier", "normal").tolist()


def _explanation(detector: Any, X: Any, usual: Any) -> list[Any]:
    """Return the cells that make rows odd; without a network, one row says nothing is usual."""
    _, last = before_last(detector)
    if reconstructing(last) is None and len(usual) < 2:
        return []
    cells = explain(detector, X, top=N_REASONS, reference=usual)
    # Others would be written as 0 %.
    return list(cells[cells["share"] >= 0.005].itertuples())


def _p_values(detector: Any, X: Any) -> Sequence[float | None]:
    steps, last = before_last(detector)
    unknown = [None] * len(X)
    if not hasattr(last, "p_values"):
        return unknown
    try:
        return list(last.p_values(transformed(steps, X)))
    except ValueError:
        # A parameter has changed the scores since the fit.
        return unknown


def _rendered(**known: Any) -> str:
    """Return the page, in which everything that comes from data is escaped."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["written"] = _written
    template = files("skvae.reporting").joinpath("page.html").read_text(encoding="utf-8")
    return environment.from_string(template).render(**known)


def _written(value: Any) -> str:
    """Return numbers in four digits, or whole if they are large, and the beginning of all else."""
    if isinstance(value, float | np.floating):
        return f"{value:.0f}" if 1e4 <= abs(float(value)) < 1e15 else f"{value:.4g}"
    text = str(value)
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


def _write(page: str, path: Path) -> None:
    """Write a page beside its place, and move it there when it is whole."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(page, encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
