"""What initializer ops assign, as far as it is a constant: evaluated without TensorFlow.

Understood are constants, what repeats one value (``zeros``, ``ones``, ``fill``), groups of
initializers, and those of lookup tables, of which nothing becomes a constant.
"""

from __future__ import annotations

from collections.abc import Iterable

from graphsurgeon.errors import PassError, near_names
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.names import node_of, node_of_input
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import FillTensor, Tensor
from proto_utils.errors import NotFoundError

_ASSIGN = frozenset({"Assign", "AssignVariableOp"})
_GROUP = frozenset({"NoOp", "Identity"})
_PASSED = frozenset({"Identity", "Snapshot"})
# Ops that repeat one value, and how many constants they take.
_FILLS = {"Fill": 2, "ZerosLike": 1, "OnesLike": 1}
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
            found[node_of_input(node.inputs[0])] = _assigned_value(index, node, operation)
        elif node.op not in _TABLE | _GROUP:
            raise PassError(operation, f"initializer op {node.op} cannot be evaluated without TensorFlow", node=name)
        waiting += [node_of_input(text) for text in node.inputs if node.op in _GROUP or text[:1] == "^"]
    return found


def _assigned_value(index: Index, assign: Node, operation: str) -> Tensor:
    node = _source(index, assign, 1)
    value = None if node is None else _evaluate(index, node)
    if value is not None:
        return value
    reason = "assigns a value that is no constant" if node is None else f"assigns the result of {node.op}"
    raise PassError(operation, f"{reason}, which cannot be evaluated without TensorFlow", node=assign.name)


def _source(index: Index, node: Node, position: int) -> Node | None:
    """Return the node that makes an input; Identities are passed by."""
    found = index.producer(node.inputs[position])
    while found is not None and found.op in _PASSED:
        found = index.producer(found.inputs[0])
    return found


def _evaluate(index: Index, node: Node) -> Tensor | None:
    """Return the value of a constant expression, None when it is none; reads shapes and scalars only."""
    if node.op == "Const":
        return node.tensor
    if node.op not in _FILLS:
        return None
    sources = [_source(index, node, position) for position in range(_FILLS[node.op])]
    constants = [source.tensor for source in sources if source is not None and source.op == "Const"]
    if len(constants) < len(sources) or not constants[-1].dtype.itemsize:
        return None
    if node.op == "Fill":
        return FillTensor(constants[1].dtype, _integers(constants[0]), b"".join(map(bytes, constants[1].chunks())))
    like = constants[0]
    return FillTensor(like.dtype, like.shape, b"" if node.op == "ZerosLike" else _one(like.dtype))


def _one(dtype: DType) -> bytes:
    import numpy as np

    return np.ones((), dtype.numpy()).tobytes()


def _integers(tensor: Tensor) -> list[int]:
    width, raw = tensor.dtype.itemsize, b"".join(map(bytes, tensor.chunks()))
    return [int.from_bytes(raw[i : i + width], "little", signed=True) for i in range(0, len(raw), width)]
