"""flatten_atrous_conv: one convolution with dilations in the place of three nodes."""

from __future__ import annotations

from graphsurgeon.errors import NotFoundError
from graphsurgeon.passes.flatten_atrous_conv import flatten_atrous_conv
from tests.passes.harness import check_pass, check_refusal, model

TEXT = """
    x = Placeholder {dtype: f32, shape: shape[?,12,12,3]}
    w = Const {f32 [3,3,3,4]}
    w/read = Identity(w) {_class: loc:@w}
    ready = NoOp
    block = Const {i32 [2] 2}
    pads = Const {i32 [2,2] 2}
    crops = Const {i32 [2,2] 0}
    there = SpaceToBatchND(x, block, pads)
    conv = Conv2D(there, w/read, ^ready) {strides: [1,1,1,1], padding: "VALID"} on /cpu:0
    back = BatchToSpaceND(conv, block, crops)
    b = Const {f32 [4]}
    y = BiasAdd(back, b) {_class: loc:@conv}
    out = Relu(y) {_class: loc:@conv}
"""
AFTER = """
    x = Placeholder
    w = Const
    w/read = Identity(w) {_class: loc:@w}
    ready = NoOp
    back = Conv2D(x, w/read, ^ready) on /cpu:0
    b = Const
    y = BiasAdd(back, b)
    out = Relu(y) {_class: loc:@y}
"""


def test_three_nodes_become_one():
    of = model(TEXT)
    report = check_pass(flatten_atrous_conv, of, AFTER, outputs=("out",))
    (row,) = report.flattened
    assert (row.node, row.dilations, row.padding) == ("back", [1, 2, 2, 1], "SAME")
    assert sorted(report.removed) == ["block", "conv", "crops", "pads", "there"]


def test_what_others_read_stays():
    of = model(TEXT + "\nmore = Neg(there)")
    flatten_atrous_conv(of, outputs=("out", "more"))
    assert {"there", "pads", "block"} <= {node.name for node in of.graph}
    assert "crops" not in of.graph


def test_one_that_stays_has_its_reason():
    of = model(TEXT.replace("[2,2] 2", "[2,2] 1"))
    report = flatten_atrous_conv(of, outputs="out")
    assert (report.flattened, [(row.node, row.op) for row in report.kept]) == ([], [("back", "BatchToSpaceND")])
    assert "neither VALID nor SAME" in report.kept[0].reason


def test_refusals():
    check_refusal(flatten_atrous_conv, model(TEXT), NotFoundError, "no node 'z'", outputs=("z",))
