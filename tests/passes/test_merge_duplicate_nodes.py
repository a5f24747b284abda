"""merge_duplicate_nodes: of nodes that compute the same one is left."""

from __future__ import annotations

from graphsurgeon.passes.merge_duplicate_nodes import MergedRow, merge_duplicate_nodes
from tests import notation
from tests.passes.harness import check_pass, model


def test_weights_and_placeholders_stay_apart():
    before = """
        x = Placeholder {dtype: f32}
        z = Placeholder {dtype: f32}
        s = Const {i32 [2] 1}
        t = Const {i32 [2] 1}
        w = Const {f32 [1,1] 0}
        v = Const {f32 [1,1] 0}
        a = Reshape(x, s)
        b = Reshape(x, t)
        c = MatMul(a, w)
        d = MatMul(b, v)
        e = AddN(c, d, z) {N: 3}
    """
    after = """
        x = Placeholder
        z = Placeholder
        s = Const
        w = Const
        v = Const
        a = Reshape(x, s)
        c = MatMul(a, w)
        d = MatMul(a, v)
        e = AddN(c, d, z)
    """
    report = check_pass(merge_duplicate_nodes, model(before), after, outputs=("e",))
    assert report.merged == [MergedRow("t", "Const", "s"), MergedRow("b", "Reshape", "a")]


def test_function_bodies():
    body = notation.function(
        "f", "a", "t:sum:0", "r = Neg(a) {T: f32}; s = Neg(a) {T: f32}; t = AddN(r:y:0, s:y:0) {T: f32, N: 2}"
    )
    of = model("x = Placeholder {dtype: f32}; y = f(x)", body)
    assert [row.node for row in merge_duplicate_nodes(of).merged] == ["f/s"]
    assert of.library.functions["f"].body["t"].inputs == ("r:y:0", "r:y:0")


def test_what_nobody_reads_stays_without_outputs():
    of = model("x = Placeholder {dtype: f32}; a = Neg(x); b = Neg(x)")
    assert merge_duplicate_nodes(of).merged == []
    assert len(merge_duplicate_nodes(of, outputs=("b",)).merged) == 1


def test_a_frozen_gather_keeps_its_own_axis():
    of = model("""
        i = Placeholder {dtype: i32}
        v = Const {i32 [4,2]}
        w = Const {i32 [4,2] 1}
        g/axis = Const {i32 []}
        g = GatherV2(v, i, g/axis)
        h/axis = Const {i32 []}
        h = GatherV2(w, i, h/axis)
    """)
    assert merge_duplicate_nodes(of, outputs=("g", "h")).merged == []


def test_what_may_be_weights_in_a_body_stays_apart():
    text = "v = Const {f32 [2] 0}; w = Const {f32 [2] 0}; i = Const {i32 [2] 0}; j = Const {i32 [2] 0}; "
    nodes = "r = Add(v:output:0, w:output:0) {T: f32}; s = Add(i:output:0, j:output:0) {T: i32}"
    of = model("x = Placeholder {dtype: f32}; y = f(x)", notation.function("f", "a", "r:z:0", text + nodes))
    assert [row.node for row in merge_duplicate_nodes(of).merged] == ["f/j"]


def test_constants_with_other_notes_stay_apart():
    of = model("""
        a = Const {i32 [2] 1}
        b = Const {i32 [2] 1, _tpu_replicate: "cluster"}
        c = Add(a, b)
    """)
    assert merge_duplicate_nodes(of, outputs=("c",)).merged == []
