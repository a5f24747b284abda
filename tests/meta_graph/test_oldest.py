"""The oldest TensorFlow that loads a model, and why; tests/tf/test_downgrade_tf.py asks TensorFlow 1.15."""

from __future__ import annotations

from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.oldest import OldestTensorFlow, Reason, oldest_tensorflow, version_notes
from proto_utils import schema
from tests import notation

TEXT = """
    x = Placeholder {dtype: f32}
    a = MatMul(x, x) {T: f32, grad_a: false}
    b = MatMul(a, x) {T: f32, grad_a: false}
"""
GRAD_A = Reason("2.16", "attr 'grad_a' of op MatMul", 2, "a", can_go=True)


def test_of_a_bare_graph_every_attr_counts():
    assert oldest_tensorflow(notation.model(TEXT)) == OldestTensorFlow("2.16", [GRAD_A])


def test_of_a_meta_graph_those_at_the_default_that_it_tells_do_not():
    model = notation.model(TEXT)
    assert oldest_tensorflow(Model.from_meta_graph_def(model.to_meta_graph_def())) == OldestTensorFlow("1.15")
    silent = Model.from_meta_graph_def(schema.MetaGraphDef(graph_def=model.to_graph_def()))
    assert oldest_tensorflow(silent).version == "2.16"


def test_in_functions_they_do():
    body = notation.function("f", "x", "m:product:0", "m = MatMul(x, x) {T: f32, grad_a: false}")
    model = notation.model("x = Placeholder {dtype: f32}; y = f(x)", body)
    found = oldest_tensorflow(Model.from_meta_graph_def(model.to_meta_graph_def()))
    assert [(each.since, each.example) for each in found.reasons] == [("2.16", "f/m")]


def test_what_keeps_older_ones_away_in_functions_is_noted():
    body = notation.function("f", "x", "m:product:0", "m = MatMul(x, x) {T: f32, grad_a: false}")
    assert version_notes(notation.model("x = Placeholder {dtype: f32}; y = f(x)", body)) == [
        "TensorFlow before 2.16 does not import it: attr 'grad_a' of op MatMul in function 'f', without effect; "
        "downgrade takes it out"
    ]
    assert version_notes(notation.model(TEXT)) == []


def test_the_newest_comes_first_and_unknown_ops_are_named():
    model = notation.model(TEXT + "c = Custom(b); e = DenseBincount(c, c, c); g = MatMul(e, e) {grad_b: true}")
    found = oldest_tensorflow(model)
    assert [each.since for each in found.reasons] == ["2.16", "2.16", "2.3"]
    assert [each.can_go for each in found.reasons] == [True, False, False]
    assert found.unknown_ops == ["Custom"]
