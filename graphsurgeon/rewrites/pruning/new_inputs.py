"""Placeholders in the place of other nodes: where a graph is to be fed from now on.

A Placeholder takes over a node's name, the dtype that it truly had, and its shape as far
as the node tells. Source: strip_unused_lib.py of TensorFlow, which keeps the shape only
where the node has an attr of that name, and takes every dtype for float unless told.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.frames import ENTER_OPS, Frame, frames_of
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index, find_node
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import PLACEHOLDER_OPS
from graphsurgeon.ir.output_shapes import output_shape
from graphsurgeon.ir.signatures import UNKNOWN, OpSignatures
from graphsurgeon.names import parse_input
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from proto_utils.errors import UnsupportedError
from proto_utils.named_tuple import NamedTuple

_UNKNOWN_DIMS = frozenset({"?", "-1", "None", "none"})


class NewInput(NamedTuple):
    """A node that becomes an input."""

    old: Node
    node: Node  # the Placeholder; `old` itself when that is one already and stays as it is
    dtype: DType
    shape: Shape


class InputMaker:
    """Makes inputs of nodes, and says which nodes cannot be any."""

    def __init__(self, graph: Graph, index: Index, signatures: OpSignatures, operation: str) -> None:
        self._graph = graph
        self._index = index
        self._signatures = signatures
        self._operation = operation
        self._frames: dict[str, tuple[Frame, ...]] | None = None

    def make(self, names: Sequence[str], types: Sequence[str], shapes: Sequence[str]) -> list[NewInput]:
        """Make the Placeholders.

        `names` are nodes (see `give_nodes`), of which a repeated one counts once; `types` and `shapes` (see
        `parse_shape`) none, one for all, or one for each. A node or dtype that is not there is a NotFoundError, one
        that cannot be fed a PassError.
        """
        all_types = self._one_each("input type", types, names)
        all_shapes = self._one_each("input shape", shapes, names)
        made: dict[str, NewInput] = {}
        for text, dtype, shape in zip(names, all_types, all_shapes, strict=True):
            old = self._resolve(text)
            self.refuse_in_loop(old)
            wanted = DType.from_name(dtype).base if dtype else None
            made[old.name] = self._input(old, wanted, self._parse(shape) if shape else None)
        return list(made.values())

    def check_readers(self, made: Sequence[NewInput], kept: Collection[str]) -> None:
        """Require that every kept reader can read the Placeholder: output 0, no reference, a dtype that it takes."""
        for new in made:
            for reader, position in self._index.consumers(new.old.name):
                if reader.name in kept and new.node is not new.old:
                    self._check_reader(new, reader, position)

    def _check_reader(self, new: NewInput, reader: Node, position: int) -> None:
        name = new.old.name
        output = parse_input(reader.inputs[position]).output
        if output != 0:
            reason = f"{reader.name!r} reads its output {output}, but an input has only one"
            raise PassError(self._operation, reason, node=name, hint="make inputs of the nodes that read it")
        types = self._signatures.of(reader).inputs
        wanted = types[position] if types is not None and position < len(types) else UNKNOWN
        if wanted not in (UNKNOWN, new.dtype.number):
            taken = DType.from_number(wanted)
            what = "the variable itself" if taken.is_ref else taken.name
            reason = f"as an input it is {new.dtype.name}, but {reader.name!r} takes {what}"
            raise PassError(self._operation, reason, node=name)

    def _one_each(self, what: str, texts: Sequence[str], names: Sequence[str]) -> Sequence[str]:
        if len(texts) in (0, 1):
            return list(texts or ("",)) * len(names)
        if len(texts) != len(names):
            raise PassError(self._operation, f"{len(texts)} {what}s for {len(names)} inputs; give one, or one for each")
        return texts

    def _resolve(self, text: str) -> Node:
        return find_node(self._index.producers, text)

    def refuse_in_loop(self, node: Node) -> None:
        """Refuse a node inside of a while loop."""
        if self._frames is None:
            has_loops = any(other.op in ENTER_OPS for other in self._graph)
            self._frames = frames_of(self._graph, self._index) if has_loops else {}
        if node.name in self._frames:
            loop = self._frames[node.name][-1].name
            raise PassError(
                self._operation, f"is inside of the while loop {loop!r}, where nothing is fed", node=node.name
            )

    def _input(self, old: Node, dtype: DType | None, shape: Shape | None) -> NewInput:
        known_shape = shape or output_shape(self._index, old) or Shape()
        if old.op in PLACEHOLDER_OPS and dtype is None and shape is None:
            return NewInput(old, old, self._dtype(old), known_shape)
        dtype = dtype or self._dtype(old)
        if dtype is dtypes.RESOURCE:
            known_shape = shape or Shape()
        attrs: dict[str, Any] = {"dtype": dtype}
        if known_shape.dims is not None:
            attrs["shape"] = known_shape
        if "_output_shapes" in old.attrs:
            attrs["_output_shapes"] = [known_shape]
        return NewInput(old, Node.new(old.name, "Placeholder", attrs=attrs), dtype, known_shape)

    def _dtype(self, node: Node) -> DType:
        """Return the dtype of output 0: as the op says, else as those say who read it."""
        outputs = self._signatures.of(node).outputs
        if outputs == ():
            raise PassError(self._operation, f"{node.op} makes no tensor, so it cannot become an input", node=node.name)
        number = outputs[0] if outputs else UNKNOWN
        for reader, position in self._index.consumers(node.name):
            types = self._signatures.of(reader).inputs
            is_of_output = types is not None and parse_input(reader.inputs[position]).output == 0
            # A reader that is cut off may have more inputs than its op takes.
            if number == UNKNOWN and types is not None and is_of_output and position < len(types):
                number = types[position]
        if number == UNKNOWN:
            hint = "say it with the input type"
            raise PassError(self._operation, f"nothing tells the dtype of {node.op}", node=node.name, hint=hint)
        return DType.from_number(number).base

    def _parse(self, text: str) -> Shape:
        try:
            return parse_shape(text)
        except UnsupportedError as error:
            hint = "write shapes as 1,224,224,3 with ? for unknown"
            raise PassError(self._operation, error.reason, hint=hint) from None


def parse_shape(text: str) -> Shape:
    """Parse a shape as users write it.

    ``1,224,224,3``, ``?,10``, ``1x28x28``; ``[]`` is a scalar's, ``unknown`` says nothing, not even the rank.
    Brackets may be around any. What is no shape is an UnsupportedError.
    """
    inner = text.strip().strip("[]()").strip()
    if inner == "unknown":
        return Shape()
    dims = [word.strip() for word in re.split(r"[,x]", inner.rstrip(","))] if inner else []
    if not all(word in _UNKNOWN_DIMS or word.isdecimal() for word in dims):
        raise UnsupportedError(f"not a shape: {text!r}")
    return Shape(None if word in _UNKNOWN_DIMS else int(word) for word in dims)
