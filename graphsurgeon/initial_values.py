"""What initializer ops assign, as far as it is a constant: evaluated without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterable

from graphsurgeon.errors import PassError, near_names
from graphsurgeon.index import Index
from graphsurgeon.names import node_of, node_of_input
from graphsurgeon.node import Node
from graphsurgeon.tensor import FillTensor, Tensor
from proto_utils.errors import NotFoundError

_ASSIGN = frozenset({"Assign", "AssignVariableOp"})
_GROUP = frozenset({"NoOp", "Identity"})
# They fill lookup tables: nothing that a constant could hold.
_TABLE = frozenset(
    {
        "InitializeTable", "InitializeTableV2", "InitializeTableFromTextFile", "InitializeTableFromTextFileV2",
        "LookupTableImport", "LookupTableImportV2",
    }
)  # fmt: skip


def initial_values(index: Index, initializers: Iterable[str], operation: str) -> dict[str, Tensor]:
    """Evaluate initializer ops whose values are constant expressions.

    Parameters
    ----------
    index : Index
    initializers : iterable of str
        Nodes: assignments, groups of them, or initializers of tables.
    operation : str
        The pass, for errors.

    Returns
    -------
    dict of str to Tensor
        What they assign, by variable.

    Raises
    ------
    NotFoundError
        There is no such node.
    PassError
        One needs TensorFlow to be evaluated.
    """
    found: dict[str, Tensor] = {}
    waiting, seen = [node_of(name) for name in initializers], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        node = index.producers.get(name)
        if node is None:
            raise NotFoundError("node", name, near_names(name, index.producers))
        if node.op in _ASSIGN:
            found[node_of_input(node.inputs[0])] = _value(index, node, operation)
        elif node.op not in _TABLE | _GROUP:
            raise PassError(operation, f"initializer op {node.op} cannot be evaluated without TensorFlow", node=name)
        waiting += [node_of_input(text) for text in node.inputs if node.op in _GROUP or text[:1] == "^"]
    return found


def _value(index: Index, assign: Node, operation: str) -> Tensor:
    node = index.producer(assign.inputs[1])
    while node is not None and node.op == "Identity":
        node = index.producer(node.inputs[0])
    if node is not None and node.op == "Const":
        return node.tensor
    if node is not None and node.op == "Fill":
        dims, value = (index.producer(text) for text in node.inputs[:2])
        if dims is not None and value is not None and dims.op == value.op == "Const":
            return _fill(dims.tensor, value.tensor)
    reason = "assigns a value that is no constant" if node is None else f"assigns the result of {node.op}"
    raise PassError(operation, f"{reason}, which cannot be evaluated without TensorFlow", node=assign.name)


def _fill(dims: Tensor, value: Tensor) -> Tensor:
    width = dims.dtype.itemsize
    raw = b"".join(map(bytes, dims.chunks()))
    shape = [int.from_bytes(raw[i : i + width], "little", signed=True) for i in range(0, len(raw), width)]
    return FillTensor(value.dtype, shape, b"".join(map(bytes, value.chunks())))
