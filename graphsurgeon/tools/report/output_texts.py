"""What the outputs of nodes are, as texts: ``float32 [1, 224, 224, 3]``, by inference and by attrs.

A function's body is inferred at each call of it; a size that differs between calls is written as not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphsurgeon.display import count, format_shape
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.output_shapes import output_shape
from graphsurgeon.names import parse_input
from graphsurgeon.rewrites.shaping.dims import Told
from graphsurgeon.rewrites.shaping.model_shapes import vague_placeholders
from graphsurgeon.rewrites.shaping.node_shapes import NodeShapes
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tools.report.texts import StringTable
from proto_utils.errors import UnsupportedError

#: Of a node with more outputs, the others are counted.
MAX_OUTPUTS = 100
#: Of a function that is called more often, the first calls count.
_MAX_CALLS = 20


class OutputTexts:
    """The outputs of a model's nodes, by their numbers in a string table.

    Attributes
    ----------
    shapes : NodeShapes
        Of the graph; of a model of very many nodes they are those that attrs state.
    """

    def __init__(self, model: Model, index: Index, strings: StringTable) -> None:
        self._strings = strings
        shapes = NodeShapes(model, index=index, keep_bodies=True)
        self.shapes = shapes
        self._vague = vague_placeholders(model)
        self._of: dict[str, list[ShapeInference]] = {}
        if shapes.inference is not None:
            self._of[""] = [shapes.inference]
            self._add_bodies(shapes.inference)

    def _add_bodies(self, outermost: ShapeInference) -> None:
        pending = [outermost]
        while pending:
            for (_, function), body in pending.pop().bodies.items():
                known = self._of.setdefault(function, [])
                if len(known) < _MAX_CALLS:
                    known.append(body)
                pending.append(body)

    def of(self, function: str, graph: Graph, index: Index, node: Node) -> list[int]:
        """Return the texts of a node's outputs; `function` is the one whose body it is in, empty in the graph."""
        signature = graph.signatures.of(node)
        types, names = signature.outputs, signature.output_names
        num = _num_read(index, node) if names is None else sum(number for _, number in names)
        inferences = self._of.get(function, [])
        shapes = [each.outputs(node.name) for each in inferences]
        found = []
        for number in range(min(num, MAX_OUTPUTS)):
            dtype = "" if types is None or number >= len(types) else _dtype_text(types[number])
            dims = _agreed([each[number] if number < len(each) else None for each in shapes])
            if dims is None and not (not function and node.name in self._vague):
                stated = output_shape(index, node, number)
                dims = None if stated is None else stated.dims
            found.append(self._strings[f"{dtype or '?'} {format_shape(dims)}"])
        more = num - len(found)
        return found if more <= 0 else [*found, self._strings[f"... {count(more, 'more output')}"]]


def _num_read(index: Index, node: Node) -> int:
    """Return how many outputs of an op that nobody knows are read."""
    read = [parse_input(text).output + 1 for text in index.texts(node.name)]
    return max([1 if index.edges(node.name) else 0, *(min(number, MAX_OUTPUTS) for number in read)])


def _dtype_text(number: int) -> str:
    try:
        return DType.from_number(number).name if number > 0 else ""
    except UnsupportedError:
        return ""


def _agreed(shapes: Sequence[Told]) -> Told:
    """Return the sizes that all calls have in common."""
    if not shapes or any(each is None for each in shapes):
        return None
    known = [each for each in shapes if each is not None]
    if len({len(each) for each in known}) > 1:
        return None
    return tuple(_sizes(known))


def _sizes(shapes: Sequence[Sequence[int | None]]) -> Iterator[int | None]:
    for sizes in zip(*shapes, strict=True):
        yield sizes[0] if len(set(sizes)) == 1 else None
