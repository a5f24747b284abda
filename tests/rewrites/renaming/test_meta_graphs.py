"""Everything that a meta graph names, under new names."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.errors import CorruptionError
from graphsurgeon.rewrites.renaming.meta_graphs import rename_in_meta_graph
from graphsurgeon.rewrites.renaming.name_map import NameMap, parse_texts
from graphsurgeon.rewrites.renaming.new_names import NewNames
from graphsurgeon.variables.unfreeze_note import COLLECTION, ConstantNote, UnfreezeNote
from proto_utils import schema

NODES = {"a", "b", "c"}


def rename(meta: schema.MetaGraphDef, *texts: str) -> schema.MetaGraphDef:
    new = NewNames(NameMap(parse_texts(texts or ("(.)=n_\\1",))), NODES)
    rename_in_meta_graph(meta, new, NODES, {"k"})
    return meta


def bytes_in(key: str, *messages: Any) -> schema.MetaGraphDef:
    meta = schema.MetaGraphDef()
    values = [each if isinstance(each, bytes) else schema.serialize(each) for each in messages]
    meta.collection_def[key].bytes_list.value.extend(values)
    return meta


def only(meta: schema.MetaGraphDef, key: str, cls: Any) -> Any:
    (value,) = meta.collection_def[key].bytes_list.value
    return schema.parse(cls, value)


def test_the_saver_and_the_savers_in_the_collection():
    saver = schema.SaverDef(filename_tensor_name="a:0", save_tensor_name="b:0", restore_op_name="c", max_to_keep=3)
    meta = bytes_in("savers", saver)
    meta.saver_def.CopyFrom(saver)
    rename(meta)
    expected = schema.SaverDef(
        filename_tensor_name="n_a:0", save_tensor_name="n_b:0", restore_op_name="n_c", max_to_keep=3
    )
    assert meta.saver_def == only(meta, "savers", schema.SaverDef) == expected


def test_no_saver_is_made():
    assert not rename(schema.MetaGraphDef()).HasField("saver_def")


def test_signatures_keep_their_keys():
    meta = schema.MetaGraphDef()
    signature = meta.signature_def["a"]
    signature.inputs["a"].name = "a:0"
    signature.inputs["sparse"].coo_sparse.values_tensor_name = "b:1"
    signature.outputs["parts"].composite_tensor.components.add(name="c:0")
    rename(meta)
    assert list(meta.signature_def) == ["a"]
    assert sorted(meta.signature_def["a"].inputs) == ["a", "sparse"]
    assert meta.signature_def["a"].inputs["a"].name == "n_a:0"
    assert meta.signature_def["a"].inputs["sparse"].coo_sparse.values_tensor_name == "n_b:1"
    assert meta.signature_def["a"].outputs["parts"].composite_tensor.components[0].name == "n_c:0"


def test_assets_in_the_list_and_in_messages():
    asset = schema.AssetFileDef(filename="words.txt")
    asset.tensor_info.name = "a:0"
    meta = schema.MetaGraphDef(asset_file_def=[asset])
    meta.collection_def["saved_model_assets"].any_list.value.add().Pack(asset)
    info = schema.TensorInfo(name="b:0")
    meta.collection_def["infos"].any_list.value.add().Pack(info)
    rename(meta)
    assert meta.asset_file_def[0].tensor_info.name == "n_a:0"
    (packed,) = meta.collection_def["saved_model_assets"].any_list.value
    assert schema.parse(schema.AssetFileDef, packed.value) == meta.asset_file_def[0]
    (packed,) = meta.collection_def["infos"].any_list.value
    assert schema.parse(schema.TensorInfo, packed.value).name == "n_b:0"


@pytest.mark.parametrize("key", ["variables", "trainable_variables", "metric_variables"])
def test_variables_and_what_a_part_is_part_of(key: str):
    definition = schema.VariableDef(
        variable_name="a:0", initializer_name="a/Assign", snapshot_name="b:0", initial_value_name="c:0", trainable=True
    )
    definition.save_slice_info_def.full_name = "k"
    found = only(rename(bytes_in(key, definition)), key, schema.VariableDef)
    assert (found.variable_name, found.initializer_name, found.snapshot_name, found.initial_value_name) == (
        "n_a:0", "n_a/Assign", "n_b:0", "n_c:0",
    )  # fmt: skip
    assert (found.save_slice_info_def.full_name, found.trainable) == ("n_k", True)


def test_a_whole_variable_is_not_made_a_part():
    found = only(
        rename(bytes_in("variables", schema.VariableDef(variable_name="a:0"))), "variables", schema.VariableDef
    )
    assert not found.HasField("save_slice_info_def")


def test_contexts_and_those_inside_of_them_keep_their_own_names():
    outer = schema.WhileContextDef(
        context_name="a", pivot_name="a", pivot_for_pred_name="b", pivot_for_body_name="c", loop_exit_names=["a:0"],
        loop_enter_names=["b:0"], maximum_iterations_name="c:0",
    )  # fmt: skip
    outer.values_def.values.extend(["a:0", "d/e:0"])
    outer.values_def.external_values["a:0"] = "b:0"
    outer.values_def.external_values["b:0"] = "a:0"
    inner = outer.nested_contexts.add().cond_ctxt
    inner.context_name, inner.pred_name, inner.pivot_name = "b", "a:0", "b:0"
    found = only(rename(bytes_in("while_context", outer)), "while_context", schema.WhileContextDef)
    assert (found.context_name, found.pivot_name, found.pivot_for_pred_name) == ("a", "n_a", "n_b")
    assert (found.pivot_for_body_name, found.maximum_iterations_name) == ("n_c", "n_c:0")
    assert (list(found.loop_exit_names), list(found.loop_enter_names)) == (["n_a:0"], ["n_b:0"])
    assert list(found.values_def.values) == ["n_a:0", "d/e:0"]
    assert dict(found.values_def.external_values) == {"n_a:0": "n_b:0", "n_b:0": "n_a:0"}
    nested = found.nested_contexts[0].cond_ctxt
    assert (nested.context_name, nested.pred_name, nested.pivot_name) == ("b", "n_a:0", "n_b:0")


def test_queue_runners():
    runner = schema.QueueRunnerDef(queue_name="a", enqueue_op_name=["b", "c"], close_op_name="b", cancel_op_name="c")
    found = only(rename(bytes_in("queue_runners", runner)), "queue_runners", schema.QueueRunnerDef)
    assert (found.queue_name, list(found.enqueue_op_name)) == ("n_a", ["n_b", "n_c"])
    assert (found.close_op_name, found.cancel_op_name) == ("n_b", "n_c")


def test_lists_of_nodes_and_numbers():
    meta = schema.MetaGraphDef()
    meta.collection_def["losses"].node_list.value.extend(["a", "b:1", "gone"])
    meta.collection_def["steps"].int64_list.value.append(7)
    rename(meta)
    assert list(meta.collection_def["losses"].node_list.value) == ["n_a", "n_b:1", "gone"]
    assert list(meta.collection_def["steps"].int64_list.value) == [7]


def test_other_texts_follow_when_they_are_names():
    meta = rename(bytes_in("texts", b"a", b"b:0", b"k", b"a b", b"\xff", b""))
    assert list(meta.collection_def["texts"].bytes_list.value) == [b"n_a", b"n_b:0", b"k", b"a b", b"\xff", b""]


def test_what_names_nothing_renamed_keeps_its_bytes():
    # Fields in another order than serializing would give.
    value = b"\x12\x01y\x0a\x03z:0"
    meta = rename(bytes_in("variables", value), "a=x")
    assert list(meta.collection_def["variables"].bytes_list.value) == [value]


def test_damaged_entries_are_told_of():
    with pytest.raises(CorruptionError):
        rename(bytes_in("variables", b"\xff\xff"))


def test_the_note_of_unfreeze():
    meta = schema.MetaGraphDef()
    constant = ConstantNote(read="a/read", rewired=[["b", 1]], controls=["^c"], anchors=["b"], num_typed=4, name="d")
    UnfreezeNote({"a": constant}, {"b": "Grad", "f/b": "Other"}).write(meta)
    found = UnfreezeNote.read(rename(meta))
    assert list(found.constants) == ["n_a"]
    expected = ConstantNote("n_a/read", [["n_b", 1]], ["^n_c"], ["n_b"], 4, "n_d")
    assert found.constants["n_a"].to_json() == expected.to_json()
    assert found.gradient_op_type == {"n_b": "Grad", "f/b": "Other"}
    assert list(meta.collection_def) == [COLLECTION]


def test_objects_of_tensorflow_2():
    meta = schema.MetaGraphDef()
    nodes = meta.object_graph_def.nodes
    nodes.add().constant.operation = "a"
    nodes.add().variable.name = "k"
    nodes.add().variable.name = "stranger"
    nodes.add().user_object.identifier = "a"
    rename(meta, "stranger=x", "a=x", "k=y")
    assert [(n.constant.operation, n.variable.name, n.user_object.identifier) for n in nodes] == [
        ("x", "", ""), ("", "y", ""), ("", "stranger", ""), ("", "", "a"),
    ]  # fmt: skip
