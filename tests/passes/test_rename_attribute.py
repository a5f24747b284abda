"""rename_attribute: the value of an attr under another name."""

from __future__ import annotations

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.passes.rename_attribute import RenamedAttrRow, rename_attribute
from tests.passes.harness import attrs, check_refusal, model

TEXT = "x = Placeholder {dtype: f32}; y = Blorp(x) {old: 3}; z = Relu(x) {_a: 1, _b: 2}"
NAMES = {"old_attribute_name": "old", "new_attribute_name": "new"}


def test_of_ops_of_others():
    of = model(TEXT)
    assert rename_attribute(of, **NAMES).renamed == [RenamedAttrRow("y", "Blorp")]
    assert attrs(of, "y") == {"new": 3}


def test_refusals():
    check_refusal(rename_attribute, model(TEXT), NotFoundError, "no attr 'old'", **NAMES, op_name="Relu")
    both = {"old_attribute_name": "_a", "new_attribute_name": "_b"}
    check_refusal(rename_attribute, model(TEXT), PassError, "has an attr '_b', too", **both)
    needed = {"old_attribute_name": "T", "new_attribute_name": "S"}
    check_refusal(rename_attribute, model(TEXT), PassError, "Relu has no attr 'S'", **needed)
    same = {"old_attribute_name": "old", "new_attribute_name": "old"}
    check_refusal(rename_attribute, model(TEXT), PassError, "is no new name", **same)


def test_an_attr_that_the_op_has_not():
    of = model("x = Placeholder {dtype: f32}; y = Neg(x) {_k: 1}")
    options = {"old_attribute_name": "_k", "new_attribute_name": "k"}
    check_refusal(rename_attribute, of, PassError, "Neg has no attr 'k'", **options)
