"""Checks of shapes: what a variable is given, and what a handle is read as.

TensorFlow infers shapes when it imports a graph, and refuses what contradicts itself: an initial value of another
shape than its variable, a reader of another dtype than the variable's handle. Looked at is what attrs and constants
tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphsurgeon.checks.body import Body
from graphsurgeon.checks.finding import ERROR, Finding
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.node import Kind, Node
from graphsurgeon.ir.node_facts import attr_of, constant_value, variable_dtype, variable_shape
from graphsurgeon.names import is_control, node_of_input
from proto_utils.errors import FileFormatError

_HANDLE_OPS = frozenset(
    ("AssignVariableOp", "ReadVariableOp", "AssignAddVariableOp", "AssignSubVariableOp", "ResourceGather")
)
_GIVEN_OPS = frozenset(("Assign", "AssignVariableOp"))
_OPS = _HANDLE_OPS | _GIVEN_OPS
_AS_THEIR_INPUT = frozenset(("Identity", "StopGradient", "Snapshot"))
_OF_A_SHAPE = frozenset(("Fill", "RandomUniform", "RandomUniformInt", "RandomStandardNormal", "TruncatedNormal"))
_BROADCAST = frozenset(("Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "Maximum", "Minimum"))
_BY_OTHERS = _AS_THEIR_INPUT | _OF_A_SHAPE | _BROADCAST
#: Initial values are few steps from constants.
_MAX_STEPS = 12
#: A longer value is no shape.
_MAX_RANK = 254

_Dims = Sequence["int | None"]


def shape_findings(body: Body) -> Iterator[Finding]:
    """Yield contradictions between variables and their writers and readers; those in bodies show at a call."""
    if body.function is not None:
        return
    # What nodes, their variables and what these are given have in common, where that tells that they agree.
    agreeing: set[tuple[Kind | None, ...]] = set()
    for node in body.graph.nodes_of(_OPS):
        kinds = (node.kind, *[_kind_of(body, text) for text in node.inputs[:2]])
        if kinds not in agreeing:
            found = list(_variable_findings(body, node))
            if not found and None not in kinds:
                agreeing.add(kinds)
            yield from found


def _variable_findings(body: Body, node: Node) -> Iterator[Finding]:
    variable = _producer(body, node.inputs[0]) if node.inputs else None
    if variable is None or variable.op not in ("VariableV2", "VarHandleOp"):
        return
    op = node.op
    if op in _HANDLE_OPS and variable.op == "VarHandleOp":
        dtype, wanted = attr_of(node, "dtype"), variable_dtype(variable)
        if None not in (dtype, wanted) and dtype is not wanted:
            message = f"takes {variable.name!r} for a variable of {dtype}, but it is of {wanted}"
            yield body.finding(ERROR, "input-type", node.name, message)
    if op not in _GIVEN_OPS or len(node.data_inputs) < 2:
        return
    given = _dims(body, node.inputs[1], 0)
    shape = None if given is None else variable_shape(variable)
    if given is None or shape is None or shape.dims is None or _agree(shape.dims, given):
        return
    if op != "Assign" or attr_of(node, "validate_shape") is not False:
        message = f"gives {variable.name!r} of shape {_text(shape.dims)} a value of {_text(given)}"
        yield body.finding(ERROR, "shape", node.name, message)


def _kind_of(body: Body, text: str) -> Kind | None:
    """Return what tells all that `_dims` looks at of a tensor's node, None where it looks at others too."""
    position = body.position.get(text)
    node = _producer(body, text) if position is None else body.nodes[position]
    kind = None if node is None else node.kind
    return None if kind is None or kind[0] in _BY_OTHERS else kind


def _producer(body: Body, text: str) -> Node | None:
    position = body.position.get(text)
    if position is None and not is_control(text):
        position = body.position.get(node_of_input(text))
    return None if position is None else body.nodes[position]


def _dims(body: Body, text: str, steps: int) -> _Dims | None:
    """Return the dimensions of a tensor, None where attrs and constants do not tell them."""
    node = _producer(body, text)
    if node is None or steps > _MAX_STEPS:
        return None
    op = node.op
    if op == "Const":
        value = node.attr("value")
        return None if value is None else [dim.size for dim in value.tensor.tensor_shape.dim]
    if op in ("Placeholder", "VariableV2"):
        shape = attr_of(node, "shape")
        # Graphs of old versions have the shape of a scalar for one that is unknown.
        return shape.dims or None if isinstance(shape, Shape) else None
    if op in _AS_THEIR_INPUT and node.data_inputs:
        return _dims(body, node.inputs[0], steps + 1)
    if op in _OF_A_SHAPE and node.data_inputs:
        return _value_of(body, node.inputs[0])
    if op in _BROADCAST and len(node.data_inputs) == 2:
        return _broadcast(*(_dims(body, each, steps + 1) for each in node.data_inputs))
    return None


def _value_of(body: Body, text: str) -> _Dims | None:
    node = _producer(body, text)
    value = None if node is None else constant_value(node)
    if value is None or not value.dtype.is_integer or len(value.shape) != 1 or value.size > _MAX_RANK:
        return None
    try:
        raw, width = b"".join(value.chunks()), value.dtype.itemsize
    except FileFormatError:
        return None
    # Not by numpy, which takes longer to import than all else does.
    return [
        int.from_bytes(raw[at : at + width], "little", signed=value.dtype.kind == "i")
        for at in range(0, len(raw), width)
    ]


def _broadcast(a: _Dims | None, b: _Dims | None) -> _Dims | None:
    if a is None or b is None or None in a or None in b:
        return None
    rank = max(len(a), len(b))
    pairs = zip([1] * (rank - len(a)) + list(a), [1] * (rank - len(b)) + list(b), strict=True)
    return [y if x == 1 else x for x, y in pairs]


def _agree(a: _Dims, b: _Dims) -> bool:
    return len(a) == len(b) and all(x is None or y is None or x == y for x, y in zip(a, b, strict=True))


def _text(dims: _Dims) -> str:
    return f"[{', '.join('?' if size is None else str(size) for size in dims)}]"
