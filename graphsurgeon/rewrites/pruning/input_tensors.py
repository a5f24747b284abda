"""A node for every tensor that is to be fed: loose ends, and the outputs of nodes that have several.

A Placeholder has one output. So a node with several, such as IteratorGetNext, becomes one
Placeholder for each output that is read::

    IteratorGetNext:0, IteratorGetNext:1      become      IteratorGetNext, IteratorGetNext_1

A loose end, which nodes read and no node makes, becomes the Placeholder of its name.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphsurgeon.errors import PassError
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.endpoints import MISSING
from graphsurgeon.ir.index import Edge, Index, find_node
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import PLACEHOLDER_OPS
from graphsurgeon.ir.output_shapes import output_shape
from graphsurgeon.ir.signatures import UNKNOWN, OpSignatures
from graphsurgeon.meta_graph.references import retarget_tensors, signature_references
from graphsurgeon.names import parse_input, unique_name
from graphsurgeon.tensors.dtypes import DType
from proto_utils import schema

# What takes values out of a queue, a dataset or a reader, whose handle it reads.
_TAKE_OUT = ("QueueDequeue", "IteratorGetNext", "ReaderRead")


@dataclass
class InputTensors:
    """The nodes that make the tensors to be fed.

    Attributes
    ----------
    names : list of str
        The node of each text, in order.
    more : list of str
        The nodes of further outputs of the same nodes, which were read.
    was : dict of str to str
        The ops of which the nodes that are new were.
    sources : list of str
        The nodes of which outputs were taken.
    """

    names: list[str] = field(default_factory=list)
    more: list[str] = field(default_factory=list)
    was: dict[str, str] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)


def give_nodes(model: Model, texts: Sequence[str], operation: str) -> InputTensors:
    """Edit a graph so that a node of its own, with one output, makes each tensor that is to be fed.

    What is neither a node nor a loose end is a NotFoundError; a handle of a queue a PassError that names the dequeue.
    """
    index, found = Index(model.graph), InputTensors()
    maker = _Maker(model, index, operation)
    asked: dict[str, set[int]] = {}
    for text in texts:
        name, output = parse_input(text)
        if name not in index.producers and not index.consumers(name):
            find_node({**index.producers, **dict.fromkeys(maker.loose, Node.new("", "NoOp"))}, text)
        elif name in index.producers:
            find_node(index.producers, text)
        asked.setdefault(name, set()).add(output)
    named = _named_outputs(model.meta)
    for name, outputs in asked.items():
        maker.refuse_handle(name)
        old = index.producers.get(name)
        read = {parse_input(reader.inputs[at]).output for reader, at in index.consumers(name)} | named.get(name, set())
        if old is None and (0 in read or not read):
            maker.add(name, 0, found)
        if 0 in outputs and (old is None or old.op not in PLACEHOLDER_OPS):
            found.more += [maker.add(name, output, found) for output in sorted(read - outputs - {0})]
        for output in sorted(outputs - {0}):
            maker.add(name, output, found)
        if old is None and 0 in outputs and (name, 0) not in maker.node_of:
            maker.node_of[name, 0] = maker.node_of[name, min(read)]
            found.more.remove(maker.node_of[name, 0])
    found.names = [maker.node_of[parse_input(text)] for text in texts]
    maker.finish()
    return found


def _named_outputs(meta: schema.MetaGraphDef | None) -> dict[str, set[int]]:
    """Return the outputs that signatures name, by node: they are asked for as if a node read them."""
    found: dict[str, set[int]] = {}
    for each in signature_references(meta) if meta is not None else ():
        name, output = parse_input(each.name)
        found.setdefault(name, set()).add(output)
    return found


class _Maker:
    """Makes the Placeholders of outputs behind the first, and of loose ends."""

    def __init__(self, model: Model, index: Index, operation: str) -> None:
        self._model = model
        self._index = index
        self._operation = operation
        self._edit = GraphEdit(model.graph)
        self._signatures = OpSignatures(model.library.functions)
        self._taken = set(index.producers)
        self._retarget: dict[str, str] = {}
        self.node_of = _NodeOf()

    @property
    def loose(self) -> list[str]:
        """The names that nodes read and none has."""
        producers = self._index.producers
        read = (parse_input(text).node for node in self._model.graph for text in node.data_inputs)
        return list(dict.fromkeys(name for name in read if name not in producers))

    def refuse_handle(self, name: str) -> None:
        """Refuse the handle of a queue: its values come out of another node."""
        takers = [reader.name for reader, _ in self._index.consumers(name) if reader.op.startswith(_TAKE_OUT)]
        if takers:
            hint = f'name what takes values out of it: `inputs="{",".join(dict.fromkeys(takers))}"`'
            raise PassError(self._operation, "is a handle, which nobody can feed", node=name, hint=hint)

    def add(self, name: str, output: int, found: InputTensors) -> str:
        """Make the Placeholder of one output, which its readers read from now on; returns its name."""
        old = self._index.producers.get(name)
        text = name if output == 0 else f"{name}:{output}"
        new = unique_name(name if output == 0 else f"{name}_{output}", self._taken)
        self._taken.add(new)
        readers = self._index.tensor_consumers(text)
        attrs: dict[str, Any] = {}
        if (dtype := self._dtype(old, output, readers)) is not None:
            attrs["dtype"] = dtype
        if old is not None and (shape := output_shape(self._index, old, output)) is not None:
            attrs["shape"] = shape
        if output:
            for reader, position in readers:
                self._edit.set_input(reader, position, new)
            self._retarget[text] = f"{new}:0"
        self._edit.add(Node.new(new, "Placeholder", attrs=attrs))
        found.was[new] = MISSING if old is None else old.op
        if old is not None and name not in found.sources:
            found.sources.append(name)
        self.node_of[name, output] = new
        return new

    def finish(self) -> None:
        """Put all edits into the model."""
        self._edit.apply()
        if self._retarget and self._model.meta is not None:
            retarget_tensors(self._model.meta, self._retarget)

    def _dtype(self, old: Node | None, output: int, readers: Collection[Edge]) -> DType | None:
        outputs = None if old is None else self._signatures.of(old).outputs
        number = outputs[output] if outputs is not None and output < len(outputs) else UNKNOWN
        for reader, position in readers:
            types = self._signatures.of(reader).inputs
            if number == UNKNOWN and types is not None and position < len(types):
                number = types[position]
        return None if number == UNKNOWN else DType.from_number(number).base


class _NodeOf(dict[tuple[str, int], str]):
    """The node of each tensor; output 0 is its own node's."""

    def __missing__(self, key: tuple[str, int]) -> str:
        return key[0]
