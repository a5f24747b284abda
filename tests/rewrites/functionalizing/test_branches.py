"""Branches become If nodes, each as many as share nodes."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.functionalizing.branches import raise_branches
from graphsurgeon.rewrites.functionalizing.regions import Functions, RaisedRow, Region
from graphsurgeon.rewrites.functionalizing.tensor_facts import TensorFacts
from graphsurgeon.rewrites.shaping.node_shapes import NodeShapes
from tests.counting import num_calls
from tests.notation import model, nested_conditionals, show

HEAD = """
    p = Placeholder {dtype: bool}
    x = Placeholder {dtype: f32}
    w = Const {f32 []}
    pivot = Switch(p, p)
    t = Identity(pivot:1)
    one = Const(^t) {f32 []}
"""
FIRST = """
    a/s = Switch(x, p)
    a/then = Mul(a/s:1, one)
    a/Merge = Merge(a/s, a/then) {N: 2, T: f32}
"""
SECOND = """
    b/s = Switch(a/Merge, p)
    b/then = Mul(b/s:1, one)
    b/else = Add(b/s, w, ^x)
    b/Merge = Merge(b/else, b/then) {N: 2, T: f32}
"""


def raised(text: str) -> tuple[list[str], list[RaisedRow], Model]:
    of = model(text)
    functions = Functions(of.library)
    region = Region(of.graph, [], [])
    rows = raise_branches(region, TensorFacts(of, NodeShapes(of)), functions)
    functions.install()
    return show(region.nodes.values()).splitlines(), rows, of


def test_one_predicate_for_two():
    """The second needs what the first gives; a constant that only waits for their pivot is copied."""
    found, rows, of = raised(HEAD + FIRST + SECOND)
    assert found[3:] == [
        "a = StatelessIf(p, x)",
        "a/Merge = Identity(a)",
        "b = StatelessIf(p, a/Merge, w, ^x)",
        "b/Merge = Identity(b)",
    ]
    assert [row.node for row in rows] == ["a", "b"]
    bodies = [show(of.library.functions[name].body) for row in rows for name in row.functions]
    assert bodies == [
        "one = Const\na/then = Mul(x, one:output:0)",
        "",
        "one = Const\nb/then = Mul(a_merge, one:output:0)",
        "b/else = Add(a_merge, w)",
    ]


def test_what_a_merge_waits_for_in_its_branches():
    """As TensorFlow lowers an If: the result in the function waits."""
    text = """
        done = NoOp
        pivot = Switch(p, p, ^done)
        f = Identity(pivot)
        t = Identity(pivot:1)
        s = Switch(x, p)
        print = Print(s:1, s:1)
        ended = NoOp(^print)
        other = NoOp(^f)
        executed = Merge(f, t, ^other, ^ended, ^x) {N: 2, T: bool}
        z = NoOp(^executed)
    """
    found, rows, of = raised(HEAD.split("w =", maxsplit=1)[0] + text)
    assert found[3:] == ["cond = If(p, p, x, ^done)", "executed = Identity(cond, ^x)", "z = NoOp(^executed)"]
    then, other = (show(of.library.functions[name].body).splitlines() for name in rows[0].functions)
    assert then[-1] == "executed = Identity(t:output:0, ^ended)"
    assert other == ["f = Identity(p)"]


def test_a_node_that_only_waits_for_a_pivot_waits_for_what_that_does():
    text = HEAD.replace("Switch(p, p)", "Switch(p, p, ^n)") + "n = NoOp" + FIRST
    assert "a = StatelessIf(p, x, ^n)" in raised(text)[0]


def test_no_branches_is_nothing_to_do():
    found, rows, _ = raised("x = Placeholder {dtype: f32}; y = Neg(x)")
    assert (found, rows) == (["x = Placeholder", "y = Neg(x)"], [])


def test_who_waited_for_a_switch_waits_for_what_it_read():
    found, _, _ = raised(HEAD + FIRST + "late = NoOp(^a/s)")
    assert found[-1] == "late = NoOp(^x, ^p)"


def test_results_of_each_other_are_declined():
    """A node that both share ties them together."""
    shared = SECOND.replace("Mul(b/s:1, one)", "Mul(b/s:1, a/then)")
    with pytest.raises(PassError, match="each other's results"):
        raised(HEAD + FIRST + shared)


def test_effects_make_it_stateful():
    found, _, _ = raised(HEAD + FIRST.replace("a/then = Mul(a/s:1, one)", "a/then = Print(a/s:1, a/s:1)"))
    assert "a = If(p, x)" in found


def test_deep_nesting():
    _, rows, of = raised(nested_conditionals(30))
    assert len(rows) == 30
    assert len(of.library.functions) == 60


def test_nesting_that_is_too_deep_is_told_before_anything_is_made():
    def work(depth: int) -> int:
        def refuse() -> None:
            with pytest.raises(PassError, match="branches are nested deeper than 100"):
                raised(nested_conditionals(depth))

        return num_calls(refuse)

    assert work(400) < 4.5 * work(101)
