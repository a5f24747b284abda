"""Checks of inputs: that they are there, and what the op takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from graphsurgeon.checks.finding import ERROR, Finding
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import REF_OFFSET, UNKNOWN, OpSignature
from graphsurgeon.names import is_control
from graphsurgeon.tensors.dtypes import DType
from proto_utils.errors import UnsupportedError

if TYPE_CHECKING:
    from graphsurgeon.checks.body import Body

#: In a body, ``argument`` or ``node:output`` without an index, where that is a list: it fills several inputs.
SEVERAL = -1

#: Where a control input stands among types.
CONTROL = -2


def input_findings(body: Body) -> Iterator[Finding]:
    """Yield inputs that are not there, or not what the op takes."""
    type_of = body.tensors.get
    # Types that are not the very ones an op takes, but serve it.
    fitting: set[tuple[tuple[object, ...], Sequence[int] | None]] = set()
    for i in body.odd:
        node, inputs, signature = body.nodes[i], body.inputs[i], body.signatures[i]
        types: tuple[object, ...] = tuple(map(type_of, inputs))
        if types == signature.inputs:
            continue
        if None in types:
            types = tuple([_type_at(body, text) for text in inputs])
        if (types, signature.inputs) not in fitting:
            found = list(_odd_input_findings(body, node, inputs, signature))
            if not found:
                fitting.add((types, signature.inputs))
            yield from found


def _type_at(body: Body, text: str) -> object:
    """Return the type of a data input, `CONTROL` for a control input; what no type is where there is a fault."""
    if not is_control(text):
        return body.type_of(text)
    return CONTROL if body.has_producer(text[1:]) else None


def fits(found: int, wanted: int) -> bool:
    """Whether a tensor of one type can feed an input of another: a reference also gives its value."""
    return found in (wanted, wanted + REF_OFFSET) or found <= UNKNOWN or wanted <= UNKNOWN


def all_fit(types: Sequence[int | None], wanted: Sequence[int] | None) -> bool:
    """Whether nothing is wrong with inputs of these types, as an op takes them: None if nobody knows.

    The type of what is not there is None, and fits nothing.
    """
    data = types[: len(types) - types.count(CONTROL)]
    if None in types or CONTROL in data:
        return False
    if wanted is None:
        return True
    return len(data) == len(wanted) and all(
        fits(have or UNKNOWN, want) for have, want in zip(data, wanted, strict=True)
    )


def type_name(number: int) -> str:
    """Return the name of a type number."""
    try:
        return DType.from_number(number).name
    except UnsupportedError:
        return f"type number {number}"


def _odd_input_findings(body: Body, node: Node, inputs: tuple[str, ...], signature: OpSignature) -> Iterator[Finding]:
    types = []
    behind_control = False
    for text in inputs:
        if is_control(text):
            behind_control = True
            if not body.has_producer(text[1:]):
                yield body.finding(ERROR, "dangling-input", node.name, f"control input {text!r} names no node")
            continue
        if behind_control:
            yield body.finding(ERROR, "control-order", node.name, f"input {text!r} stands behind a control input")
        found = body.type_of(text)
        if isinstance(found, tuple):
            yield body.finding(ERROR, found[0], node.name, found[1])
            found = UNKNOWN
        types.append(found)
    if signature.inputs is not None and SEVERAL not in types:
        yield from _type_findings(body, node, types, signature.inputs)


def _type_findings(body: Body, node: Node, types: list[int], wanted: Sequence[int]) -> Iterator[Finding]:
    if len(types) != len(wanted):
        message = f"{len(types)} data inputs, but {node.op} takes {len(wanted)}"
        yield body.finding(ERROR, "input-count", node.name, message)
        return
    for position, (text, have, want) in enumerate(zip(node.data_inputs, types, wanted, strict=True)):
        if not fits(have, want):
            message = f"input {position} ({text!r}) is {type_name(have)}, but {node.op} takes {type_name(want)}"
            yield body.finding(ERROR, "input-type", node.name, message)
