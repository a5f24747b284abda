"""What names nodes from outside of the graph goes with the nodes, entry by entry."""

from __future__ import annotations

import pytest

from graphsurgeon.meta_graph.dangling import Gone, dangling, drop_dangling, idle_inputs, losses, narrow_signatures
from graphsurgeon.meta_graph.references import references
from proto_utils import schema

THERE = {"a", "b", "c"}


def drop(meta: schema.MetaGraphDef) -> list[Gone]:
    return drop_dangling(meta, THERE.__contains__)


def bytes_in(key: str, *messages: schema.Message) -> schema.MetaGraphDef:
    meta = schema.MetaGraphDef()
    meta.collection_def[key].bytes_list.value.extend(map(schema.serialize, messages))
    return meta


def any_of(message: schema.Message) -> schema.AnyMessage:
    packed = schema.CollectionDef().any_list.value.add()
    packed.Pack(message)
    return packed


def test_names_of_nodes_and_tensors():
    meta = schema.MetaGraphDef()
    meta.collection_def["losses"].node_list.value.extend(["a", "gone", "b:1", "gone:0"])
    assert drop(meta) == [Gone("collection losses", "gone"), Gone("collection losses", "gone:0")]
    assert list(meta.collection_def["losses"].node_list.value) == ["a", "b:1"]


def test_an_emptied_collection_goes_an_empty_one_stays():
    meta = schema.MetaGraphDef()
    meta.collection_def["losses"].node_list.value.append("gone")
    meta.collection_def["empty"].node_list.SetInParent()
    drop(meta)
    assert list(meta.collection_def) == ["empty"]


def test_numbers_and_unknown_bytes_are_no_names():
    meta = schema.MetaGraphDef()
    meta.collection_def["steps"].int64_list.value.append(7)
    meta.collection_def["rates"].float_list.value.append(0.5)
    meta.collection_def["notes"].bytes_list.value.append(b"gone")
    before = schema.serialize(meta)
    assert drop(meta) == []
    assert schema.serialize(meta) == before


@pytest.mark.parametrize("key", ["variables", "trainable_variables", "local_variables", "global_step"])
def test_a_variable_needs_all_its_parts(key: str):
    whole = schema.VariableDef(variable_name="a:0", initializer_name="b", snapshot_name="c:0")
    without_read = schema.VariableDef(variable_name="b:0", initializer_name="b", snapshot_name="gone:0")
    meta = bytes_in(key, without_read, whole)
    assert drop(meta) == [Gone(f"collection {key}", "b")]
    assert list(meta.collection_def[key].bytes_list.value) == [schema.serialize(whole)]


def test_queue_runners_and_savers():
    runner = schema.QueueRunnerDef(queue_name="a", enqueue_op_name=["b", "gone"], close_op_name="c")
    saver = schema.SaverDef(filename_tensor_name="a:0", save_tensor_name="b:0", restore_op_name="gone")
    meta = bytes_in("queue_runners", runner)
    meta.collection_def["savers"].bytes_list.value.append(schema.serialize(saver))
    assert drop(meta) == [Gone("collection queue_runners", "a"), Gone("collection savers", "a")]
    assert not meta.collection_def


def test_a_context_is_cut_down_to_what_is_there():
    context = schema.CondContextDef(context_name="cond", pred_name="a:0", pivot_name="b:0")
    context.values_def.values.extend(["a:0", "gone:0", "c:0", "gone_too:0"])
    context.values_def.external_values["a:0"] = "c:0"
    context.values_def.external_values["gone:0"] = "c:0"
    meta = bytes_in("cond_context", context)
    assert drop(meta) == [Gone("collection cond_context", "cond", "2 of 4 names")]
    left = schema.parse(schema.CondContextDef, meta.collection_def["cond_context"].bytes_list.value[0])
    assert list(left.values_def.values) == ["a:0", "c:0"]
    assert dict(left.values_def.external_values) == {"a:0": "c:0"}


