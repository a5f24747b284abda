"""Which tensors are plain values."""

from __future__ import annotations

from graphsurgeon.rewrites.editing.plain_values import not_plain
from tests.notation import model

TEXT = """
    x = Placeholder {dtype: f32}
    wait = NoOp(^x)
    ref = VariableV2 {dtype: f32, shape: shape[2]}
    read = Identity(ref)
    handle = VarHandleOp {dtype: f32, shape: shape[2]}
    value = ReadVariableOp(handle) {dtype: f32}
    enter = Enter(x) {T: f32, frame_name: "f"}
    merge = Merge(enter, next) {T: f32, N: 2}
    next = NextIteration(merge) {T: f32}
"""


def test_references_handles_and_the_ways_of_loops_are_none():
    of = model(TEXT)
    assert not_plain(of, [node.name for node in of.graph], "insert") == {
        "wait": "op NoOp has no outputs",
        "ref": "is a reference to a variable, not a value",
        "handle": "is the handle of a resource, not a value",
        "next": "op NextIteration makes a loop go round, which needs it as it is",
    }
