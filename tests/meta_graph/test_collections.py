"""Variables in collections: once in each, and the same bytes in all."""

from __future__ import annotations

from graphsurgeon.meta_graph.collections import list_variables, listed_variables
from proto_utils import schema


def definition(name: str, trainable: bool = False) -> schema.VariableDef:
    return schema.VariableDef(variable_name=f"{name}:0", initializer_name=f"{name}/Assign", trainable=trainable)


def values(meta: schema.MetaGraphDef, collection: str) -> list[bytes]:
    return list(meta.collection_def[collection].bytes_list.value)


def test_in_order_and_with_equal_bytes_everywhere():
    meta = schema.MetaGraphDef()
    a, b = definition("a", trainable=True), definition("b")
    list_variables(meta, [(a, ["variables", "trainable_variables"]), (b, ["variables"])])
    assert values(meta, "variables") == [schema.serialize(a), schema.serialize(b)]
    assert values(meta, "trainable_variables") == [schema.serialize(a)]
    assert sorted(meta.collection_def) == ["trainable_variables", "variables"]


def test_what_was_said_of_that_variable_is_replaced():
    meta = schema.MetaGraphDef()
    list_variables(meta, [(definition("a"), ["variables"]), (definition("b"), ["variables", "mine"])])
    new = definition("a", trainable=True)
    list_variables(meta, [(new, ["variables"])])
    assert values(meta, "variables") == [schema.serialize(definition("b")), schema.serialize(new)]
    assert values(meta, "mine") == [schema.serialize(definition("b"))]


def test_those_of_all_collections_of_variables_are_known():
    meta = schema.MetaGraphDef()
    list_variables(meta, [(definition("a"), ["variables"]), (definition("b"), ["local_variables"])])
    meta.collection_def["mine"].bytes_list.value.append(b"no variable")
    assert listed_variables(meta) == {"a:0", "b:0"}
    assert sorted(meta.collection_def) == ["local_variables", "mine", "variables"]
