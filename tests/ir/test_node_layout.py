"""The bytes of nodes as most writers lay them out."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_layout import end_of_inputs, with_inputs
from proto_utils import schema

_T, _CLASS = schema.AttrValue(type=1), schema.AttrValue(list=schema.AttrValue.ListValue(s=[b"loc:@a"]))


def _attr(key: str, value: schema.AttrValue) -> bytes:
    return schema.serialize(schema.NodeDef(attr={key: value}))


# As no writer that sorts would have it.
_REST = schema.serialize(schema.NodeDef(device="/cpu:0")) + _attr("_class", _CLASS) + _attr("T", _T)
_REST = _REST[: -len(_attr("T", _T) + _attr("_class", _CLASS))] + _attr("T", _T) + _attr("_class", _CLASS)
_MESSAGE = schema.serialize(schema.NodeDef(name="n", op="Add", input=["a", "b:1"])) + _REST


def test_other_inputs_leave_all_else_as_it_was_written():
    end = end_of_inputs(_MESSAGE, "n", "Add", ("a", "b:1"))
    assert end is not None
    assert _MESSAGE[end:] == _REST
    made = with_inputs(_MESSAGE, "n", "Add", ("a", "b:1"), ("c", "d", "^e"))
    assert made is not None
    assert made.endswith(_REST)
    node = schema.parse(schema.NodeDef, made)
    assert (node.name, node.op, list(node.input)) == ("n", "Add", ["c", "d", "^e"])


@pytest.mark.parametrize("text", ["x" * 128, "ä"])
def test_long_and_odd_names_are_left_to_protobuf(text: str):
    assert with_inputs(_MESSAGE, "n", "Add", ("a", "b:1"), (text,)) is None
    odd = schema.serialize(schema.NodeDef(name="n", op="Add", input=[text]))
    assert with_inputs(odd, "n", "Add", (text,), ("a",)) is None
    node = Node.read("n", "Add", (text,), odd)
    node.inputs = ("a", text)
    assert list(node.proto.input) == ["a", text]


def test_a_node_that_reads_others_and_what_it_read_again_has_the_bytes_it_had():
    node = Node.read("n", "Add", ("a", "b:1"), _MESSAGE)
    node.set_input(1, "c")
    assert list(node.proto.input) == ["a", "c"]
    assert node.origin is None
    node.inputs = ("a", "b:1")
    assert node.pieces() == [_MESSAGE]


def test_a_message_that_begins_otherwise():
    assert end_of_inputs(_REST, "n", "Add", ()) is None
    assert end_of_inputs(_MESSAGE[:3], "n", "Add", ("a",)) is None
