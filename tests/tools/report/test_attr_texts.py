"""Attrs of nodes in words."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.attr_value import Func, Placeholder, Shape
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tools.report.attr_texts import AttrTexts, value_text
from graphsurgeon.tools.report.texts import StringTable
from proto_utils import schema
from tests import notation


def texts(node: Node) -> dict[str, str]:
    strings = StringTable()
    found = list(AttrTexts(strings).of(node))
    return {strings.texts[key]: strings.texts[text] for key, text in found}


def test_a_node():
    node = notation.node('c = Conv2D(x, w) {T: f32, strides: [1, 2, 2, 1], padding: "SAME", use_cudnn_on_gpu: true}')
    found = texts(node)
    assert (found["T"], found["strides"], found["padding"]) == ("float32", "[1, 2, 2, 1]", "SAME")
    assert found["use_cudnn_on_gpu"] == "true"


def test_a_short_constant_has_its_values_and_a_long_one_its_shape():
    assert texts(notation.node("c = Const {f32 [3]}"))["value"] == "float32 [3] [0.0, 1.0, 2.0]"
    assert texts(notation.node("c = Const {f32 [5, 6]}"))["value"] == "float32 [5, 6]"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Shape([None, 3]), "[?, 3]"),
        (Shape(None), "?"),
        (Func("f", {"T": dtypes.FLOAT}), "f(T=float32)"),
        (Placeholder("T"), "$T"),
        ([[1, 2], []], "[[1, 2], []]"),
        (b"\xff\x00", '{"hex": "ff00"}'),
        (float("nan"), "nan"),
    ],
)
def test_values(value, text):
    assert value_text(value) == text


def test_long_lists_are_counted():
    assert value_text(list(range(1000))).endswith(", 31, ... (1,000)]")


def test_long_strings_of_a_tensor_are_not_read():
    node = notation.node("c = Const {str [1]}")
    node.editable_proto().attr["value"].tensor.string_val[:] = [b"x" * 10_000]
    assert texts(node)["value"] == "string [1]"


def test_an_attr_that_is_damaged_says_so():
    proto = schema.NodeDef(name="c", op="Const")
    proto.attr["value"].tensor.dtype = 1
    proto.attr["value"].tensor.tensor_shape.dim.add(size=2)
    proto.attr["value"].tensor.tensor_content = b"123"
    assert texts(Node(proto))["value"].startswith("damaged: ")
