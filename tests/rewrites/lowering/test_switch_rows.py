"""A `_SwitchN`, which TensorFlow 2 makes of a Case, is a row of Switches."""

from __future__ import annotations

from graphsurgeon.checks import check
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.lower import lower
from graphsurgeon.rewrites.lowering.switch_rows import SwitchRows, switch_notes
from proto_utils import schema
from tests.passes.harness import check_pass, model

ROW = """
    i = Placeholder {dtype: int32}; x = Placeholder {dtype: f32}
    s = _SwitchN(x, i) {num_outs: 3, T: f32}
    a = Neg(s) {T: f32}; b = Abs(s:1) {T: f32}; c = Square(s:2) {T: f32}
"""
MERGED = ROW + "m = Merge(c, a, b) {N: 3, T: f32}; z = Neg(m) {T: f32}"


def test_every_node_of_a_row():
    after = """
        i = Placeholder
        x = Placeholder
        s/branch_key/_0 = Const(^i)
        s/is_branch/_1 = Equal(i, s/branch_key/_0)
        s/switch_pred/_2 = Switch(s/is_branch/_1, s/is_branch/_1)
        s/pivot_f/_3 = Identity(s/switch_pred/_2)
        s/index/_4 = Switch(i, s/is_branch/_1)
        s/branch_key/_5 = Const(^s/pivot_f/_3, ^s/index/_4)
        s/is_branch/_6 = Equal(s/index/_4, s/branch_key/_5)
        s/_7 = Switch(x, s/is_branch/_1)
        s/_8 = Switch(s/_7, s/is_branch/_6)
        a = Neg(s/_7:1)
        b = Abs(s/_8:1)
        c = Square(s/_8)
        m/_9 = Merge(c, b)
        m = Merge(m/_9, a)
        z = Neg(m)
    """
    check_pass(lower, model(MERGED), after)


def test_what_is_waited_for_goes_with_its_branch():
    of = model(ROW + "n = NoOp(^b); k = NoOp(^x); w = NoOp(^s); m = Merge(a, b, c, ^n, ^k) {N: 3, T: f32}")
    lower(of)
    check(of)
    assert of.graph["m/_9"].inputs == ("c", "b", "^n")
    assert of.graph["m"].inputs == ("m/_9", "a", "^k")
    assert of.graph["w"].inputs == ("^s/_7",)


def test_a_row_in_a_branch_of_another():
    inner = """
        j = Placeholder {dtype: int32}; t = _SwitchN(j, i) {num_outs: 3, T: int32}
        u = _SwitchN(a, t) {num_outs: 2, T: f32}; d = Neg(u) {T: f32}; n = Merge(d, u:1) {N: 2, T: f32}
        m = Merge(n, b, c) {N: 3, T: f32}; z = Neg(m) {T: f32}
    """
    of = model(ROW + inner)
    lower(of)
    check(of)
    assert "_SwitchN" not in of.graph.ops
    merges = [node.name for node in of.graph if node.op == "Merge"]
    assert len(merges) == 3
    assert of.graph["m"].inputs[1] == "n"


def left(of: Model) -> dict[str, str]:
    rows = SwitchRows(of.graph, ["named"])
    assert not rows.rows
    return rows.left


def test_rows_that_stay():
    assert left(model(ROW + "m = Merge(a, b) {N: 2, T: f32}")) == {"s": "Merge 'm' does not read each branch once"}
    of = model(ROW + "m = Merge(a, b, c) {N: 3, T: f32}; w = Neg(m:1) {T: int32}")
    assert left(of) == {"s": "which branch it was is read from Merge 'm'"}
    one = "i = Placeholder {dtype: int32}; named = _SwitchN(i, i) {num_outs: 1, T: int32}"
    assert left(model(one)) == {"named": "has 1 branches"}
    assert left(model(one.replace("num_outs: 1", "num_outs: 20000"))) == {"named": "has 20,000 branches"}
    assert left(model(one.replace("num_outs: 1", "num_outs: 2"))) == {"named": "is asked for by name"}


def test_what_cannot_be_trained_is_told():
    assert switch_notes(model("x = Placeholder {dtype: f32}").graph) == []
    (note,) = switch_notes(model(ROW).graph)
    assert note.startswith("TensorFlow has no gradient through _SwitchN 's': `gs.lower` makes")


def test_what_signatures_name_stays():
    of = model(MERGED, meta=schema.MetaGraphDef())
    assert of.meta is not None
    of.meta.signature_def["serve"].outputs["out"].name = "s:1"
    report = lower(of)
    assert [(row.node, row.reason) for row in report.left] == [("s", "is asked for by name")]
    assert of.graph["s"].op == "_SwitchN"
