"""Messages field by field."""

from __future__ import annotations

from typing import Any

from graphsurgeon.compare.messages import diff_messages, message_to_json
from graphsurgeon.compare.plain import ABSENT
from proto_utils import schema
from tests.models import meta_graph


def changes(a: schema.Message, b: schema.Message) -> list[tuple[Any, Any, Any]]:
    return [(change.key, change.a, change.b) for change in diff_messages("m", a, b)]


def test_equal():
    assert changes(meta_graph(), meta_graph()) == []


def test_scalar_in_a_map_of_messages():
    other = meta_graph()
    other.signature_def["serving_default"].inputs["feed"].dtype = 3
    other.signature_def["serving_default"].method_name = "predict"
    assert changes(meta_graph(), other) == [
        ("signature_def/serving_default/inputs/feed/dtype", "float32", "int32"),
        ("signature_def/serving_default/method_name", ABSENT, "predict"),
    ]


def test_what_one_side_lacks_is_one_change():
    other = meta_graph()
    other.signature_def["more"].outputs["y"].name = "y:0"
    assert changes(meta_graph(), other) == [("signature_def/more", ABSENT, {"outputs": {"y": {"name": "y:0"}}})]
    assert changes(other, meta_graph()) == [("signature_def/more", {"outputs": {"y": {"name": "y:0"}}}, ABSENT)]


def test_lists_of_scalars_are_one_value():
    other = meta_graph()
    other.meta_info_def.tags.append("gpu")
    assert changes(meta_graph(), other) == [("meta_info_def/tags", ["serve"], ["serve", "gpu"])]


def test_elements_with_names_go_by_them():
    a, b = schema.OpList(), schema.OpList()
    for name in ("A", "B"):
        a.op.add(name=name)
    for name in ("B", "C"):
        b.op.add(name=name)
    assert changes(a, b) == [("op/A", {"name": "A"}, ABSENT), ("op/C", ABSENT, {"name": "C"})]


def test_another_order_of_names():
    a, b = schema.OpList(), schema.OpList()
    for name in ("A", "B"):
        a.op.add(name=name)
        b.op.insert(0, schema.OpDef(name=name))
    assert changes(a, b) == [("op", ["A", "B"], ["B", "A"])]


def test_elements_without_names_go_by_their_position():
    a, b = (schema.MetaGraphDef(asset_file_def=[{"filename": "x"}, {"filename": name}]) for name in "xy")
    assert changes(a, b) == [("asset_file_def/1/filename", "x", "y")]


def test_attr_values_and_shapes_are_values():
    a, b = schema.FunctionDef(), schema.FunctionDef()
    a.attr["n"].i, b.attr["n"].i = 1, 2
    b.attr["s"].shape.dim.add(size=-1)
    assert changes(a, b) == [("attr/n", 1, 2), ("attr/s", ABSENT, [None])]


def test_message_to_json():
    argument = schema.OpDef.ArgDef(name="x", type=20)
    assert message_to_json(argument) == {"name": "x", "type": "resource"}
    saver = schema.SaverDef(version=2, max_to_keep=5)
    assert message_to_json(saver) == {"version": "V2", "max_to_keep": 5}