def test_a_loop_is_cut_down_to_what_is_there():
    context = schema.WhileContextDef(context_name="loop", pivot_name="a:0", loop_exit_names=["b:0", "gone:0"])
    nested = context.nested_contexts.add().cond_ctxt
    nested.context_name, nested.pivot_name = "inner", "gone:0"
    meta = bytes_in("while_context", context)
    assert drop(meta) == [Gone("collection while_context", "loop", "1 of 2 names, 1 nested contexts")]
    left = schema.parse(schema.WhileContextDef, meta.collection_def["while_context"].bytes_list.value[0])
    assert list(left.loop_exit_names) == ["b:0"]
    assert len(left.nested_contexts) == 0


@pytest.mark.parametrize("kind", ["cond_context", "while_context"])
def test_a_context_inside_of_another_is_cut_down_too(kind: str):
    """TensorFlow looks up what a nested context names, also when the outer one is whole."""
    outer: schema.CondContextDef | schema.WhileContextDef = schema.CondContextDef(context_name="o", pivot_name="a:0")
    if kind == "while_context":
        outer = schema.WhileContextDef(context_name="o", pivot_name="a:0")
    outer.values_def.values.append("a:0")
    nested = outer.nested_contexts.add().while_ctxt
    nested.context_name, nested.pivot_name = "inner", "b:0"
    nested.values_def.values.extend(["c:0", "gone:0"])
    nested.values_def.external_values["gone:0"] = "c:0"
    meta = bytes_in(kind, outer)
    assert drop(meta) == [Gone(f"collection {kind}", "o", "names further inside")]
    left = schema.parse(type(outer), meta.collection_def[kind].bytes_list.value[0])
    assert list(left.nested_contexts[0].while_ctxt.values_def.values) == ["c:0"]
    assert not left.nested_contexts[0].while_ctxt.values_def.external_values


def test_what_stands_for_nothing_outside_goes_alone():
    context = schema.CondContextDef(context_name="cond", pivot_name="a:0")
    context.values_def.external_values["gone:0"] = "b:0"
    context.values_def.external_values["a:0"] = "c:0"
    meta = bytes_in("cond_context", context)
    assert drop(meta) == [Gone("collection cond_context", "cond", "names further inside")]
    left = schema.parse(schema.CondContextDef, meta.collection_def["cond_context"].bytes_list.value[0])
    assert dict(left.values_def.external_values) == {"a:0": "c:0"}


@pytest.mark.parametrize("field", ["pivot_name", "pivot_for_body_name", "maximum_iterations_name"])
def test_a_loop_without_a_pivot_goes(field: str):
    context = schema.WhileContextDef(context_name="loop", pivot_name="a:0")
    setattr(context, field, "gone:0")
    assert drop(bytes_in("while_context", context)) == [Gone("collection while_context", "loop")]


def test_a_context_that_is_whole_stays_the_bytes_it_was():
    context = schema.CondContextDef(context_name="cond", pred_name="a:0", pivot_name="b:0")
    meta = bytes_in("cond_context", context)
    data = schema.serialize(context) + b"\xf8\x7f\x01"
    meta.collection_def["cond_context"].bytes_list.value[0] = data
    assert drop(meta) == []
    assert meta.collection_def["cond_context"].bytes_list.value[0] == data


def test_messages_of_any_kind():
    meta = schema.MetaGraphDef()
    values = meta.collection_def["things"].any_list.value
    for name in ("gone:0", "a:0"):
        values.append(any_of(schema.AssetFileDef(tensor_info={"name": name}, filename="file")))
        values.append(any_of(schema.TensorInfo(name=name)))
    values.append(any_of(schema.VersionDef(producer=1)))
    assert drop(meta) == [Gone("collection things", "gone:0")] * 2
    assert [value.TypeName() for value in values] == [
        "tensorflow.AssetFileDef", "tensorflow.TensorInfo", "tensorflow.VersionDef",
    ]  # fmt: skip


