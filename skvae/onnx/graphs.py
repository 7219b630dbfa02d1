"""The graph that skl2onnx builds, and torch modules as parts of it."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from onnx import TensorProto
from skl2onnx import get_model_alias
from skl2onnx.common.data_types import guess_proto_type
from torch import nn

__all__ = ["Graph"]

# torch exports to no older version of ONNX.
OLDEST_OPSET = 18


class Graph:
    """What converters add to, by the names of values.

    Parameters
    ----------
    scope, container : object
        What skl2onnx hands to converters.
    """

    def __init__(self, scope: Any, container: Any) -> None:
        self.scope = scope
        self.container = container

    def add(self, kind: str, sources: Sequence[str], **settings: Any) -> str:
        """Add a node, and return the name of its output."""
        target: str = self.scope.get_unique_variable_name(kind)
        name = self.scope.get_unique_operator_name(kind)
        self.container.add_node(kind, list(sources), target, name=name, **settings)
        return target

    def doubles(self, sources: Sequence[str]) -> str:
        """Return the name of columns of numbers side by side, in float64."""
        columns = [self.add("Cast", [source], to=TensorProto.DOUBLE) for source in sources]
        return columns[0] if len(columns) == 1 else self.add("Concat", columns, axis=1)

    def codes(self, source: str, j: int, vocabulary: NDArray[Any]) -> str:
        """Return the name of the codes of words in column j; an empty word is a gap."""
        index = self.scope.get_unique_variable_name("column")
        self.container.add_initializer(index, TensorProto.INT64, [1], [j])
        column = self.add("Gather", [source, index], axis=1)
        words = {"": math.nan} | {word: float(k) for k, word in enumerate(vocabulary)}
        return self.add(
            "LabelEncoder",
            [column],
            op_domain="ai.onnx.ml",
            op_version=2,
            keys_strings=list(words),
            values_floats=list(words.values()),
            default_float=float(len(vocabulary)),
        )

    def give(self, source: str, output: Any) -> None:
        """Let a value be an output of an operator, in its type."""
        name = self.scope.get_unique_operator_name("Cast")
        target = guess_proto_type(output.type)
        self.container.add_node("Cast", source, output.full_name, name=name, to=target)

    def part(self, model: Any, inputs: Sequence[Any], **outputs: Any) -> list[Any]:
        """Add what another model does, and return its outputs, which have these types."""
        operator = self.scope.declare_local_operator(get_model_alias(type(model)), model)
        operator.inputs.extend(inputs)
        for name, kind in outputs.items():
            operator.outputs.append(self.scope.declare_local_variable(name, kind))
        variables: list[Any] = operator.outputs
        return variables

    def run(self, module: nn.Module, row_shape: tuple[int, ...], source: str) -> list[str]:
        """Add what a module does to float64 rows of a shape, and return the names of its outputs.

        Raises
        ------
        ValueError
            If the graph is to be in a version of ONNX that torch does not export to.
        """
        opset = self.container.target_opset
        if opset < OLDEST_OPSET:
            raise ValueError(f"target_opset={opset} is too old. Set it to {OLDEST_OPSET} or more.")
        rows = torch.zeros(2, *row_shape, dtype=torch.float64)
        program: Any = torch.onnx.export(
            module.eval(),
            (rows,),
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim.DYNAMIC},),
            opset_version=opset,
            verbose=False,
        )
        model = program.model_proto
        names = {model.graph.input[0].name: source, "": ""}
        for tensor in model.graph.initializer:
            tensor.name = self._renamed(tensor.name, names)
            self.container.initializers.append(tensor)
        for node in model.graph.node:
            # Where in the code of skvae it comes from.
            del node.metadata_props[:]
            node.name = self.scope.get_unique_operator_name(node.op_type)
            node.input[:] = [self._renamed(name, names) for name in node.input]
            node.output[:] = [self._renamed(name, names) for name in node.output]
            self.container.nodes.append(node)
        for used in model.opset_import:
            self.container.node_domain_version_pair_sets.add((used.domain, used.version))
        return [names[output.name] for output in model.graph.output]

    def _renamed(self, name: str, names: dict[str, str]) -> str:
        if name not in names:
            names[name] = self.scope.get_unique_variable_name(name)
        return names[name]
