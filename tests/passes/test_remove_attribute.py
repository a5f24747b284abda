"""remove_attribute: nodes without an attr."""

from __future__ import annotations

from graphsurgeon.errors import NotFoundError
from graphsurgeon.passes.remove_attribute import NeededAttrRow, TakenAttrRow, remove_attribute
from tests import notation
from tests.passes.harness import attrs, check_refusal, model

TEXT = """
    x = Placeholder {dtype: f32}
    w = Const {f32 [2,3], _class: loc:@x}
    y = MatMul(x, w) {transpose_b: true, _note: "here"}
    z = Relu(y) {_note: "there"}
"""


def test_private_ones():
    of = model(TEXT)
    report = remove_attribute(of, attribute_name=("_note", "_class"))
    assert report.removed == [
        TakenAttrRow("Const", "_class", 1), TakenAttrRow("MatMul", "_note", 1), TakenAttrRow("Relu", "_note", 1),
    ]  # fmt: skip
    assert not any("_note" in attrs(of, name) for name in ("y", "z"))


def test_of_some_ops():
    of = model(TEXT)
    remove_attribute(of, attribute_name="_note", op_name="Relu")
    assert "_note" in attrs(of, "y")
    assert "_note" not in attrs(of, "z")


def test_what_has_to_be_there_stays():
    report = remove_attribute(model(TEXT), attribute_name=("T", "transpose_b"))
    assert report.kept == [NeededAttrRow("y", "MatMul", "T"), NeededAttrRow("z", "Relu", "T")]
    assert report.removed == [TakenAttrRow("MatMul", "transpose_b", 1)]


def test_function_bodies():
    body = notation.function("f", "a", "r:activations:0", 'r = Relu(a) {T: f32, _note: "n"}')
    of = model("x = Placeholder {dtype: f32}; y = f(x)", body)
    remove_attribute(of, attribute_name="_note")
    assert "_note" not in of.library.functions["f"].body["r"].attrs


def test_an_attr_that_nobody_has():
    check_refusal(remove_attribute, model(TEXT), NotFoundError, "no attr '_notes'", attribute_name=("_notes",))
