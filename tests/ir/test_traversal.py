"""Walks over a graph: ancestors and successors."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.traversal import Steps, ancestors, closure, run_nested, successors
from tests import notation


def producers(text: str) -> dict[str, Node]:
    return Index(notation.graph(text)).producers


def test_a_closure_asks_once_for_each_name():
    asked: list[str] = []

    def step(name: str) -> str:
        asked.append(name)
        return {"a": "bc", "b": "ca", "c": "c"}.get(name, "")

    assert closure("ad", step) == {"a", "b", "c", "d"}
    assert sorted(asked) == ["a", "b", "c", "d"]


def test_ancestors_follow_data_and_control():
    nodes = producers("a = X; b = X(a:1); c = X(^b); d = X(c); e = X(a)")
    assert ancestors(nodes, ["c"]) == {"a", "b", "c"}


def test_ancestors_go_around_loops_once():
    assert ancestors(producers("merge = X(enter, next); next = X(merge); enter = X"), ["next"]) == {
        "merge",
        "next",
        "enter",
    }


def test_ancestors_pass_over_what_is_not_there():
    assert ancestors(producers("a = X(nowhere, ^neither)"), ["a", "missing"]) == {"a"}


def test_ancestors_take_along_what_comes_with_a_node():
    nodes = producers("v = X; init = X(v, zeros); zeros = X; out = X(v); other = X")
    assert ancestors(nodes, ["out"], {"v": ["init"]}) == {"v", "init", "zeros", "out"}


def test_a_long_chain_is_no_recursion():
    nodes = producers("; ".join(["n0 = X", *(f"n{i} = X(n{i - 1})" for i in range(1, 5000))]))
    assert len(ancestors(nodes, ["n4999"])) == 5000


def test_successors():
    index = Index(notation.graph("a = NoOp; b = Neg(a); c = Neg(b:0, ^a); d = NoOp(^b); e = Neg(a, ^d)"))
    assert successors(index, ["b"]) == {"c", "d", "e"}
    assert successors(index, ["b"], by_data=True) == {"c"}
    assert successors(index, ["c"]) == set()


def test_what_is_in_a_loop_succeeds_itself():
    index = Index(notation.graph("m = Merge(x, n) {T: f32, N: 2}; n = NextIteration(m)"))
    assert successors(index, ["m"]) == {"m", "n"}


def test_a_recursion_deeper_than_pythons():
    def total(number: int) -> Steps[int]:
        return 0 if number == 0 else number + (yield total(number - 1))

    assert run_nested(total(0)) == 0
    assert run_nested(total(20_000)) == 20_000 * 20_001 // 2


def test_errors_come_through_a_recursion():
    def fail(number: int) -> Steps[int]:
        if number == 0:
            raise KeyError("deep")
        answer: int = yield fail(number - 1)
        return answer

    with pytest.raises(KeyError, match="deep"):
        run_nested(fail(3))
