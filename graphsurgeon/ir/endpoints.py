"""Where data enters and leaves a graph: guesses, with their reasons.

Nothing in a frozen graph says which nodes are its inputs and outputs. Placeholders are
inputs; tensors that depend on them and that nothing reads are outputs, unless they are
state, saving, summaries or checks. Where all is read, they are what only gradients read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import node_dtype
from graphsurgeon.ir.op_families import (
    IS_INITIALIZED_OPS,
    PLACEHOLDER_OPS,
    REF_OPS,
    RESOURCE_OPS,
    RESTORE_OPS,
    SAVE_OPS,
)
from graphsurgeon.ir.output_shapes import output_shape
from graphsurgeon.ir.signatures import input_types, num_outputs, output_types
from graphsurgeon.ir.traversal import closure
from graphsurgeon.names import node_of, node_of_input, parse_input
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType

if TYPE_CHECKING:
    from graphsurgeon.ir.graph import Graph
    from graphsurgeon.ir.output import Output

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
_LEFT_OVER = re.compile(r"(.*/)?unused_control_flow_input(_\d+)?", re.DOTALL)
#: Stands for the op of what nodes read and no node makes.
MISSING = "missing"

#: The results of one op.
_MAX_RESULTS = 1000

#: Sinks that are no results: state, its initialization, saving, summaries, checks.
_NO_RESULTS = REF_OPS | RESOURCE_OPS | IS_INITIALIZED_OPS | RESTORE_OPS | {
    "Const", "NoOp", "Assert", "Shape", "Size", "Rank", "Print", "PrintV2",
}  # fmt: skip
_NO_RESULT_PREFIXES = ("Assign", "Apply", "Scatter", "MergeV2Checkpoints", "ReportUninitialized", "Save", "Iterator")
#: Ops whose further outputs are for their own gradients, or tell which way a value came; how many others they have.
_NUM_RESULTS = {
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "Merge", "RefMerge"), 1),
    **dict.fromkeys(("SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits"), 1),
    **dict.fromkeys(("CTCLoss", "CTCLossV2"), 1),
    **dict.fromkeys(("CudnnRNN", "CudnnRNNV2", "CudnnRNNV3"), 3),
}
#: What reads a tensor for its shape alone.
_SHAPES = frozenset({"Shape", "ShapeN", "Size", "Rank"})
#: Each of their outputs is a result of the function; one that is not read was asked for all the same.
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
_NO_VALUES = (dtypes.RESOURCE, dtypes.VARIANT)
#: Scopes that training and saving add beside the model.
_OTHER_SCOPES = re.compile(r"(?:^|/)(?:gradients(?:_\d+)?|gradient_tape|save|train|report_uninitialized_variables)/")
#: What the last layer of a network often is.
_LAST_ACTIVATIONS = frozenset({"Softmax", "LogSoftmax", "Sigmoid"})
_SAVING_OPS = SAVE_OPS | RESTORE_OPS
#: What stands between the name of a saver's file and those.
_FILE_NAME_OPS = PLACEHOLDER_OPS | {"PlaceholderWithDefault", "ShardedFilename", "StringJoin", "Identity", "Pack"}


@dataclass(frozen=True)
class Endpoint:
    """An input or output of a graph: a node, and why it is thought to be one."""

    name: str  # of the node; of its tensor when it is not output 0
    op: str
    dtype: str | None
    shape: list[int | None] | None
    reason: str


def guess_inputs(graph: Graph, index: Index) -> list[Endpoint]:
    """Return the nodes by which data enters, then loose ends.

    Neither a saver's file name nor a resource is any, nor what stood for the way back of a loop while it was copied.
    """
    found = [
        endpoint(index, node, INPUT_OPS[node.op] if index.edges(node.name) else "nothing reads it")
        for node in graph
        if node.op in INPUT_OPS and node_dtype(node) is not dtypes.RESOURCE and not _is_inside(node, index)
    ]
    return [*found, *loose_ends(graph, index)]


def loose_ends(graph: Graph, index: Index) -> Iterator[Endpoint]:
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
    """Return the tensors that depend on an input and nothing reads or waits for, else those only gradients read."""
    starts = [node_of(each.name) for each in inputs]
    results = _may_be_results(graph, index, starts)
    on = ", and it depends on an input" if starts else ""
    unread = [endpoint(index, node, f"nothing reads it{on}", at) for node in results for at in _unread(node, index)]
    return unread or [
        endpoint(index, node, f"only gradients read it{on}") for node in _before_gradients(results, index)
    ]


def likely_outputs(graph: Graph, index: Index) -> list[str]:
    """Return the nodes of a training graph that look like its results: what only gradients read, activations first."""
    results = _may_be_results(graph, index, [node_of(each.name) for each in guess_inputs(graph, index)])
    last = [node.name for node in results if node.op in _LAST_ACTIVATIONS]
    ends = {node.name for node in _before_gradients(results, index)}
    ends.update(node.name for node in results if any(True for _ in _unread(node, index)))
    return list(dict.fromkeys([*last, *(node.name for node in results if node.name in ends)]))


def entries(graph: Graph) -> list[Output]:
    """Return the arguments of a function whose body a graph is; of another, the tensors by which data enters."""
    function = graph.function_def
    if function is not None:
        return [graph.output_of(arg.name) for arg in function.signature.input_arg]
    return [graph.output_of(each.name) for each in guess_inputs(graph, graph.index)]


def results(graph: Graph) -> list[Output]:
    """Return what a function returns whose body a graph is; of another, the tensors by which results leave."""
    function = graph.function_def
    if function is not None:
        texts = [function.ret[arg.name] for arg in function.signature.output_arg if arg.name in function.ret]
        return [graph.output_of(text) for text in texts]
    index = graph.index
    return [graph.output_of(each.name) for each in guess_outputs(graph, index, guess_inputs(graph, index))]


def endpoint(index: Index, node: Node, reason: str, output: int = 0) -> Endpoint:
    """Describe an output of a node."""
    dtype, shape = _dtype(node, output), output_shape(index, node, output)
    dims = None if shape is None or shape.dims is None else list(shape.dims)
    name = f"{node.name}:{output}" if output else node.name
    return Endpoint(name, node.op, None if dtype is None else dtype.name, dims, reason)


def _is_inside(node: Node, index: Index) -> bool:
    """Whether an input is not for data: the name of a saver's file, what a table is filled with, a left-over."""
    return _is_file_name(node, index) or _is_entries(node, index) or _is_left_over(node, index)


