"""Removal of nodes that hand on what they read, in a whole model."""

from __future__ import annotations

from graphsurgeon.rewrites.simplifying.handed_on import hand_on
from graphsurgeon.weights import find_weights
from tests import notation
from tests.passes.harness import FROZEN, model


def test_weights_without_their_reads():
    of = model(FROZEN)
    report = hand_on(of, "test", ("Identity",), ("y",), ())
    assert [row.node for row in report.removed] == ["w/read"]
    assert [each.node.name for each in find_weights(of).weights] == ["w"]


def test_reads_stay_where_nothing_else_tells_the_weight():
    of = model("x = Placeholder {dtype: f32}; w = Const {f32 [3]}; w/read = Identity(w) {_class: loc:@w}; "
               "y = Atan2(x, w/read); z = Identity(y); out = Neg(z)")  # fmt: skip
    assert [each.node.name for each in find_weights(of).weights] == ["w"]
    report = hand_on(of, "test", ("Identity",), ("out",), ())
    assert [row.node for row in report.removed] == ["z"]
    assert [row.reason for row in report.kept] == ["without it, weights would not be known any more"]
    assert report.notes == ["reads of constants stay, because without them weights would not be known any more"]
    assert [each.node.name for each in find_weights(of).weights] == ["w"]


def test_function_bodies():
    body = notation.function("f", "a", "s:y:0", "r = Identity(a) {T: f32}; s = Neg(r:output:0) {T: f32}")
    of = model("x = Placeholder {dtype: f32}; y = f(x)", body)
    report = hand_on(of, "test", ("Identity",), (), ())
    assert [(row.node, row.instead) for row in report.removed] == [("f/r", "a")]
    assert of.library.functions["f"].body["s"].inputs == ("a",)
