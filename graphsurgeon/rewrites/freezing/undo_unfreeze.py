"""Taking out again what `unfreeze` had put in, where its note says so.

Reads that were made go, readers of the constants themselves read them again, control
inputs, dropped attrs and the encoding of short values come back, and constants have the
names that constant folding gave them; so freezing what was unfrozen gives the graph that
it was. Nodes that contexts need are bypassed, and Merges that were swapped are swapped back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.names import is_control, node_of
from graphsurgeon.variables.unfreeze_note import ConstantNote, UnfreezeNote

_PASSING_OPS = frozenset(("Identity", "RefIdentity", "Switch", "RefSwitch", "Enter", "RefEnter", "Exit", "RefExit"))


def undo_contexts(graph: Graph, note: UnfreezeNote) -> bool:
    """Let readers of nodes that were made for contexts read what they had read; return whether there are any."""
    if not note.passed and not note.swapped:
        return False
    edit, swapped = GraphEdit(graph), set(note.swapped)
    passed = {made: before for made, before in note.passed.items() if _passes_on(graph, made, before, note.passed)}
    for node in graph:
        inputs = [_passed(text, passed) for text in node.inputs]
        if node.name in swapped and len(inputs) > 1:
            inputs[:2] = inputs[1::-1]
        if tuple(inputs) != node.inputs:
            edit.set_inputs(node, inputs)
    is_changed = not edit.is_empty
    edit.apply()
    return is_changed


def _passes_on(graph: Graph, made: str, before: str, passed: Mapping[str, str]) -> bool:
    """Whether a node still gives what the note says: somebody may have changed the graph since."""
    node, former = graph.get(node_of(made)), graph.get(node_of(before))
    if node is None or former is None or node.op not in _PASSING_OPS or not node.inputs:
        return False
    read, wanted = (_passed(text, passed).removesuffix(":0") for text in (node.inputs[0], before))
    return read == wanted or (
        node.op == former.op and [_passed(text, passed) for text in node.data_inputs] == [*former.data_inputs]
    )


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


def _passed(text: str, passed: Mapping[str, str]) -> str:
    """Return what an input named before nodes were put between; it stays written as it is."""
    for _ in range(len(passed)):
        name, colon, port = text.partition(":")
        if text in passed:
            text = passed[text]
        elif port == "0" and name in passed:
            text = passed[name] if ":" in passed[name] else f"{passed[name]}{colon}{port}"
        else:
            break
    return text


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
