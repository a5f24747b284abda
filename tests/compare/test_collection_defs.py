"""Collections as bags of items."""

from __future__ import annotations

from graphsurgeon.compare.collection_defs import diff_collections
from graphsurgeon.compare.report import CollectionDiff
from proto_utils import schema


def nodes(*names: str, collection: str = "c") -> schema.MetaGraphDef:
    meta = schema.MetaGraphDef()
    meta.collection_def[collection].node_list.value.extend(names)
    return meta


def test_equal():
    assert diff_collections(nodes("a", "b"), nodes("a", "b")) == []


def test_more_of_the_same():
    assert diff_collections(nodes("a", "b", "a"), nodes("a", "c")) == [CollectionDiff("c", ["b", "a"], ["c"], False)]


def test_another_order():
    assert diff_collections(nodes("a", "b"), nodes("b", "a")) == [CollectionDiff("c", [], [], True)]


def test_collection_of_one_side():
    assert diff_collections(nodes("a"), schema.MetaGraphDef()) == [CollectionDiff("c", ["a"], [], False)]
    assert diff_collections(nodes(), schema.MetaGraphDef()) == [CollectionDiff("c", [], [], False)]


def test_variables_by_their_fields():
    a, b = schema.MetaGraphDef(), schema.MetaGraphDef()
    for meta, trainable in ((a, True), (b, False)):
        variable = schema.VariableDef(variable_name="w:0", trainable=trainable)
        meta.collection_def["variables"].bytes_list.value.append(variable.SerializeToString())
    (row,) = diff_collections(a, b)
    assert row.removed == [{"variable_name": "w:0", "trainable": True}]
    assert row.added == [{"variable_name": "w:0"}]


def test_bytes_that_are_no_variable():
    meta = schema.MetaGraphDef()
    meta.collection_def["variables"].bytes_list.value.extend([b"\xff\xff", b"text"])
    (row,) = diff_collections(meta, schema.MetaGraphDef())
    assert row.removed == [{"hex": "ffff"}, "text"]


def test_numbers_and_any():
    a, b = schema.MetaGraphDef(), schema.MetaGraphDef()
    a.collection_def["n"].int64_list.value.extend([1, 2])
    b.collection_def["n"].int64_list.value.extend([1, 3])
    a.collection_def["x"].any_list.value.add(type_url="t", value=b"v")
    b.collection_def["x"].SetInParent()
    assert diff_collections(a, b) == [
        CollectionDiff("n", [2], [3], False),
        CollectionDiff("x", [{"type_url": "t", "value": "v"}], [], False),
    ]
