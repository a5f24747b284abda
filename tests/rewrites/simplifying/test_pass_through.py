"""Removal of nodes that hand on what they read."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.rewrites.simplifying.pass_through import PassThrough
from tests import notation


def removed(text, *names, protected=(), max_inputs=1):
    graph = notation.graph(text)
    edit = GraphEdit(graph)
    removal = PassThrough(edit, OpSignatures({}), protected)
    removal.remove([graph[name] for name in names], max_inputs=max_inputs)
    edit.apply()
    return graph, removal


def test_readers_and_who_waits():
    text = """
        x = Placeholder {dtype: f32}
        check = NoOp
        a = Identity(x, ^check)
        b = Identity(a)
        c = Neg(b)
        d = NoOp(^b)
    """
    graph, removal = removed(text, "a", "b")
    assert removal.gone == {"a": "x", "b": "x"}
    assert graph["c"].inputs == ("x", "^check")
    assert graph["d"].inputs == ("^x", "^check")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("n = AddN(x, x) {N: 2}; r = Neg(n)", "has 2 data inputs"),
        ("n = Cast(x) {DstT: i32}; r = Neg(n)", "gives another type than it reads"),
        ("v = VariableV2 {dtype: f32, shape: shape[]}; n = Identity(v); r = Neg(n)", "reads a variable"),
        ("p = Const {bool []}; s = Switch(x, p); n = Identity(s:1); r = Neg(n)", "tells which branch is taken"),
        ('n = Enter(x) {frame_name: "f"}; r = Exit(n)', "controls the flow"),
        ("c = NoOp; n = Identity(x, ^c)", "waits for others"),
        ("n = Unpack(x) {num: 2}; r = Neg(n:1)", "more than its first output is read"),
        ("n = Blorp(x); r = Neg(n) {T: f32}", "nobody knows what it takes and gives"),
        ("n = Identity(x)", "is an input or output, or named around the graph"),
    ],
)
def test_what_stays(line, reason):
    protected = ("n",) if "named" in reason else ()
    graph, removal = removed(f"x = Placeholder {{dtype: f32}}; {line}", "n", protected=protected)
    assert removal.stays == {"n": reason}
    assert "n" in graph


def test_edges_are_not_multiplied():
    controls = "\n".join(f"c{number} = NoOp" for number in range(10))
    waits = ", ".join(f"^c{number}" for number in range(10))
    readers = "\n".join(f"r{number} = Neg(n)" for number in range(10))
    text = f"x = Placeholder {{dtype: f32}}\n{controls}\nn = Identity(x, {waits})\n{readers}"
    _, removal = removed(text, "n")
    assert removal.stays == {"n": "waits for 10 others, and 10 read it"}


def test_more_inputs_where_they_are_allowed():
    graph, _ = removed("x = Placeholder {dtype: f32}; y = Neg(x); n = Add(x, y); r = Neg(n)", "n", max_inputs=2)
    assert graph["r"].inputs == ("x",)
