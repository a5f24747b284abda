"""Variables that are only read in loops and branches enter as values."""

from __future__ import annotations

from graphsurgeon.rewrites.functionalizing.outer_reads import read_outside
from graphsurgeon.tensors import dtypes
from tests.notation import graph, show

LOOP = """
    v = VarHandleOp {dtype: f32, shape: shape[3]}
    i = Placeholder {dtype: i32}
    v/Enter = Enter(v) {frame_name: "f", is_constant: true}
    again = Identity(v/Enter)
    i/Enter = Enter(i) {frame_name: "f", is_constant: true}
    read = ReadVariableOp(again, ^i/Enter) {dtype: f32}
    gather = ResourceGather(v/Enter, i/Enter) {dtype: f32}
    outside = ReadVariableOp(v) {dtype: f32}
"""
AFTER = """
    v = VarHandleOp
    v/Read/ReadVariableOp = ReadVariableOp(v)
    i = Placeholder
    v/Enter = Enter(v/Read/ReadVariableOp)
    again = Identity(v/Enter)
    i/Enter = Enter(i)
    read = Identity(again, ^i/Enter)
    gather = Gather(v/Enter, i/Enter)
    outside = ReadVariableOp(v)
"""


def test_values_enter():
    of = graph(LOOP)
    assert read_outside(of) == []
    assert show(of).splitlines() == [line.strip() for line in AFTER.strip().splitlines()]
    assert [of[name].attrs["T"] for name in ("v/Enter", "again")] == [dtypes.FLOAT] * 2


def test_both_branches():
    of = graph("""
        v = VarHandleOp {dtype: f32, shape: shape[3]}
        p = Placeholder {dtype: bool}
        s = Switch(v, p)
        a = ReadVariableOp(s) {dtype: f32}
        b = ReadVariableOp(s:1) {dtype: f32}
    """)
    assert read_outside(of) == []
    assert show(of).splitlines()[-3:] == [
        "s = Switch(v/Read/ReadVariableOp, p)",
        "a = Identity(s)",
        "b = Identity(s:1)",
    ]


def test_what_is_changed_inside_enters_by_its_handle():
    of = graph(LOOP + "write = AssignAddVariableOp(v/Enter, read) {dtype: f32}")
    before = show(of)
    assert read_outside(of) == ["v"]
    assert show(of) == before


def test_without_loops_nothing_is_looked_at():
    assert read_outside(graph("v = VarHandleOp {dtype: f32, shape: shape[3]}")) == []
