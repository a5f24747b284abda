"""The marks that freezing leaves where a variable was.

===================================================== =======================================
before                                                after freezing
===================================================== =======================================
VariableV2 ``X`` -> Identity ``X/read``                Const ``X`` -> Identity ``X/read``
VarHandleOp ``X`` -> ReadVariableOp ``a/ReadVariableOp`` Const ``X`` -> Identity ``a/ReadVariableOp``
captured by a function, read by ``a/ReadVariableOp``   Const ``a/ReadVariableOp/resource``
VarHandleOp ``X`` -> ResourceGather ``a``              Const ``X`` -> GatherV2 ``a``, Const ``a/axis``
VariableV2 ``X`` -> AssignSub, ScatterUpdate ...       Const ``X`` at an input that asks for a reference
===================================================== =======================================

``X/read`` carries ``_class: loc:@X``, unless a tool removed it. A later constant folding
puts a Const in the place of the Identity and keeps its name. Source: what TensorFlow's
``convert_variables_to_constants`` (1.x) and ``convert_variables_to_constants_v2`` write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from graphsurgeon.ir import ops
from graphsurgeon.ir.colocation import colocations
from graphsurgeon.ir.node import Node
from graphsurgeon.weights.scope import Constant, Use
from proto_utils.named_tuple import NamedTuple

# What TensorFlow 2 appends to a name when it puts one function into another.
_INLINED: Final = r"(_tfg_inlined_\w+)?"
_READ_VARIABLE: Final = rf"(.*/)?ReadVariableOp(_\d+)?{_INLINED}"
# Constant folding by the Graph Transform Tool appends such a suffix, every time anew.
_FOLDED: Final = r"(/_\d+__cf__\d+)*"
_CAPTURED: Final = r"(?P<read>(.*/)?ReadVariableOp(_\d+)?)(/resource(_\d+)?)?" + _FOLDED
_FOLDED_READ: Final = r"(?P<variable>.+)/(read|Read/ReadVariableOp)" + _FOLDED
_CAPTURE_ID: Final = r"/(resource|\d+)"
_GATHERS: Final = ("GatherV2", "GatherNd")
_HANDS_ON: Final = ("Identity", "Enter", "RefEnter", "Switch", "RefSwitch", "_SwitchN")


#: How much a mark says. A hint counts in graphs whose marks decide. A name without the Identity that belongs to it
#: settles it for that one constant, and tells that an optimizer has taken marks away. An intact mark says it all.
HINT, NAME_ONLY, INTACT = 1, 2, 3


def is_variable_read(node: Node) -> bool:
    """Whether `node` is an Identity that freezing made of a ReadVariableOp."""
    name = node.name
    return "ReadVariableOp" in name and node.op == "Identity" and re.fullmatch(_READ_VARIABLE, name) is not None


def folded_variable(name: str) -> str | None:
    """Return the variable that a constant was, when its name is that of the variable's own read.

    So `X` for ``X/read/_4__cf__4``, ``X/read`` and ``X/Read/ReadVariableOp``; None for other names.
    """
    match = re.fullmatch(_FOLDED_READ, name) if "ead" in name else None
    return None if match is None else match["variable"]


class FreezingMark(NamedTuple):
    """A mark on a constant."""

    text: str  # a part of a sentence, such as ``read by Identity 'a/read'``
    strength: int  # HINT, NAME_ONLY or INTACT
    reader: str = ""  # the node that bears it, as far as one does


def find_marks(constant: Constant, uses: list[Use], passed: list[Node]) -> list[FreezingMark]:
    """Return every mark of freezing on a constant, or on a function's argument, that `Scope.trace` followed."""
    if constant.is_handle:
        return []  # of a variable that is still one
    found = list(_by_readers(constant.name, passed))
    for use in uses:
        found += _by_use(constant.name, use)
    if constant.node is None or any(mark.strength == INTACT for mark in found):
        return found
    if uses or any(node.op == "Identity" for node in passed):
        found += _by_name(constant.name)
    return found


def _by_name(name: str) -> Iterator[FreezingMark]:
    variable = folded_variable(name)
    if variable is not None:
        yield FreezingMark(
            f"named as the read of variable {variable!r}, which constant folding put into one", NAME_ONLY
        )
    elif "ReadVariableOp" in name and (match := re.fullmatch(_CAPTURED, name)) is not None:
        yield FreezingMark("named as the capture of a variable that a ReadVariableOp read", NAME_ONLY, match["read"])


def _by_readers(name: str, passed: list[Node]) -> Iterator[FreezingMark]:
    for node in passed:
        if node.op == "Identity":
            if (
                node.name == node.inputs[0] + "/read"
            ):  # of the constant, or of the Dequantize that quantizing put after it
                yield FreezingMark(f"read by Identity {node.name!r}", INTACT)
            elif is_variable_read(node):
                yield FreezingMark(f"read by Identity {node.name!r}, a frozen ReadVariableOp", INTACT, node.name)
        elif node.op in ("RefSwitch", "RefEnter") and node.inputs[0] == name:
            yield FreezingMark(f"put where {node.op} {node.name!r} asks for a reference", INTACT)


def _by_use(name: str, use: Use) -> Iterator[FreezingMark]:
    node = use.node
    wanted = _variable_inputs(node.op).get(use.position)
    if wanted is not None and all(step.op in _HANDS_ON for step in use.path()):
        yield FreezingMark(f"put where {node.op} {node.name!r} asks for {wanted}", INTACT)
    if use.position == 0 and node.op in _GATHERS:
        text = f"gathered from by {node.op} {node.name!r}, a frozen ResourceGather"
        if name.startswith(node.name) and re.fullmatch(_CAPTURE_ID, name[len(node.name) :]):
            yield FreezingMark(text, INTACT, node.name)
        elif is_resource_gather(node):
            yield FreezingMark(text, HINT, node.name)  # TensorFlow before 1.14 wrote such ones itself


@lru_cache(maxsize=4096)
def _variable_inputs(op: str) -> Mapping[int, str]:
    """Return the inputs of `op` that only a variable can feed: freezing overlooks the ops that change one."""
    known = ops.facts(op)
    if known is None or any(arg.number or arg.is_list for arg in known.inputs):
        return {}
    wanted = {i: "a reference" for i, arg in enumerate(known.inputs) if arg.is_ref and arg.type != "string"}
    return wanted | {i: "a variable's handle" for i, arg in enumerate(known.inputs) if arg.type == "resource"}


def colocated(producers: Mapping[str, Node]) -> dict[str, list[Node]]:
    """Return the nodes that ask to be placed with another node, by the name of that other node."""
    found: dict[str, list[Node]] = {}
    for name, others in colocations(producers.values()).items():
        for other in others:
            found.setdefault(other, []).append(producers[name])
    return found


def is_resource_gather(node: Node) -> bool:
    """Whether `node` looks like a GatherV2 that freezing made of a ResourceGather: by axis and attrs."""
    attrs = node.proto.attr
    # Automatic control dependencies mark ops that touch a variable, which a plain GatherV2 does not.
    return gathers_by_own_axis(node) and ("batch_dims" not in attrs or "_has_manual_control_dependencies" in attrs)


def gathers_by_own_axis(node: Node) -> bool:
    """Whether `node` is a GatherV2 with an axis as freezing makes it, which tells one when it has no ``batch_dims``."""
    inputs = node.data_inputs if node.op == "GatherV2" else ()
    return (
        len(inputs) == 3 and inputs[2] == node.name + "/axis" and node.attrs.get("Taxis") is node.attrs.get("Tindices")
    )
