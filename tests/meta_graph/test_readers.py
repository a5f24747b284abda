"""Readers of tensors around a graph."""

from __future__ import annotations

from graphsurgeon.meta_graph.readers import FollowedRow, follow_tensors, join_contexts
from graphsurgeon.tensors import dtypes
from proto_utils import schema
from tests.models import meta_graph


def contexts(meta: schema.MetaGraphDef) -> list[schema.CondContextDef]:
    return [schema.parse(schema.CondContextDef, v) for v in meta.collection_def["cond_context"].bytes_list.value]


def with_context() -> schema.MetaGraphDef:
    meta = meta_graph()
    context = schema.CondContextDef(context_name="c", pred_name="p:0", pivot_name="pivot:0")
    context.values_def.values.extend(["a:0", "pivot:0"])
    context.nested_contexts.add().while_ctxt.values_def.values.append("a:0")
    meta.collection_def["cond_context"].bytes_list.value.append(schema.serialize(context))
    return meta


def test_outputs_of_signatures_collections_and_predicates():
    meta = with_context()
    meta.collection_def["losses"].node_list.value.append("out:0")
    moved = {"out:0": "new:0", "x:0": "y:0", "p:0": "q:0"}
    assert follow_tensors(meta, moved, {"new:0": dtypes.HALF}) == [
        FollowedRow("signature serving_default", "fetch", "new:0", "out:0"),
        FollowedRow("collection losses", "out:0", "new:0", "out:0"),
    ]
    signature = meta.signature_def["serving_default"]
    assert (signature.outputs["fetch"].dtype, signature.inputs["feed"].name) == (dtypes.HALF.number, "x:0")
    assert contexts(meta)[0].pred_name == "q:0"


def test_what_is_made_stands_where_another_does():
    meta = with_context()
    join_contexts(meta, {"new:0": "a:0", "other:0": "z:0"})
    (context,) = contexts(meta)
    assert list(context.values_def.values) == ["a:0", "pivot:0", "new:0"]
    assert list(context.nested_contexts[0].while_ctxt.values_def.values) == ["a:0", "new:0"]
