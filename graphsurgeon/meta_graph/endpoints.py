"""Where data enters and leaves a graph: what signatures say, and guesses with their reasons.

Nothing in a frozen graph says which nodes are its inputs and outputs. Placeholders are
inputs; nodes that depend on them and that nothing reads are outputs, unless they are
state, saving, summaries or checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import (
    node_dtype,
    node_shape,
)
from graphsurgeon.ir.op_families import IS_INITIALIZED_OPS, REF_OPS, RESOURCE_OPS, RESTORE_OPS, SAVE_OPS
from graphsurgeon.ir.signatures import input_types, num_outputs
from graphsurgeon.ir.traversal import successors
from graphsurgeon.names import node_of, node_of_input
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from proto_utils.errors import FileFormatError

#: Ops by which data enters a graph.
INPUT_OPS = {
    "Placeholder": "must be fed",
    "PlaceholderV2": "must be fed",
    "PlaceholderWithDefault": "may be fed",
    "IteratorGetNext": "reads a dataset",
    "OneShotIterator": "reads a dataset",
    "QueueDequeueV2": "reads a queue",
    "QueueDequeueManyV2": "reads a queue",
    "QueueDequeueUpToV2": "reads a queue",
    "_Arg": "an argument",
}
#: Stands for the op of what nodes read and no node makes.
MISSING = "missing"

#: Sinks that are no results: state, its initialization, saving, summaries, checks.
_NO_RESULTS = REF_OPS | RESOURCE_OPS | IS_INITIALIZED_OPS | RESTORE_OPS | {
    "Const", "NoOp", "Assert", "Shape", "Size", "Rank", "Print", "PrintV2",
}  # fmt: skip
_NO_RESULT_PREFIXES = ("Assign", "Apply", "Scatter", "MergeV2Checkpoints", "ReportUninitialized", "Save", "Iterator")
#: Scopes that training and saving add beside the model.
_OTHER_SCOPES = frozenset(("gradients", "save", "train", "report_uninitialized_variables"))
#: What the last layer of a network often is.
_LAST_ACTIVATIONS = frozenset({"Softmax", "LogSoftmax", "Sigmoid"})
_SAVING_OPS = SAVE_OPS | RESTORE_OPS | {"ShardedFilename", "StringJoin", "Identity"}


@dataclass(frozen=True)
class Endpoint:
    """An input or output of a graph: a node, and why it is thought to be one."""

    name: str  # of the node; of its tensor when it is not output 0
    op: str
    dtype: str | None
    shape: list[int | None] | None
    reason: str


def guess_inputs(graph: Graph, index: Index) -> list[Endpoint]:
    """Return the nodes by which data enters, then loose ends; neither a saver's file name nor a resource is any."""
    found = [
        endpoint(node, INPUT_OPS[node.op] if index.edges(node.name) else "nothing reads it")
        for node in graph
        if node.op in INPUT_OPS and node_dtype(node) is not dtypes.RESOURCE and not _is_file_name(node, index)
    ]
    return [*found, *_loose_ends(graph, index)]


def _loose_ends(graph: Graph, index: Index) -> Iterator[Endpoint]:
    """Yield the tensors that nodes read and no node makes, with the dtype that their readers take."""
    seen = set()
    for node in graph:
        for position, text in enumerate(node.data_inputs):
            if node_of_input(text) in index.producers or text in seen:
                continue
            seen.add(text)
            types = input_types(node)
            dtype = types[position].base.name if types is not None and position < len(types) else None
            reason = f"{node.name!r} reads it, and no node has this name"
            yield Endpoint(text.removesuffix(":0"), MISSING, dtype, None, reason)


def guess_outputs(graph: Graph, index: Index, inputs: Iterable[Endpoint]) -> list[Endpoint]:
    """Return the nodes that depend on an input and that nothing reads or waits for."""
    starts = [node_of(each.name) for each in inputs]
    fed = {*starts, *successors(index, starts)} if starts else None
    reason = "nothing reads it, and it depends on an input" if starts else "nothing reads it"
    return [
        endpoint(node, reason)
        for node in graph
        if (fed is None or node.name in fed) and not index.edges(node.name) and _may_be_result(node)
    ]


def likely_outputs(graph: Graph, index: Index) -> list[str]:
    """Return the nodes of a training graph that look like its results: what only gradients read, activations first."""
    starts = [node_of(each.name) for each in guess_inputs(graph, index)]
    fed = {*starts, *successors(index, starts, by_data=True)}
    results = [node for node in graph if node.name in fed and _may_be_result(node)]
    last = [node.name for node in results if node.op in _LAST_ACTIVATIONS]
    ends = [n.name for n in results if all(_is_beside(reader.name) for reader, _ in index.edges(n.name))]
    return list(dict.fromkeys([*last, *ends]))


def endpoint(node: Node, reason: str) -> Endpoint:
    """Describe a node's output 0."""
    dtype, shape = node_dtype(node), node_shape(node)
    dims = None if shape is None or shape.dims is None else list(shape.dims)
    return Endpoint(node.name, node.op, None if dtype is None else dtype.name, dims, reason)


@dataclass(frozen=True)
class SignatureTensor:
    """A TensorInfo as plain data."""

    name: str
    dtype: str | None
    shape: list[int | None] | None

    @classmethod
    def of(cls, info: Any) -> SignatureTensor:
        """Read a TensorInfo."""
        try:
            dtype: str | None = DType.from_number(info.dtype).name
        except FileFormatError:
            dtype = None
        dims = Shape.from_proto(info.tensor_shape).dims
        return cls(info.name, dtype, None if dims is None else list(dims))


def signature_endpoints(model: Model, side: str) -> Iterator[Endpoint]:
    """Yield what the signatures name, once each."""
    if model.meta is None:
        return
    seen = set()
    for key in sorted(model.meta.signature_def):
        infos: Mapping[str, Any] = getattr(model.meta.signature_def[key], side)
        for argument in sorted(infos):
            name = infos[argument].name
            node = model.graph.get(node_of(name)) if name else None
            if node is None or name in seen or num_outputs(node) == 0:
                continue
            seen.add(name)
            tensor = SignatureTensor.of(infos[argument])
            reason = f"{side[:-1]} {argument!r} of signature {key!r}"
            yield Endpoint(name.removesuffix(":0"), node.op, tensor.dtype, tensor.shape, reason)


def merge_endpoints(named: Iterable[Endpoint], guessed: Iterable[Endpoint]) -> list[Endpoint]:
    """Return those that signatures name, then those guessed that are not among them."""
    first = list(named)
    names = {node_of(each.name) for each in first}
    return first + [each for each in guessed if each.name not in names]


def _is_file_name(node: Node, index: Index) -> bool:
    """Whether a placeholder only tells a saver the name of its file."""
    if not node.op.startswith("Placeholder") or node_dtype(node) is not dtypes.STRING:
        return False
    readers = [reader for reader, _ in index.edges(node.name)]
    return bool(readers) and all(r.op in _SAVING_OPS or _is_file_name(r, index) for r in readers)


def _is_beside(name: str) -> bool:
    return not _OTHER_SCOPES.isdisjoint(name.split("/")[:-1])


def _may_be_result(node: Node) -> bool:
    op = node.op
    if _is_beside(node.name):
        return False
    if op in INPUT_OPS or op in _NO_RESULTS or op.startswith(_NO_RESULT_PREFIXES) or op.endswith("Summary"):
        return False
    return num_outputs(node) != 0
