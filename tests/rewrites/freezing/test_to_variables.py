"""Constants exchanged for variables, without what surrounds the graph."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.freezing.to_variables import ToVariables
from graphsurgeon.variables.layout import VariableKind
from tests import notation


def exchanged(text: str, kind: VariableKind, *names: str) -> list[str]:
    """The lines of a graph after its constants `names` became variables, without their initializers."""
    graph = notation.graph(text)
    surgery = ToVariables(graph, Index(graph), kind)
    for name in names:
        surgery.convert(graph[name], graph[name].proto, name)
    before = notation.show(notation.graph(text))
    assert notation.show(graph) == before  # nothing is done until all is gathered
    surgery.finish()
    lines = notation.show(graph).splitlines()
    return [line for line in lines if "/Initializer/" not in line and "/IsInitialized/" not in line]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ref", ["w = VariableV2", "w/read = Identity(w) {_class: loc:@w}", "y = Neg(w/read)"]),
        ("resource", ["w = VarHandleOp {_class: loc:@w}", "w/Read/ReadVariableOp = ReadVariableOp(w)"]),
    ],
)
def test_readers_read_the_variable(kind: VariableKind, expected: list[str]):
    lines = exchanged("w = Const {f32 [2]}; y = Neg(w)", kind, "w")
    assert set(expected) <= set(lines)


def test_nodes_are_edited_as_copies():
    graph = notation.graph("w = Const {f32 [2]}; y = Neg(w)")
    nodes, before = list(graph), notation.show(graph)
    surgery = ToVariables(graph, Index(graph), "ref")
    surgery.convert(graph["w"], graph["w"].proto, "w")
    surgery.finish()
    assert notation.show(nodes) == before


def test_an_op_that_changes_the_variable_gets_the_variable():
    """Freezing with the wrong tool leaves a constant where a reference is needed."""
    text = "w = Const {f32 [2]}; new = Const {f32 [2]}; set = Assign(w, new); y = Neg(w)"
    assert {"set = Assign(w, new)", "y = Neg(w/read)"} <= set(exchanged(text, "ref", "w"))
