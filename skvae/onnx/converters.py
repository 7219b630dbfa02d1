"""How each detector becomes a graph: what skl2onnx calls."""

from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np
from skl2onnx import update_registered_converter
from skl2onnx.common.data_types import (
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
    guess_tensor_type,
)
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import Pipeline
from torch import nn

from skvae.detectors import (
    AEGMMDetector,
    AEOutlierDetector,
    EnsembleOutlierDetector,
    ReconstructionHistogramClassifier,
    SamplingOutlierDetector,
    VAEGMMDetector,
    VAEOutlierDetector,
)
from skvae.features import DifferenceHistogram, ReconstructionDifference
from skvae.networks import Network
from skvae.networks.mixture import MixtureHead, Whitened
from skvae.onnx.graphs import Graph
from skvae.onnx.modules import (
    Answers,
    Asked,
    Cells,
    Combined,
    Counts,
    Difference,
    Images,
    Last,
    Nearest,
    Units,
)
from skvae.rows import Table

__all__ = ["register_converters"]

ON_NETWORKS = (AEOutlierDetector, VAEOutlierDetector, AEGMMDetector, VAEGMMDetector)


def register_converters() -> None:
    """Tell skl2onnx how to convert the detectors and transformers of skvae."""
    for kind, shapes, convert in [
        *((each, _answers_shapes, _convert_network_detector) for each in ON_NETWORKS),
        (SamplingOutlierDetector, _answers_shapes, _convert_sampling_detector),
        (EnsembleOutlierDetector, _answers_shapes, _convert_ensemble),
        (ReconstructionHistogramClassifier, _answers_shapes, _convert_histogram_classifier),
        (ReconstructionDifference, _difference_shapes, _convert_difference),
        (DifferenceHistogram, _histogram_shapes, _convert_histogram),
    ]:
        update_registered_converter(kind, f"Skvae{kind.__name__}", shapes, convert)


def _answers_shapes(operator: Any) -> None:
    n_rows = operator.inputs[0].get_first_dimension()
    operator.outputs[0].type = Int64TensorType([n_rows, 1])
    operator.outputs[1].type.shape = [n_rows, 1]


def _difference_shapes(operator: Any) -> None:
    operator.outputs[0].type.shape = operator.inputs[0].type.shape


def _histogram_shapes(operator: Any) -> None:
    n_rows = operator.inputs[0].get_first_dimension()
    n_bins = len(operator.raw_operator.bin_edges_) - 1
    operator.outputs[0].type.shape = [n_rows, n_bins]


def _convert_network_detector(scope: Any, operator: Any, container: Any) -> None:
    graph = Graph(scope, container)
    detector = operator.raw_operator
    network = _exportable(detector.network_)
    rows = _rows(operator, graph, detector._table)
    asked = Asked(rows.cells, network, detector._scores_of(network))
    _answer(asked, rows, operator, graph)


def _convert_sampling_detector(scope: Any, operator: Any, container: Any) -> None:
    graph = Graph(scope, container)
    detector = operator.raw_operator
    rows = _rows(operator, graph, detector._table)
    _answer(Nearest(rows.cells, detector), rows, operator, graph)


def _convert_ensemble(scope: Any, operator: Any, container: Any) -> None:
    graph = Graph(scope, container)
    ensemble = operator.raw_operator
    decisions, offsets = [], []
    for expert in ensemble.estimators_:
        last = expert
        while isinstance(last, Pipeline):
            last = last[-1]
        if not hasattr(last, "offset_"):
            raise ValueError(f"The expert {expert} has no offset_, which its graph would need.")
        offsets.append(float(np.squeeze(last.offset_)))
        kind = guess_tensor_type(operator.inputs[0].type)
        _, decision = graph.part(expert, operator.inputs, label=Int64TensorType(), scores=kind)
        decisions.append(decision.full_name)
    combined = Combined(ensemble.centers_ - offsets, ensemble.scales_, ensemble.combine)
    rows = Rows(graph.doubles(decisions), (len(offsets),), nn.Identity())
    _answer(combined, rows, operator, graph)


