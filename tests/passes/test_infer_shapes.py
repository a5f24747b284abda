"""infer_shapes: the shapes of all tensors, noted at the nodes."""

from __future__ import annotations

import json

import pytest

import graphsurgeon as gs
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.passes.infer_shapes import infer_shapes
from graphsurgeon.passes.set_shape import set_shape
from proto_utils.errors import NotFoundError
from tests import notation
from tests.passes.harness import model

TEXT = """
    x = Placeholder {dtype: f32, shape: shape[?, 4]}; w = Const {f32 [4, 2]}; y = MatMul(x, w) {T: f32}
    k = Const {i32 [] 1}; t = TopKV2(y, k) {T: f32}; z = Mine(y); n = NoOp
"""


def test_report_and_notes():
    of = model(TEXT)
    report = infer_shapes(of)
    assert (report["y:0"], report.shape("t:1"), report["z"]) == (Shape([None, 2]), Shape([None, 1]), Shape())
    assert of.graph["t"].attrs["_output_shapes"] == [Shape([None, 1]), Shape([None, 1])]
    assert "_output_shapes" not in of.graph["n"].attrs
    rows = json.loads(json.dumps(report.to_json()))["nodes"]
    assert {"node": "y", "shapes": [[None, 2]]} in rows
    assert {"node": "z", "shapes": [None]} in rows
    assert report.conflicts == []


def test_once_more_changes_nothing():
    of = model(TEXT)
    infer_shapes(of)
    nodes = list(of.graph)
    infer_shapes(of)
    assert list(of.graph) == nodes


def test_tensors_that_are_not_there():
    report = infer_shapes(model(TEXT))
    with pytest.raises(NotFoundError, match="no node 'yy'"):
        report.shape("yy")
    with pytest.raises(NotFoundError, match="no tensor 'y:3'"):
        report.shape("y:3")


def test_what_is_noted_follows_other_shapes():
    of = model(TEXT)
    infer_shapes(of)
    set_shape(of, shape="x=3,4")
    assert of.graph["y"].attrs["_output_shapes"] == [Shape([3, 2])]
    assert of.graph["t"].attrs["_output_shapes"] == [Shape([3, 1])] * 2


def test_conflicts_are_told():
    report = infer_shapes(model(TEXT + "v = Const {f32 [3]}; b = AddV2(y, v) {T: f32}"))
    assert [each.node for each in report.conflicts] == ["b"]
    assert report["b"] == Shape()


def test_weights_are_found_and_thawed_with_their_notes():
    of = gs.Model(graph=notation.graph(TEXT.replace("[4, 2]", "[40, 20]").replace("?, 4", "?, 40")))
    infer_shapes(of)
    gs.unfreeze(of)
    assert of.graph["w"].op in ("VariableV2", "VarHandleOp")
    assert of.graph["y"].attrs["_output_shapes"] == [Shape([None, 20])]
