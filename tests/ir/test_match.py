"""Patterns occur where nodes read what they say."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.errors import GraphError
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.match import Pattern
from tests import notation


@pytest.fixture(scope="module")
def graph() -> Graph:
    return notation.graph("""
        x = Placeholder {dtype: f32}
        w = Const {f32 [2,2]}
        b = Const {f32 [2]}
        mul = MatMul(x, w) {transpose_a: true}
        out = BiasAdd(mul, b)
        sum = AddV2(w, out)
        square = Mul(out, out)
        other = Mul(out, sum)
        list = Pack(x, b, w)
    """)


def found(graph: Graph, pattern: Any) -> list[str]:
    return [each.node.name for each in graph.match(pattern)]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("Const", ["w", "b"]),
        ("BiasAdd(MatMul, Const)", ["out"]),
        ("BiasAdd(Conv2D|MatMul(*, Const), Const)", ["out"]),
        ("BiasAdd(Const, *)", []),
        ("AddV2(BiasAdd, Const)", ["sum"]),  # in any order
        ("Mul(a=*, a=*)", ["square"]),
        ("Mul(a=*, AddV2(*, a=*))", ["other"]),
        ("Pack(Placeholder, ...)", ["list"]),
        ("Pack(Placeholder)", []),
        ("*()", ["x", "w", "b"]),
        ({"op": "MatMul", "attrs": {"transpose_a": True}}, ["mul"]),
        ({"op": "MatMul", "attrs": {"transpose_a": False}}, []),
        ({"op": "Const", "name": "[a-b]"}, ["b"]),
        ({"inputs": ["*", "Const"]}, ["mul", "out", "sum"]),
        (Pattern("BiasAdd", ["MatMul", "..."]), ["out"]),
    ],
)
def test_where_a_pattern_occurs(graph: Graph, pattern: Any, names: list[str]):
    assert found(graph, pattern) == names


def test_what_is_captured(graph: Graph):
    (one,) = graph.match({"op": "BiasAdd", "as": "all", "inputs": ["m=MatMul(*, w=Const)", "b=*"]})
    assert (one.node, one["all"], one["m"], one["w"], one["b"]) == tuple(
        graph[n] for n in ("out", "out", "mul", "w", "b")
    )
    assert one.outputs["m"] == graph["mul:0"]
    assert one.nodes == [graph[name] for name in ("out", "mul", "x", "w", "b")]
    assert repr(one).startswith("Match('out', {")


def test_arguments_of_functions_are_captured_as_tensors():
    body = notation.function("f", "a", "n:y:0", "n = Neg(a)").body
    (one,) = body.match("Neg(x=*)")
    assert one.outputs["x"] == body["a"]
    with pytest.raises(KeyError):
        one["x"]
    assert body.match("Neg(x=Const)") == []


@pytest.mark.parametrize(
    "text", ["", "(", "A(", "A(B", "A)", "A(B))", "A B", "A(,)", "x=", "...", "A(B C)", "x=...", "A=B=C"]
)
def test_what_is_no_pattern(text: str):
    with pytest.raises(GraphError, match="is no pattern"):
        Pattern.of(text)


def test_other_data_is_none_either():
    for each in ({"ops": "A"}, 3, ["A"]):
        with pytest.raises(GraphError, match="is no pattern"):
            Pattern.of(each)


@pytest.mark.parametrize("text", ["A", "A()", "A(B, x=C(*), ...)", "x=*"])
def test_patterns_print_as_they_are_written(text: str):
    assert repr(Pattern.of(text)) == text
