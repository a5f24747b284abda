"""Let nodes be of another op.

For: an op that a library calls otherwise now (Mul to MulNoNan, BatchMatMul to BatchMatMulV2, Add to AddV2), custom
kernels in the place of TensorFlow's.

Prerequisites: the new op takes the inputs and attrs of the old one. TensorFlow's Graph Transform Tool calls it so, too.

Leaves behind: the nodes with another op and all else as it was; shapes and signatures follow. What would not be well
formed is refused: another number of inputs, another type, attrs that the new op has not or must have.

What else it meets: function bodies are treated alike, and what they return is found under the names that the new op
has for its outputs. Calls of a function of the library by its name are left to `rename`. Frames, devices, collections
and the saver stay.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir import ops
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.names import node_of_input
from graphsurgeon.passes._contract import check_result, model_pass
from graphsurgeon.rewrites.editing.changed_attrs import AttrEdit
from graphsurgeon.rewrites.editing.chosen_nodes import all_nodes
from proto_utils.errors import NotFoundError


@dataclass(frozen=True)
class RenamedOpRow:
    """A node that is of another op."""

    node: str


@dataclass(frozen=True)
class RenameOpReport(Displayed):
    """What `rename_op` did."""

    renamed: list[RenamedOpRow]
    shapes: list[str] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@model_pass(obeys=True)
def rename_op(model: Model, *, old_op_name: str, new_op_name: str) -> RenameOpReport:
    """Let nodes be of another op.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.
    old_op_name : str
        The op that nodes are of, such as Add.
    new_op_name : str
        The op that they are to be of, such as AddV2.

    Raises
    ------
    NotFoundError
        No node is of that op.
    PassError
        The new op is a function of the library, or the graph would not be well formed.
    """
    every = all_nodes(model)
    chosen = [each for each in every if each.node.op == old_op_name]
    if not chosen:
        raise NotFoundError.among("op", old_op_name, sorted({each.node.op for each in every}))
    for name in (old_op_name, new_op_name):
        if name in model.library.functions:
            raise PassError("rename_op", f"{name!r} is a function of the library, not an op", is_usage=True)
    if not new_op_name or new_op_name == old_op_name:
        raise PassError("rename_op", f"{new_op_name!r} is no other op", is_usage=True)
    edit = AttrEdit(model, "rename_op", chosen)
    for each in chosen:
        node = edit.edit(each, "op")
        node.op = new_op_name
        edit.require_known(each, node, node.proto.attr)
    edit.apply()
    names = _new_outputs(old_op_name, new_op_name)
    for name, function in model.library.functions.items() if names else ():
        _rename_outputs(function, {each.node.name for each in chosen if each.function == name}, names)
    check_result(model, "rename_op", obeys=True)
    return RenameOpReport([RenamedOpRow(each.name) for each in chosen], *edit.follow())


def _new_outputs(old: str, new: str) -> dict[str, str]:
    """Return what outputs that have other names are called now; function bodies name outputs so."""
    before, after = ops.facts(old), ops.facts(new)
    if before is None or after is None:
        return {}
    pairs = zip(before.outputs, after.outputs, strict=False)
    return {a.name: b.name for a, b in pairs if a.name != b.name}


def _rename_outputs(function: Function, nodes: Collection[str], names: Mapping[str, str]) -> None:
    """Let the readers of nodes in a function's body, and its results, name outputs as they are called now."""
    edit = GraphEdit(function.body)
    for node in nodes:
        for reader, position in edit.index.consumers(node):
            edit.set_input(reader, position, _renamed(reader.inputs[position], names))
    edit.apply()
    ret = function.proto.ret
    for key, text in sorted(ret.items()):
        if node_of_input(text) in nodes:
            ret[key] = _renamed(text, names)


def _renamed(text: str, names: Mapping[str, str]) -> str:
    node, _, output = text.partition(":")
    name, _, number = output.partition(":")
    return f"{node}:{names[name]}:{number or 0}" if name in names else text
