"""Infer the static shapes of all tensors of a graph, and note them at its nodes.

For: tools that read shapes and cannot infer them, such as converters and viewers; people who ask for one shape.

Prerequisites: none; ops that are not known have no shape, and neither has what follows from them alone.

Leaves behind: the attr ``_output_shapes`` at every node of the graph that gives tensors, as TensorFlow's exporters
write it with ``add_shapes=True``; -1 stands for a size that is not known. What was noted before counts too.

What else it meets: function bodies are followed through each call, with the shapes that it gives, and nothing is noted
in them; signatures stay as they are. Passes that change shapes keep what is noted in step.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from graphsurgeon.display import Displayed
from graphsurgeon.ir.attr_value import Shape, encode
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_messages import with_more
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.names import parse_input
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.shaping.followed import INFERRED
from graphsurgeon.rewrites.shaping.model_shapes import infer
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from proto_utils import schema
from proto_utils.errors import NotFoundError

_Dims: TypeAlias = "tuple[int | None, ...] | None"


@dataclass(frozen=True)
class NodeShapesRow:
    """A node, and the shapes of its outputs; null for sizes that are not known, and for a shape without a rank."""

    node: str
    shapes: list[list[int | None] | None]


@dataclass(frozen=True)
class ShapeConflictRow:
    """A node at which shapes do not go together, and why; of what it gives nothing is known."""

    node: str
    reason: str


class _Places:
    """Where rows are, by name: beside the fields of a report."""

    __slots__ = ("_places",)

    _places: dict[str, int]


@dataclass(frozen=True, repr=False)
class InferShapesReport(_Places, Displayed):
    """The shapes of all tensors of a graph: ``report["conv1:0"]`` is that of one.

    Attributes
    ----------
    nodes : list of NodeShapesRow
        Every node of the graph.
    conflicts : list of ShapeConflictRow
        Where shapes do not go together.
    """

    nodes: list[NodeShapesRow]
    conflicts: list[ShapeConflictRow]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", {row.node: place for place, row in enumerate(self.nodes)})

    def shape(self, tensor: str) -> Shape:
        """Return the shape of a tensor: ``a``, which is ``a:0``, or ``a:1``.

        Raises
        ------
        NotFoundError
            There is no such tensor; near names are in the error.
        """
        name, output = parse_input(tensor)
        place = self._places.get(name)
        if place is None:
            raise NotFoundError.among("node", name, self._places)
        shapes = self.nodes[place].shapes
        if not 0 <= output < len(shapes):
            raise NotFoundError("tensor", tensor, [f"{name}:{i}" for i in range(min(len(shapes), 3))])
        return Shape(shapes[output])

    def __getitem__(self, tensor: str) -> Shape:
        return self.shape(tensor)


@model_pass()
def infer_shapes(model: Model) -> InferShapesReport:
    """Infer the static shapes of all tensors of a graph, and note them at its nodes.

    Parameters
    ----------
    model : Model
        Edited in place: the attr _output_shapes holds them. Of values only small ones are read.
    """
    inference = infer(model)
    edit, signatures = GraphEdit(model.graph), model.graph.signatures
    rows = []
    for node in model.graph:
        found = _shapes(inference, node.name, _num_outputs(node, signatures))
        rows.append(NodeShapesRow(node.name, [None if dims is None else list(dims) for dims in found]))
        if found:
            noted, wanted = node.attr(INFERRED), _encoded(tuple(found))
            if noted is None or schema.serialize(noted) != wanted:
                made = with_more(node, INFERRED, wanted) if noted is None else None
                if made is not None:
                    edit.replace(node.name, [made])
                else:
                    edit.edit(node).attrs[INFERRED] = schema.parse(schema.AttrValue, wanted)
    edit.apply()
    return InferShapesReport(rows, [ShapeConflictRow(each.node, each.reason) for each in inference.conflicts])


def _shapes(inference: ShapeInference, name: str, count: int) -> list[_Dims]:
    told = inference.outputs(name)
    return [None if i >= len(told) or (dims := told[i]) is None else tuple(dims) for i in range(count)]


def _num_outputs(node: Node, signatures: OpSignatures) -> int:
    outputs = signatures.of(node).outputs
    return len(node.outputs) if outputs is None else len(outputs)


@lru_cache(maxsize=4096)
def _encoded(shapes: tuple[_Dims, ...]) -> bytes:
    """Return the attr of some shapes, serialized; many nodes share it."""
    return schema.serialize(encode([Shape(dims) for dims in shapes]))