def info(name: str = "", parts: tuple[str, ...] = ()) -> schema.TensorInfo:
    made = schema.TensorInfo(name=name) if name else schema.TensorInfo()
    if len(parts) == 3:
        made.coo_sparse.values_tensor_name, made.coo_sparse.indices_tensor_name = parts[:2]
        made.coo_sparse.dense_shape_tensor_name = parts[2]
    elif parts:
        made.composite_tensor.components.extend(info(part) for part in parts)
    return made


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (info("a:0"), info("gone:0")),
        (info(parts=("a:0", "b:0", "c:0")), info(parts=("a:0", "b:0", "gone:0"))),
        (info(parts=("a:0", "b:0")), info(parts=("a:0", "gone:0"))),
        (info("a"), info("gone")),
    ],
    ids=["dense", "sparse", "composite", "op"],
)
@pytest.mark.parametrize("side", ["inputs", "outputs"])
def test_signatures(good: schema.TensorInfo, bad: schema.TensorInfo, side: str):
    meta = schema.MetaGraphDef()
    for name, each in (("good", good), ("bad", bad)):
        meta.signature_def[name].inputs["x"].name = "a:0"
        getattr(meta.signature_def[name], side)["y"].CopyFrom(each)
    assert drop(meta) == [Gone("signature", "bad")]
    assert list(meta.signature_def) == ["good"]


def test_what_would_go_is_told_without_a_change():
    meta = bytes_in("variables", schema.VariableDef(variable_name="a:0", snapshot_name="gone:0"))
    meta.signature_def["s"].outputs["y"].name = "gone:0"
    before = schema.serialize(meta)
    found = losses(dangling(references(meta), THERE.__contains__))
    assert found == [Gone("collection variables", "a"), Gone("signature", "s")]
    assert schema.serialize(meta) == before


def test_the_saver_and_the_object_graph_are_somebody_else_s():
    meta = schema.MetaGraphDef(saver_def={"restore_op_name": "gone"})
    meta.object_graph_def.nodes.add().constant.operation = "gone"
    before = schema.serialize(meta)
    assert drop(meta) == []
    assert schema.serialize(meta) == before


@pytest.mark.parametrize(
    ("kept", "before", "idle"),
    [("y", "y", ["x"]), ("xy", "xy", []), ("y", "xy", []), ("", "", [])],
    ids=["never needed", "needed", "cut off", "output not kept"],
)
def test_inputs_that_outputs_do_not_need(kept: str, before: str, idle: list[str]):
    meta = schema.MetaGraphDef()
    meta.signature_def["s"].inputs["feed"].name = "x:0"
    meta.signature_def["s"].outputs["fetch"].name = "y:0"
    assert idle_inputs(meta, set(kept), set(before)) == idle


def test_assets():
    meta = schema.MetaGraphDef()
    for name in ("gone:0", "a:0"):
        meta.asset_file_def.add(filename=f"{name}.txt").tensor_info.name = name
    assert drop(meta) == [Gone("asset", "gone:0.txt")]
    assert [asset.filename for asset in meta.asset_file_def] == ["a:0.txt"]


def test_an_asset_that_names_no_tensor_goes():
    meta = schema.MetaGraphDef()
    meta.asset_file_def.add(filename="words.txt").tensor_info.name = "words:0"
    meta.asset_file_def.add(filename="nothing.txt")
    meta.asset_file_def.add(filename="parts.txt").tensor_info.coo_sparse.values_tensor_name = "words:0"
    gone = drop_dangling(meta, {"words"}.__contains__)
    assert [(each.where, each.name) for each in gone] == [("asset", "nothing.txt"), ("asset", "parts.txt")]
    assert [each.filename for each in meta.asset_file_def] == ["words.txt"]


def test_signatures_are_narrowed_to_the_outputs_that_are_there():
    meta = schema.MetaGraphDef()
    for key, outputs in (("both", "yz"), ("none", "z"), ("fed", "y")):
        for name in "xw":
            meta.signature_def[key].inputs[name].name = f"{name}:0"
        for name in outputs:
            meta.signature_def[key].outputs[name].name = f"{name}:0"
    assert narrow_signatures(meta, {"x", "y"}.__contains__) == [Gone("signature", "both", "output z, input w")]
    both = meta.signature_def["both"]
    assert (list(both.inputs), list(both.outputs)) == (["x"], ["y"])
    assert sorted(meta.signature_def["fed"].inputs) == ["w", "x"]
    assert list(meta.signature_def["none"].outputs) == ["z"]


def test_where_a_signature_is_whole_others_are_not_narrowed():
    meta = schema.MetaGraphDef()
    for key, outputs in (("both", "yz"), ("whole", "y")):
        for name in outputs:
            meta.signature_def[key].outputs[name].name = f"{name}:0"
    assert narrow_signatures(meta, {"y"}.__contains__) == []
    assert sorted(meta.signature_def["both"].outputs) == ["y", "z"]
