"""What TensorFlow's registry asks of attrs."""

from __future__ import annotations

from graphsurgeon.ir import attr_value
from graphsurgeon.ir.attr_rules import attr_rules, holds_its_kind, kind_of, value_refusal
from graphsurgeon.tensors import dtypes
from proto_utils import schema


def rule(op: str, name: str):
    rules = attr_rules(op)
    assert rules is not None
    return rules[name]


def test_rules_are_in_the_order_of_registration():
    assert list(attr_rules("TopKV2") or ()) == ["sorted", "T", "Tk", "index_type"]
    assert attr_rules("NoSuchOp") is None


def test_what_tells_types_and_numbers_of_tensors_counts():
    assert rule("ConcatV2", "N").counts
    assert not rule("Conv2D", "padding").counts


def test_kinds():
    assert holds_its_kind(rule("Conv2D", "strides"), attr_value.encode([1, 2]))
    assert not holds_its_kind(rule("Conv2D", "strides"), attr_value.encode(1))
    assert kind_of(attr_value.encode([1]), "list") == "list(int)"
    assert kind_of(schema.AttrValue(list={}), "list") == "an empty list"


def test_refusals():
    assert value_refusal(rule("Conv2D", "padding"), attr_value.encode("SAME")) == ""
    assert "must be 'SAME'" in value_refusal(rule("Conv2D", "padding"), attr_value.encode("same"))
    assert value_refusal(rule("ConcatV2", "N"), attr_value.encode(1)) == "is 1, but must be at least 2"
    assert "is string, but must be" in value_refusal(rule("Relu", "T"), attr_value.encode(dtypes.STRING))
    assert "at least 4" in value_refusal(rule("MaxPool", "ksize"), attr_value.encode([1]))
