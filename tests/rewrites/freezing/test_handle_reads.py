"""Readers of handles that freezing took for readers of values read the handles again."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import GraphError
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.passes.fix import fix
from graphsurgeon.passes.unfreeze import unfreeze
from graphsurgeon.rewrites.freezing.handle_reads import read_again, read_handles_again
from tests import notation

#: What TensorFlow 1.15 leaves of a graph that it freezes but for `v`.
BROKEN = """
    x = Placeholder {dtype: f32}
    w = Const {f32 [2,3]}
    w/read = Identity(w) {_class: loc:@w}
    y = MatMul(x, w/read)
    v = VarHandleOp {dtype: f32, shape: shape[3], container: "", shared_name: "v"}
    add/ReadVariableOp = Identity(v, ^x) {T: f32}
    add = Add(y, add/ReadVariableOp)
"""


def test_an_identity_of_a_handle_reads_it():
    of = notation.model(BROKEN)
    (was,) = read_handles_again(of)
    assert (was.name, was.op) == ("add/ReadVariableOp", "Identity")
    now = of.graph["add/ReadVariableOp"]
    assert (now.op, now.inputs, list(now.attrs)) == ("ReadVariableOp", ("v", "^x"), ["dtype"])
    assert read_handles_again(of) == []


def test_gathers_of_a_handle():
    of = notation.model("""
        v = VarHandleOp {dtype: f32, shape: shape[3,2]}
        i = Placeholder {dtype: i32}
        g/axis = Const {i32 []}
        g = GatherV2(v, i, g/axis) {Tparams: f32}
        n = GatherNd(v, i) {Tparams: f32}
    """)
    assert [node.name for node in read_handles_again(of)] == ["g", "n"]
    assert notation.show(of.graph).splitlines()[2:] == ["g = ResourceGather(v, i)", "n = ResourceGatherNd(v, i)"]


def test_handles_that_are_handed_on_stay():
    text = "v = VarHandleOp {dtype: f32, shape: shape[3]}; i = Identity(v) {T: resource}; r = ReadVariableOp(i)"
    assert read_handles_again(notation.model(text)) == []
    of = notation.model("a = Placeholder {dtype: f32}; b = Neg(a)")
    assert not read_again(GraphEdit(of.graph), of.graph["b"], 0)
    assert read_handles_again(of) == []


def test_where_an_op_changes_the_variable_the_order_is_lost():
    update = "up = AssignAddVariableOp(v, add) {dtype: f32}"
    of = notation.model(f"{BROKEN}\n{update}")
    assert read_handles_again(of) == []
    with pytest.raises(GraphError, match="is resource, but Identity takes float32"):
        unfreeze(of)
    reset = "zero = Const {f32 [3] 0}\nreset = AssignVariableOp(v, zero) {dtype: f32}"
    assert len(read_handles_again(notation.model(f"{BROKEN}\n{reset}"))) == 1


def test_fix_repairs_it():
    of = notation.model(BROKEN)
    (repair,) = fix(of).repairs
    assert (repair.node, repair.op, repair.repair) == ("add/ReadVariableOp", "Identity", "reads the handle again")


def test_unfreeze_takes_it_as_it_is():
    of = notation.model(BROKEN)
    report = unfreeze(of)
    assert [row.name for row in report.variables] == ["w"]
    assert report.notes[0] == "'add/ReadVariableOp' read variables again: freezing had made them read values"
    assert of.graph["add/ReadVariableOp"].op == "ReadVariableOp"
