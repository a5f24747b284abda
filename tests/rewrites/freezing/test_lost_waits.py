"""Reads that had waited for an op that changed their variable read its result."""

from __future__ import annotations

import pytest

from graphsurgeon.rewrites.freezing.lost_waits import wait_again
from tests import notation

START = "x = Placeholder {dtype: f32}; v = Const {f32 []}; before = Identity(v); "


def changed(text: str) -> list[str]:
    graph = notation.graph(START + text)
    old = notation.show(graph).splitlines()
    wait_again(graph)
    return [line for line in notation.show(graph).splitlines() if line not in old]


@pytest.mark.parametrize(
    ("op", "computes"),
    [("AssignVariableOp", "Identity(x)"), ("AssignSubVariableOp", "Sub(v, x)"), ("AssignAddVariableOp", "Add(v, x)")],
)
def test_the_read_behind_an_op(op, computes):
    assert changed(f"u = {op}(v, x) {{dtype: f32}}; r = Identity(v)") == [f"u = {computes}", "r = Identity(u)"]


@pytest.mark.parametrize(
    "text",
    [
        "u = AssignVariableOp(v, x) {dtype: f32}",
        "u = AssignVariableOp(v, x) {dtype: f32}; r = Identity(v); n = NoOp(^u)",
        "u = AssignVariableOp(v, x, ^before) {dtype: f32}; r = Identity(v)",
        "u = AssignVariableOp(v, x) {dtype: f32}; w = AssignSubVariableOp(v, x) {dtype: f32}; r = Identity(v)",
        "u = AssignVariableOp(v, x) {dtype: f32}; r = Identity(v, ^x)",
        "u = AssignVariableOp(before, x) {dtype: f32}; r = Identity(before)",
        "v/Assign = AssignVariableOp(v, x) {dtype: f32}; r = Identity(v)",
    ],
)
def test_where_nothing_was_lost(text):
    assert changed(text) == []


@pytest.mark.parametrize(
    ("read", "is_sure"),
    [
        ("r = Identity(v); q = FakeQuantWithMinMaxVars(x, r, r)", True),
        ("AssignMinEma/r = Identity(v)", True),
        ("r = Identity(v); y = Neg(r)", False),
    ],
)
def test_a_graph_frozen_whole(read, is_sure):
    update = "AssignMinEma/u = AssignSubVariableOp(v, x) {dtype: f32}; i = VarIsInitializedOp(v)"
    assert bool(changed(f"{update}; {read}")) is is_sure


@pytest.mark.parametrize(
    ("text", "doubtful"),
    [
        ("u = AssignVariableOp(v, x) {dtype: f32}; r = Identity(v)", {}),
        ("u = AssignVariableOp(v, x) {dtype: f32}; w = AssignSubVariableOp(v, x) {dtype: f32}", {}),
        (
            "u = AssignVariableOp(v, x) {dtype: f32}; r = Identity(v); w = AssignSubVariableOp(v, x) {dtype: f32}; "
            "s = Identity(v)",
            {"v": ["r", "s"]},
        ),
        (
            "i = VarIsInitializedOp(v); u = AssignAddVariableOp(v, x) {dtype: f32}; r = Identity(v); y = Neg(r)",
            {"v": ["r"]},
        ),
    ],
)
def test_reads_of_which_nothing_tells_are_named(text, doubtful):
    assert wait_again(notation.graph(START + text)) == doubtful
