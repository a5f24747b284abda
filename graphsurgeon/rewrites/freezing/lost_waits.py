"""Control edges that freezing drops: reads of a resource variable after an op that changed it.

A program that goes on with the result of an assignment (zero-debiased averages,
quantization-aware training) waits for the op and reads again::

    AssignSubVariableOp(v, d) <-^- ReadVariableOp(v)      became      Identity(v)

`convert_variables_to_constants` keeps the op because of the wait, and then writes the read
without it. An op that nothing waits for, in a graph cut down to its outputs, has lost such a
reader: the reads that were made after it, which is the order of the nodes. They read what
the op computes, as those of reference variables do. Where a graph was frozen with every node
as output, ``VarIsInitializedOp`` is there, and an op stands for itself.
"""

from __future__ import annotations

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.names import node_of_input
from graphsurgeon.rewrites.freezing.update_results import computing_nodes
from graphsurgeon.tensors.dtypes import DType

_OPS = ("AssignVariableOp", "AssignSubVariableOp", "AssignAddVariableOp")


def wait_again(graph: Graph) -> dict[str, list[str]]:
    """Let reads of a frozen resource variable read what the op before them computes, where the graph tells so.

    Returns the reads of which it does not tell, by the constant that they read: they may have waited for an op too.
    """
    updates = graph.nodes_of(_OPS)
    if not updates:
        return {}
    edit, index = GraphEdit(graph), Index(graph)
    places = {node.name: place for place, node in enumerate(graph)}
    doubtful: dict[str, list[str]] = {}
    settled: set[str] = set()
    for node in updates:
        sure, unsure = _later_reads(index, node, places)
        if sure:
            edit.replace(node.name, computing_nodes(node, ()))
            for read in sure:
                edit.set_input(read, 0, node.name)
            settled.update(read.name for read in sure)
        if unsure:
            doubtful.setdefault(node_of_input(node.data_inputs[0]), []).extend(read.name for read in unsure)
    edit.apply()
    left = {name: [read for read in dict.fromkeys(reads) if read not in settled] for name, reads in doubtful.items()}
    return {name: reads for name, reads in left.items() if reads}


def _later_reads(index: Index, update: Node, places: dict[str, int]) -> tuple[list[Node], list[Node]]:
    """Return the reads that had waited for an op, and those that may have."""
    if not _is_left_alone(index, update) or update.control_inputs or len(update.data_inputs) != 2:
        return [], []
    variable = index.producer(update.data_inputs[0])
    if variable is None or variable.op != "Const" or update.name == f"{variable.name}/Assign":
        return [], []
    readers = [reader for reader, _ in index.tensor_consumers(update.data_inputs[0])]
    # Those that make a variable what it is at first, or restore it, are no rivals.
    rivals = [r for r in readers if r.op in _OPS and r is not update and r.name != f"{variable.name}/Assign"]
    place, dtype = places[update.name], variable.attrs.get("dtype")
    reads = [reader for reader in readers if places[reader.name] > place and _is_read(reader, dtype)]
    if any(_is_left_alone(index, rival) for rival in rivals):
        return [], reads
    is_whole = any(r.op == "VarIsInitializedOp" or r.name == f"{variable.name}/Assign" for r in readers)
    sure = [read for read in reads if not is_whole or _has_surely_waited(index, read, update)]
    return sure, [read for read in reads if read not in sure]


def _is_left_alone(index: Index, node: Node) -> bool:
    return not index.edges(node.name)


def _has_surely_waited(index: Index, read: Node, update: Node) -> bool:
    users = [user for user, _ in index.consumers(read.name)]
    if users and all(user.op.startswith("FakeQuantWithMinMaxVars") for user in users):
        return True
    scope = update.name.rpartition("/")[0]
    return scope.rpartition("/")[2].startswith("Assign") and read.name.startswith(f"{scope}/")


def _is_read(node: Node, dtype: DType | None) -> bool:
    return node.op == "Identity" and node.attrs.get("T") == dtype and not node.control_inputs
