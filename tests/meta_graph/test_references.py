"""One walk finds everything that a meta graph names, and writes back what was set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from graphsurgeon.meta_graph.collections import MESSAGES
from graphsurgeon.meta_graph.references import (
    MetaEntry,
    message_references,
    name_fields,
    references,
    retarget_tensors,
    tensor_names,
    unknown_messages,
)
from proto_utils import schema
from proto_utils.errors import CorruptionError

#: Fields of messages that are no names of nodes.
OTHERS = {"context_name"}


def filled(cls: Any, number: Iterator[int]) -> Any:
    """A message with a text of its own in every string field, also below."""
    message = cls()
    for field in cls.DESCRIPTOR.fields:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            getattr(message, field.name)[f"n{next(number)}"] = f"n{next(number)}"
        elif field.message_type is not None and field.name != "nested_contexts":
            value = filled(type(getattr(message, field.name)), number)
            getattr(message, field.name).CopyFrom(value)
        elif field.type == field.TYPE_STRING and field.name not in OTHERS:
            texts = [f"n{next(number)}"]
            if isinstance(getattr(message, field.name), str):
                setattr(message, field.name, texts[0])
            else:
                getattr(message, field.name).extend(texts)
    return message


def bytes_in(key: str, *values: bytes) -> schema.MetaGraphDef:
    meta = schema.MetaGraphDef()
    meta.collection_def[key].bytes_list.value.extend(values)
    return meta


def names(meta: schema.MetaGraphDef) -> list[str]:
    return [each.name for each in references(meta)]


def everything() -> schema.MetaGraphDef:
    """A meta graph that names ``n0`` to ``n<last>``, each once."""
    number = iter(range(1000))
    meta = schema.MetaGraphDef()
    for key, message in MESSAGES.items():
        value = filled(getattr(schema, message), number)
        if key in ("cond_context", "while_context"):
            value.nested_contexts.add().while_ctxt.CopyFrom(filled(schema.WhileContextDef, number))
            value.nested_contexts.add().cond_ctxt.CopyFrom(filled(schema.CondContextDef, number))
        meta.collection_def[key].bytes_list.value.append(schema.serialize(value))
    meta.collection_def["losses"].node_list.value.extend([f"n{next(number)}", f"n{next(number)}"])
    meta.collection_def["texts"].bytes_list.value.append(f"n{next(number)}".encode())
    sparse = schema.TensorInfo(coo_sparse=filled(schema.TensorInfo.CooSparse, number))
    dense = schema.TensorInfo(name=f"n{next(number)}")
    parts = schema.TensorInfo(composite_tensor={"components": [{"name": f"n{next(number)}"}]})
    meta.collection_def["infos"].any_list.value.add().Pack(schema.TensorInfo(name=f"n{next(number)}"))
    asset = schema.AssetFileDef(tensor_info={"name": f"n{next(number)}"}, filename="words")
    meta.collection_def["saved_model_assets"].any_list.value.add().Pack(asset)
    meta.signature_def["s"].inputs["sparse"].CopyFrom(sparse)
    meta.signature_def["s"].inputs["dense"].CopyFrom(dense)
    meta.signature_def["s"].outputs["parts"].CopyFrom(parts)
    meta.asset_file_def.add(filename="words").tensor_info.name = f"n{next(number)}"
    meta.saver_def.CopyFrom(filled(schema.SaverDef, number))
    nodes = meta.object_graph_def.nodes
    nodes.add().constant.operation = f"n{next(number)}"
    variable = nodes.add().variable
    variable.name = f"n{next(number)}"
    variable.experimental_distributed_variable_components.add(name=f"n{next(number)}")
    return meta


def test_every_name_is_found_once():
    found = names(everything())
    assert sorted(found, key=lambda name: int(name[1:])) == [f"n{number}" for number in range(len(found))]
    assert len(found) > 100


def test_every_name_can_be_set():
    meta = everything()
    for each in references(meta):
        each.set(f"m{each.name}")
    assert sorted(names(meta)) == sorted(f"m{name}" for name in names(everything()))


def test_what_is_not_set_keeps_its_bytes():
    # A name written twice: parsing and serializing would change it.
    meta = bytes_in("cond_context", b"\x0a\x01c\x0a\x01d\x12\x01p")
    meta.collection_def["variables"].bytes_list.value.append(b"\x12\x01y\x0a\x03z:0")
    before = schema.serialize(meta)
    for each in references(meta):
        each.set(each.name)
    assert schema.serialize(meta) == before


def test_every_entry_can_be_removed():
    meta = everything()
    meta.ClearField("saver_def")
    meta.ClearField("object_graph_def")
    for each in references(meta):
        if each.is_vital:
            each.entry.remove()
    assert list(meta.collection_def) == ["texts"]
    assert not meta.signature_def
    assert not meta.asset_file_def


def test_an_entry_of_many_goes_alone():
    meta = schema.MetaGraphDef()
    for name in "abc":
        meta.asset_file_def.add(filename=name).tensor_info.name = f"{name}:0"
        meta.collection_def["infos"].any_list.value.add().Pack(schema.TensorInfo(name=f"{name}:0"))
        meta.collection_def["texts"].node_list.value.append(f"{name}:0")
    for each in references(meta):
        if each.name == "b:0":
            each.entry.remove()
    assert names(meta) == ["a:0", "c:0"] * 3


def test_names_are_told_apart_by_what_they_name():
    kinds: dict[str, set[str]] = {}
    for each in references(everything()):
        kinds.setdefault(each.kind, set()).add(each.field)
    assert kinds["key"] == {"full_name"}
    assert kinds["variable"] == {"name"}
    assert kinds["text"] == {"bytes_list"}


def test_what_stays_whatever_it_names():
    stays = {each.entry.where for each in references(everything()) if not each.is_vital and each.kind == "tensor"}
    assert stays == {"saver", "object graph"}


def test_a_name_in_a_context_stands_within_it():
    loop = schema.WhileContextDef(context_name="loop", pivot_name="p")
    inner = loop.nested_contexts.add().cond_ctxt
    inner.pred_name = "q"
    inner.values_def.values.append("v")
    meta = bytes_in("while_context", schema.serialize(loop))
    pivot, pred, value = references(meta)
    assert [each.entry.root for each in (pivot, pred, value)] == [pivot.entry] * 3
    assert value.entry.within is pred.entry
    assert pred.entry.within is pivot.entry
    assert pivot.entry.label == "loop"


def test_other_bytes_may_be_texts():
    meta = bytes_in("texts", b"a:0", b"\xff")
    (each,) = references(meta)
    each.set("b:0")
    assert names(meta) == ["a:0"]
    for each in references(meta):
        each.set("b:0")
    assert list(meta.collection_def["texts"].bytes_list.value) == [b"b:0", b"\xff"]


def test_numbers_are_no_names():
    meta = schema.MetaGraphDef()
    meta.collection_def["steps"].int64_list.value.append(7)
    meta.collection_def["none"].SetInParent()
    assert names(meta) == []


def test_an_entry_that_does_not_parse_is_told_of():
    with pytest.raises(CorruptionError):
        list(references(bytes_in("variables", b"\xff\xff")))


def test_references_of_one_message():
    definition = schema.VariableDef(variable_name="v:0", snapshot_name="v/read:0")
    for each in message_references(MetaEntry("note", message=definition)):
        each.set(f"my/{each.name}")
    assert definition == schema.VariableDef(variable_name="my/v:0", snapshot_name="my/v/read:0")


def test_fields_that_hold_names():
    assert name_fields("SaverDef") == ["filename_tensor_name", "save_tensor_name", "restore_op_name"]
    assert name_fields("CondContextDef") == ["pred_name", "pivot_name"]


def test_names_in_a_tensor_info():
    parts = schema.TensorInfo()
    parts.composite_tensor.components.add(name="a:0")
    parts.composite_tensor.components.add(name="b:0")
    assert tensor_names(parts) == ["a:0", "b:0"]
    assert tensor_names(schema.TensorInfo(name="a:0")) == ["a:0"]
    assert tensor_names(schema.TensorInfo()) == [""]


def test_collections_of_messages_that_are_not_known():
    meta = schema.MetaGraphDef()
    meta.collection_def["known"].any_list.value.add().Pack(schema.TensorInfo(name="a:0"))
    packed = meta.collection_def["serving_signatures"].any_list.value.add()
    packed.type_url, packed.value = "type.googleapis.com/tensorflow.serving.Signatures", b"\x0a\x03a:0"
    before = schema.serialize(meta)
    assert unknown_messages(meta) == ["serving_signatures"]
    for each in references(meta):
        each.set(each.name)
    assert schema.serialize(meta) == before


def test_tensors_of_signatures_and_collections_of_names_are_moved():
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


def test_what_is_told_of_a_map_comes_in_the_order_of_its_keys():
    meta, names = schema.MetaGraphDef(), [f"out_{number:02d}" for number in range(40)]
    for name in reversed(names):
        meta.signature_def["s"].outputs[name].name = f"{name}:0"
    notes = retarget_tensors(meta, {f"{name}:0": f"new_{name}:0" for name in names})
    assert notes == [f"signature 's' now names 'new_{name}:0' instead of '{name}:0'" for name in names]