def _is_entries(node: Node, index: Index) -> bool:
    """Whether a placeholder only hands a constant on to ops that set state up."""
    if node.op != "PlaceholderWithDefault":
        return False
    before, readers = index.producer(node.inputs[0]) if node.inputs else None, index.edges(node.name)
    is_constant = before is not None and before.op == "Const"
    return is_constant and bool(readers) and all(dtypes.RESOURCE in (input_types(r) or ()) for r, _ in readers)


def _is_file_name(node: Node, index: Index) -> bool:
    """Whether a placeholder only tells a saver the name of its file."""
    if not node.op.startswith("Placeholder") or node_dtype(node) is not dtypes.STRING:
        return False
    names = [node.name]
    is_used = False
    for name in names:  # which grows on the way
        for reader, position in index.consumers(name):
            if reader.op == "MergeV2Checkpoints" or (reader.op in _SAVING_OPS and position == 0):
                is_used = True
            elif reader.op not in _FILE_NAME_OPS:
                return False
            elif reader.name not in names:
                names.append(reader.name)
    return is_used


def _may_be_results(graph: Graph, index: Index, starts: Sequence[str]) -> list[Node]:
    """Return the nodes that may be results and depend on any of `starts`, if there are any."""
    fed = _fed(index, starts) if starts else None
    return [node for node in graph if (fed is None or node.name in fed) and _may_be_result(node)]


def _fed(index: Index, starts: Iterable[str]) -> set[str]:
    """Return what depends on nodes; waiting for an op that changes a variable is no dependence."""

    def step(name: str) -> list[str]:
        node = index.producers.get(name)
        is_change = node is not None and (num_outputs(node) == 0 or node.op.startswith(_NO_RESULT_PREFIXES))
        readers = index.consumers(name) if is_change else index.edges(name)
        return [reader.name for reader, _ in readers]

    return closure(starts, step)


def _unread(node: Node, index: Index) -> Iterator[int]:
    """Yield the outputs of a node that are results because nothing reads them; of most ops, no others are read."""
    is_read = bool(index.edges(node.name))
    if is_read and node.op not in _CALLS:
        return
    read = {parse_input(reader.inputs[at]).output for reader, at in index.consumers(node.name)} if is_read else set()
    if node.op == "IdentityN":
        read |= _read_elsewhere(node, index)
    count = _NUM_RESULTS.get(node.op, num_outputs(node) or 1)
    # An attr may say any number; of so many the first stands for all.
    for output in range(count if count <= _MAX_RESULTS else 1):
        if output not in read and _dtype(node, output) not in _NO_VALUES:
            yield output


def _read_elsewhere(node: Node, index: Index) -> set[int]:
    """Return the outputs of an IdentityN that others read directly, of one that `lower` left for its name.

    It stands for a loop or branch, of which no output is a result when any is read, or for a call.
    """
    makers = [getattr(index.producer(text), "name", "") for text in node.data_inputs]
    own = {at for at, maker in enumerate(makers) if maker.startswith(f"{node.name}/")}
    called = {at for at, maker in enumerate(makers) if maker.startswith(f"Func/{node.name}/output/")}
    read = {at for at in own | called if len(index.consumers(makers[at])) > 1}
    return set(range(len(makers))) if read & own else read


def _before_gradients(results: Sequence[Node], index: Index) -> list[Node]:
    """Return what only gradients read, for its values; what they take for its shape is what is left of a loss."""
    found, for_shape = [], set()
    # Readers stand behind what they read.
    for node in reversed(results):
        edges = index.edges(node.name)
        readers = [reader for reader, _ in edges if reader.name not in for_shape]
        if not edges:
            continue
        if all(reader.op in _SHAPES and _is_beside(reader.name) for reader in readers):
            for_shape.add(node.name)
        elif all(_is_beside(reader.name) for reader in readers):
            found.append(node)
    return found[::-1]


def _dtype(node: Node, output: int) -> DType | None:
    types = output_types(node)
    return types[output].base if types is not None and output < len(types) else None


def _is_left_over(node: Node, index: Index) -> bool:
    """Whether TensorFlow's ``lift_to_graph`` put a placeholder into a loop until the way back was there."""
    return _LEFT_OVER.fullmatch(node.name) is not None and not index.edges(node.name)


def _is_beside(name: str) -> bool:
    return _OTHER_SCOPES.search(name) is not None


def _may_be_result(node: Node) -> bool:
    op = node.op
    if op in INPUT_OPS or op in _NO_RESULTS or op.startswith(_NO_RESULT_PREFIXES) or op.endswith("Summary"):
        return False
    return num_outputs(node) != 0 and not _is_beside(node.name)
