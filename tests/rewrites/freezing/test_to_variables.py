"""Constants exchanged for variables, without what surrounds the graph."""

from __future__ import annotations

import pytest

from graphsurgeon.checks import verify
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_messages import num_behind_content
from graphsurgeon.rewrites.freezing import to_variables
from graphsurgeon.rewrites.freezing.to_variables import ToVariables
from graphsurgeon.tensors import dtypes
from graphsurgeon.variables.layout import VariableKind
from tests import notation


def exchanged(text: str, kind: VariableKind, *names: str) -> list[str]:
    """The lines of a graph after its constants `names` became variables, without their initializers."""
    graph = notation.graph(text)
    surgery = ToVariables(graph, Index(graph), kind)
    for name in names:
        surgery.convert(graph[name], name)
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
    surgery.convert(graph["w"], "w")
    surgery.finish()
    assert notation.show(nodes) == before


def test_constants_alike_are_parsed_once_and_keep_their_values(monkeypatch: pytest.MonkeyPatch):
    attrs = {"dtype": dtypes.INT32, "_private": b"x"}
    nodes = [Node.new(f"w{i}", "Const", device="/gpu:0", attrs={**attrs, "value": [i, 2 * i]}) for i in range(5)]
    graph = Graph([*nodes, Node.new("w5", "Const", attrs={"dtype": dtypes.INT32, "value": [5, 10]})])
    verify(Model(graph))
    surgery = ToVariables(graph, Index(graph), "ref")
    parsed: list[str] = []

    def noted(node: Node) -> int | None:
        parsed.append(node.name)
        return num_behind_content(node)

    monkeypatch.setattr(to_variables, "num_behind_content", noted)
    values = [surgery.convert(node, node.name) for node in graph]
    assert parsed == ["w0", "w5"]
    assert [value.numpy().tolist() for value in values] == [[i, 2 * i] for i in range(6)]
    surgery.finish()
    assert [graph[f"w{i}"].device for i in (0, 4, 5)] == ["/gpu:0", "/gpu:0", ""]
    assert [graph[f"w{i}"].attrs.get("_private") for i in (0, 4, 5)] == [b"x", b"x", None]


def test_an_op_that_changes_the_variable_gets_the_variable():
    """Freezing with the wrong tool leaves a constant where a reference is needed."""
    text = "w = Const {f32 [2]}; new = Const {f32 [2]}; set = Assign(w, new); y = Neg(w)"
    assert {"set = Assign(w, new)", "y = Neg(w/read)"} <= set(exchanged(text, "ref", "w"))
