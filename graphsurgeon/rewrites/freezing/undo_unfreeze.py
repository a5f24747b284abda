"""Taking out again what `unfreeze` had put in, where its note says so.

Reads that were made go, readers of the constants themselves read them again, control
inputs, dropped attrs and the encoding of short values come back, and constants have the
names that constant folding gave them; so freezing what was unfrozen gives the graph that
it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.names import is_control
from graphsurgeon.variables.unfreeze_note import ConstantNote, UnfreezeNote


def undo_unfreeze(model: Model, note: UnfreezeNote, frozen: Iterable[str]) -> None:
    """Let readers of constants read them as before they were variables; what is not `frozen` stays as it is."""
    names = set(frozen)
    constants = {name: constant for name, constant in note.constants.items() if name in names}
    if constants:
        _rewire(model.graph, constants)
    if note.gradient_op_type:
        _restore_gradients(model, note.gradient_op_type)


def _rewire(graph: Graph, constants: Mapping[str, ConstantNote]) -> None:
    aliases = {}
    for name, constant in constants.items():
        if constant.read:
            aliases[constant.read] = name
        aliases.update(dict.fromkeys(constant.anchors, name))
    rewired = {(reader, at): name for name, constant in constants.items() for reader, at in constant.rewired}
    edit = GraphEdit(graph)
    for node in graph:
        inputs = tuple(_undone(node, at, text, aliases, rewired) for at, text in enumerate(node.inputs))
        if node.op == "Const" and node.name in constants:
            inputs = tuple(constants[node.name].controls)
        if inputs != node.inputs:
            edit.set_inputs(node, inputs)
        if node.op == "Const" and node.name in constants and constants[node.name].name in graph:
            own = node.copy()
            own.name = constants[node.name].name
            edit.replace(own.name, [own])
    edit.apply()


def _undone(
    node: Node, position: int, text: str, aliases: Mapping[str, str], rewired: Mapping[tuple[str, int], str]
) -> str:
    # An input stays written as it is: ``a``, ``a:0`` or ``^a``.
    caret = "^" if is_control(text) else ""
    name, colon, port = text[len(caret) :].partition(":")
    return f"{caret}{rewired.get((node.name, position)) or aliases.get(name, name)}{colon}{port}"


def _restore_gradients(model: Model, dropped: Mapping[str, str]) -> None:
    for function, graph in model.graphs():
        prefix = "" if function is None else f"{function}/"
        edit = GraphEdit(graph)
        for node in graph:
            if f"{prefix}{node.name}" in dropped:
                edit.edit(node).attrs["_gradient_op_type"] = dropped[f"{prefix}{node.name}"]
        edit.apply()