def _convert_histogram_classifier(scope: Any, operator: Any, container: Any) -> None:
    graph = Graph(scope, container)
    *before, (_, classifier) = operator.raw_operator.pipeline_.steps
    # skl2onnx's converter of IsolationForest takes no float64, and counts need none.
    n_bins = len(before[-1][1].bin_edges_) - 1
    kind = FloatTensorType([None, n_bins])
    (counts,) = graph.part(Pipeline(before), operator.inputs, counts=kind)
    if isinstance(classifier, IsolationForest):
        name, width = "scores", 1
    elif hasattr(classifier, "predict_proba"):
        name, width = "probabilities", 2
        container.add_options(id(classifier), {"zipmap": False})
        scope.add_options(id(classifier), {"zipmap": False})
    else:
        raise ValueError(
            f"The classifier {classifier} has no predict_proba, which its graph would need."
        )
    kinds = {"label": Int64TensorType(), name: FloatTensorType()}
    _, scores = graph.part(classifier, [counts], **kinds)
    rows = Rows(graph.doubles([scores.full_name]), (width,), nn.Identity())
    _answer(Last(), rows, operator, graph)


def _convert_difference(scope: Any, operator: Any, container: Any) -> None:
    graph = Graph(scope, container)
    detector = operator.raw_operator.detector_
    table = detector._table
    rows = _rows(operator, graph, table)
    network = _exportable(detector.network_)
    reconstruct = Asked(rows.cells, network, network.reconstruct)
    are_doubles = isinstance(operator.inputs[0].type, DoubleTensorType)
    values = rows.cells if table is None else nn.Identity()
    units = nn.Identity() if table is None else Units(table)
    difference = Difference(values, reconstruct, units, in_float32=not are_doubles)
    (target,) = graph.run(difference, rows.shape, rows.name)
    graph.give(target, operator.outputs[0])


def _convert_histogram(scope: Any, operator: Any, container: Any) -> None:
    graph = Graph(scope, container)
    (variable,) = operator.inputs
    row_shape = tuple(variable.type.shape[1:])
    counts = Counts(operator.raw_operator.bin_edges_[1:-1])
    (target,) = graph.run(counts, row_shape, graph.doubles([variable.full_name]))
    graph.give(target, operator.outputs[0])


def _exportable(network: Network) -> Any:
    """Return a copy on the CPU whose mixture, if it has one, needs no factorization."""
    copy = deepcopy(network).cpu()
    for module in list(copy.modules()):
        if isinstance(module, MixtureHead):
            whitened: Any = Whitened(module.fitted.value)
            module.fitted = whitened
    return copy


class Rows(NamedTuple):
    """Rows in a graph, in float64, and what makes of them what a network sees."""

    name: str
    shape: tuple[int, ...]
    cells: nn.Module


def _rows(operator: Any, graph: Graph, table: Table | None) -> Rows:
    """Return the rows that an operator gets: numbers as they are, and the codes of words."""
    inputs = operator.inputs
    if table is None:
        are_bytes = not isinstance(inputs[0].type, FloatTensorType | DoubleTensorType)
        shape = tuple(inputs[0].type.shape[1:])
        return Rows(graph.doubles([inputs[0].full_name]), shape, Images(are_bytes))
    vocabularies: dict[int, Any] = dict(zip(table.words, table.vocabularies(), strict=True))
    if len(inputs) > 1 and table.library is not None:
        names = [variable.raw_name for variable in inputs]
        if names != table.names:
            raise ValueError(f"The columns are {names}, but those of fit {table.names}.")
    columns: list[str] = []
    n_columns = 0
    for variable in inputs:
        # skl2onnx does not know the widths of what some steps return.
        width = variable.type.shape[1] if len(variable.type.shape) > 1 else None
        width = len(table.names) if width is None else width
        if isinstance(variable.type, StringTensorType):
            for j in range(width):
                vocabulary = vocabularies.get(n_columns + j)
                if vocabulary is None or vocabulary.dtype.kind != "O":
                    raise ValueError(f"Column {table.names[n_columns + j]!r} held no words in fit.")
                columns.append(graph.codes(variable.full_name, j, vocabulary))
                vocabularies[n_columns + j] = None
        else:
            columns.append(variable.full_name)
        n_columns += width
    if n_columns != len(table.names):
        raise ValueError(f"The rows have {n_columns} columns, but those of fit {len(table.names)}.")
    # Words that are numbers, or flags.
    in_order = [known if known is None else known.astype(float) for known in vocabularies.values()]
    return Rows(graph.doubles(columns), (len(table.names),), Cells(table, in_order))


def _answer(scores: nn.Module, rows: Rows, operator: Any, graph: Graph) -> None:
    offset = operator.raw_operator._known_offset()
    answers = graph.run(Answers(scores, offset), rows.shape, rows.name)
    for answer, output in zip(answers, operator.outputs, strict=True):
        graph.give(answer, output)
