"""Names outside of the graph follow where values go."""

from __future__ import annotations

from typing import Any

from graphsurgeon.meta_graph.retarget import Moved, retarget_contexts, retarget_tensors
from proto_utils import schema


def contexts(meta: schema.MetaGraphDef, key: str, kind: Any) -> list[Any]:
    return [schema.parse(kind, data) for data in meta.collection_def[key].bytes_list.value]


def test_signatures_and_collections_of_names():
    meta = schema.MetaGraphDef()
    meta.signature_def["s"].inputs["x"].name = "a:0"
    meta.signature_def["s"].outputs["y"].coo_sparse.indices_tensor_name = "a:0"
    meta.signature_def["s"].outputs["z"].name = "other:0"
    meta.collection_def["names"].node_list.value.extend(["a:0", "a", "a:01", "b"])
    meta.collection_def["bytes"].bytes_list.value.append(b"a:0")
    notes = retarget_tensors(meta, {"a:0": "b:0"})
    assert meta.signature_def["s"].inputs["x"].name == "b:0"
    assert meta.signature_def["s"].outputs["y"].coo_sparse.indices_tensor_name == "b:0"
    assert meta.signature_def["s"].outputs["z"].name == "other:0"
    assert list(meta.collection_def["names"].node_list.value) == ["b:0", "a", "a:01", "b"]
    assert list(meta.collection_def["bytes"].bytes_list.value) == [b"a:0"]
    assert notes == [
        "signature 's' now names 'b:0' instead of 'a:0'",
        "signature 's' now names 'b:0' instead of 'a:0'",
        "collection 'names' now names 'b:0' instead of 'a:0'",
    ]


def test_nothing_named_nothing_changed():
    meta = schema.MetaGraphDef()
    meta.signature_def["s"].outputs["y"].name = "y:0"
    before = schema.serialize(meta)
    assert retarget_tensors(meta, {"a:0": "b:0"}) == []
    retarget_contexts(meta, {"a": Moved("r", [], "i")})
    assert schema.serialize(meta) == before


def test_a_branch_takes_its_value_from_outside():
    meta = schema.MetaGraphDef()
    branch = schema.CondContextDef(context_name="c")
    branch.values_def.values.extend(["c/x:0", "w:0"])
    meta.collection_def["cond_context"].bytes_list.value.append(schema.serialize(branch))
    retarget_contexts(meta, {"w": Moved("w/read", [], "w/Identity")})
    (branch,) = contexts(meta, "cond_context", schema.CondContextDef)
    assert list(branch.values_def.values) == ["c/x:0", "w/Identity:0"]
    assert not branch.values_def.external_values


def test_a_branch_in_a_loop_is_entered_by_the_loop():
    meta = schema.MetaGraphDef()
    loop = schema.WhileContextDef(context_name="l")
    loop.values_def.values.append("l/x:0")
    loop.nested_contexts.add().cond_ctxt.values_def.values.append("w:0")
    meta.collection_def["while_context"].bytes_list.value.append(schema.serialize(loop))
    retarget_contexts(meta, {"w": Moved("w/read", ["w/Enter"], "w/Identity")})
    (loop,) = contexts(meta, "while_context", schema.WhileContextDef)
    assert list(loop.nested_contexts[0].cond_ctxt.values_def.values) == ["w/Identity:0"]
    assert list(loop.values_def.values) == ["l/x:0", "w/Enter:0"]
    assert dict(loop.values_def.external_values) == {"w/read:0": "w/Enter:0"}


def test_without_moves_contexts_keep_their_bytes():
    meta = schema.MetaGraphDef()
    odd = b"\x0a\x01c\x0a\x01d"  # a name written twice: parsing and writing would change it
    meta.collection_def["cond_context"].bytes_list.value.append(odd)
    retarget_contexts(meta, {})
    assert list(meta.collection_def["cond_context"].bytes_list.value) == [odd]
