"""lower: functional control flow becomes that of TensorFlow 1."""

from __future__ import annotations

import json

from graphsurgeon.checks import check
from graphsurgeon.passes.lower import lower
from proto_utils import schema
from tests.passes.harness import attrs
from tests.rewrites.lowering import nets


def test_report():
    of = nets.loop()
    report = json.loads(json.dumps(lower(of).to_json()))
    assert report == {"lowered": [{"node": "y", "op": "While"}], "left": [], "functions": ["small", "step"]}
    assert lower(of).to_json() == {"lowered": [], "left": [], "functions": []}


def test_what_signatures_name_is_still_there():
    of = nets.loop()
    of.meta = schema.MetaGraphDef()
    of.meta.signature_def["serve"].outputs["out"].name = "y:1"
    lower(of)
    check(of)
    assert of.graph["y"].inputs[:2] == ("y/exit/_8", "w")


def test_outputs_are_those_that_were():
    of = nets.loop()
    lower(of)
    assert [each.name for each in of.graph.outputs] == ["z:0"]
    of = nets.loop(after="")
    lower(of)
    assert [each.name for each in of.graph.outputs] == ["y:0", "y:1"]


def test_devices_and_colocation():
    body = nets.step("m = Mul(x, w) {T: f32} on /gpu:0; n = Neg(m:z:0) {T: f32, _class: loc:@m}", "n:y:0 w")
    of = nets.loop(body)
    of.graph["y"].device = "/cpu:0"
    of.graph["x"].device = "/gpu:1"
    lower(of)
    check(of)
    assert of.graph["y/body/_1/m"].device == "/gpu:0"
    assert of.graph["y/body/_1/n"].device == "/cpu:0"
    assert of.graph["y/enter/_2"].device == of.graph["y/merge/_4"].device == "/gpu:1"
    assert attrs(of, "y/body/_1/n")["_class"] == [b"loc:@y/body/_1/m"]
