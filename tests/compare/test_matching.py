"""Nodes that have another name are found again by what they are made of and what is made of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.compare.matching import Matching, match_graphs
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from tests import notation

NET = """
    x = Placeholder {dtype: f32}
    w1 = Const {f32 [2,2]}
    m1 = MatMul(x, w1)
    r1 = Relu(m1)
    w2 = Const {f32 [2,2]}
    m2 = MatMul(r1, w2)
    y = Softmax(m2)
"""


def match(a: str, b: str) -> Matching:
    return match_graphs(notation.graph(a), notation.graph(b))


def renamed(a: str, b: str) -> dict[str, str]:
    return match(a, b).renamed


def with_scope(text: str, scope: str) -> str:
    """Every node under a name scope."""
    text = re.sub(r"(^|;)\s*(\S+) =", rf"\1{scope}/\2 =", text, flags=re.MULTILINE)
    return re.sub(r"\((.+?)\)", lambda m: f"({', '.join(_scoped(part, scope) for part in m[1].split(', '))})", text)


def _scoped(text: str, scope: str) -> str:
    return f"^{scope}/{text[1:]}" if text[0] == "^" else f"{scope}/{text}"


def test_nothing_is_renamed():
    assert renamed(NET, NET) == {}


def test_scope():
    names = [line.split(" =")[0].strip() for line in NET.strip().splitlines()]
    assert renamed(NET, with_scope(NET, "import")) == {name: f"import/{name}" for name in names}


def test_one_node():
    assert renamed(NET, NET.replace("m1", "fc/MatMul")) == {"m1": "fc/MatMul"}


def test_constants_of_equal_shape_by_their_readers():
    assert renamed(NET, NET.replace("w1", "v2").replace("w2", "v1")) == {"w1": "v2", "w2": "v1"}


def test_names_that_another_node_has_now_are_no_renaming():
    found = match("a = Const {f32 [2]}; b = Relu(a)", "b = Const {f32 [2]}; a = Relu(b)")
    assert found.renamed == {}
    assert [(x.name, y.op) for x, y in found.pairs()] == [("a", "Relu"), ("b", "Const")]


def test_renamed_and_changed():
    """What has another attr or stands behind a change is found by the rest."""
    other = with_scope(NET, "s").replace("s/r1 = Relu", "s/r1 = Elu")
    found = renamed(NET, other)
    assert found == {name: f"s/{name}" for name in ("x", "w1", "m1", "w2", "m2", "y")}


def test_inserted_node_in_a_renamed_graph():
    other = with_scope(NET, "s").replace("(s/r1, ", "(s/t, ") + "\n s/t = Tanh(s/r1)"
    assert renamed(NET, other) == {name: f"s/{name}" for name in ("x", "w1", "m1", "r1", "w2", "m2", "y")}


def test_removed_node_in_a_renamed_graph():
    other = with_scope(NET, "s").replace("(s/r1, ", "(s/m1, ").replace("s/r1 = Relu(s/m1)", "")
    assert renamed(NET, other) == {name: f"s/{name}" for name in ("x", "w1", "m1", "w2", "m2", "y")}


def test_twins_pair_by_their_last_component_then_in_order():
    a = "x = Placeholder {dtype: f32}; a/p = Relu(x); a/q = Relu(x)"
    b = "x = Placeholder {dtype: f32}; b/q = Relu(x); b/p = Relu(x)"
    assert renamed(a, b) == {"a/p": "b/p", "a/q": "b/q"}
    assert renamed(a, b.replace("b/q", "c").replace("b/p", "d")) == {"a/p": "c", "a/q": "d"}


def test_twins_that_are_not_as_many_stay_unpaired():
    a = "x = Placeholder {dtype: f32}; p = Relu(x); q = Relu(x)"
    assert renamed(a, "x = Placeholder {dtype: f32}; r = Relu(x)") == {}


def test_towers_that_differ_in_an_attr():
    a = """
        x = Placeholder {dtype: f32}
        t1/c = Cumsum(x, x) {reverse: true}
        t1/r = Relu(t1/c)
        t2/c = Cumsum(x, x) {reverse: false}
        t2/r = Relu(t2/c)
        """
    b = a.replace("t1", "u9").replace("t2", "u1")
    assert renamed(a, b) == {"t1/c": "u9/c", "t1/r": "u9/r", "t2/c": "u1/c", "t2/r": "u1/r"}


def test_unrelated_constants_are_not_renamings():
    a = "x = Placeholder {dtype: f32}; p = Const {i32 []}; s = Sum(x, p)"
    b = "x = Placeholder {dtype: f32}; q = Const {i32 []}; s = Sum(x, x); t = Max(x, q)"
    assert renamed(a, b) == {}


def test_other_output_of_the_same_node_is_another_place():
    a = "x = Placeholder {dtype: f32}; s = Unpack(x) {num: 2}; a = Relu(s); b = Relu(s:1)"
    b = "x = Placeholder {dtype: f32}; s = Unpack(x) {num: 2}; c = Relu(s:1); d = Relu(s)"
    assert renamed(a, b) == {"a": "d", "b": "c"}


def test_control_inputs_count_whatever_their_order():
    a = "p = NoOp; q = NoOp; a = NoOp(^p, ^q); b = NoOp(^p)"
    b = "p = NoOp; q = NoOp; c = NoOp(^p); d = NoOp(^q, ^p)"
    assert renamed(a, b) == {"a": "d", "b": "c"}


def test_names_in_attrs_do_not_count():
    a = 'h = VarHandleOp {dtype: f32, shape: shape[2], shared_name: "h"}; r = ReadVariableOp(h) {dtype: f32}'
    assert renamed(a, with_scope(a, "s").replace('"h"', '"s/h"')) == {"h": "s/h", "r": "s/r"}
    a = "w = VariableV2 {dtype: f32, shape: shape[2]}; r = Identity(w) {_class: loc:@w}"
    assert renamed(a, with_scope(a, "s").replace("loc:@w", "loc:@s/w")) == {"w": "s/w", "r": "s/r"}


def test_loops():
    loop = """
        zero = Const {i32 []}
        enter = Enter(zero) {frame_name: "f"}
        merge = Merge(enter, next)
        limit = Const {i32 []}
        less = Less(merge, limit)
        cond = LoopCond(less)
        switch = Switch(merge, cond)
        body = Identity(switch:1)
        next = NextIteration(body)
        exit = Exit(switch)
        """
    names = [line.split(" =")[0].strip() for line in loop.strip().splitlines()]
    found = renamed(loop, with_scope(loop, "s").replace('"f"', '"s/f"'))
    assert found == {name: f"s/{name}" for name in names}


def test_cycles_end():
    assert renamed("a = Relu(b); b = Relu(a)", "c = Relu(d); d = Relu(c)") == {"a": "c", "b": "d"}


def test_arguments_of_functions_are_matched_by_position():
    a, b = notation.graph("n = Relu(x)"), notation.graph("m = Relu(first)")
    assert match_graphs(a, b, {"x": "first"}).renamed == {"n": "m"}
    assert match_graphs(a, b, {"x": "x"}).renamed == {}
    assert not match_graphs(a, b, {"x": "first"}).is_same_language


def test_names_that_are_not_ascii_and_long_ones():
    long = "n" * 20000
    a = f"x = Placeholder {{dtype: f32}}; größe = Relu(x) {{_note: 7}}; {long} = Tanh(größe)"
    assert renamed(a, a.replace("größe", "taille").replace(long, "short")) == {"größe": "taille", long: "short"}


@given(st.integers(0, 2**32))
def test_any_renaming_of_a_real_graph(seed: int):
    import random

    graph = _real()
    names = [node.name for node in graph]
    shuffled = [f"n{i}" for i in range(len(names))]
    random.Random(seed).shuffle(shuffled)
    new = dict(zip(names, shuffled, strict=True))
    found = match_graphs(graph, _renamed(graph, new))
    # Twins may swap names: then each is where the other was, with the same inputs.
    assert len(found.renamed) == len(names)
    for a, b in found.pairs():
        assert a.op == b.op
        assert [found.counterpart(text.partition(":")[0]) for text in a.inputs] == [
            text.partition(":")[0] for text in b.inputs
        ]


def _real() -> Graph:
    return Model.from_graph_def(notation.model(NET + "z = Add(y, m1)").to_graph_def()).graph


def _renamed(graph: Graph, new: dict[str, str]) -> Graph:
    nodes = [node.copy() for node in graph]
    for node in nodes:
        node.inputs = [new[text] for text in node.inputs]
        node.name = new[node.name]
    return Graph(nodes)


@pytest.mark.parametrize("duplicate", [NET + "y = Relu(m1)"])
def test_duplicate_names(duplicate: str):
    assert renamed(duplicate, duplicate) == {}
