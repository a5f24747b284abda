"""What signatures, collections, assets and the SaverDef name."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.checks import ERROR, WARNING
from graphsurgeon.checks.consistency.named import named_findings
from graphsurgeon.ir.model import Model
from graphsurgeon.names import node_of
from proto_utils import schema
from tests.models import meta_graph


def of(meta: schema.MetaGraphDef) -> list[tuple[str, str, str]]:
    return [(f.severity, f.rule, f.message) for f in named_findings(Model.from_meta_graph_def(meta))]


def rows(model: Model) -> list[tuple[str, str]]:
    return [(f.severity, f.rule) for f in named_findings(model)]


@pytest.fixture
def trained(fixtures: Path) -> Model:
    """A model with variables, a loop, and TensorFlow's own collections."""
    return gs.load(fixtures / "lstm_loop.ckpt")


def test_sound(trained: Model):
    assert of(meta_graph()) == []
    assert rows(trained) == []
    assert rows(Model()) == []


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        ("outt:0", "'outt:0' is not in the graph; near: 'out'"),
        ("out:1", "'out:1' is not in the graph: 'out' has 1 output"),
        ("", "names no tensor"),
    ],
)
def test_a_signature_names_what_is_not_there(tensor: str, message: str):
    meta = meta_graph()
    meta.signature_def["serving_default"].outputs["fetch"].name = tensor
    assert of(meta) == [(ERROR, "signature", f"signature 'serving_default', output 'fetch': {message}")]


def test_a_signature_may_stand_for_an_op():
    meta = meta_graph()
    meta.graph_def.node.add(name="init", op="NoOp")
    meta.signature_def["__saved_model_init_op"].outputs["__saved_model_init_op"].name = "init"
    assert of(meta) == []


@pytest.mark.parametrize(("kind", "severity"), [("inputs", ERROR), ("outputs", WARNING)])
def test_a_signature_of_another_type(kind: str, severity: str):
    meta = meta_graph()
    for info in getattr(meta.signature_def["serving_default"], kind).values():
        info.dtype = 3
    [(found, rule, message)] = of(meta)
    assert (found, rule) == (severity, "signature")
    assert "is float32, not int32 as it says" in message


def test_a_signature_without_types_is_let_be():
    meta = meta_graph()
    for info in meta.signature_def["serving_default"].inputs.values():
        info.dtype = 0
    assert of(meta) == []


def test_parts_of_a_sparse_tensor():
    meta = meta_graph()
    info = meta.signature_def["serving_default"].inputs["feed"]
    info.coo_sparse.values_tensor_name = "x:0"
    info.coo_sparse.indices_tensor_name = "gone:0"
    info.coo_sparse.dense_shape_tensor_name = "w:0"
    [(_, _, message)] = of(meta)
    assert "'gone:0' is not in the graph" in message


def test_a_collection_of_nodes():
    meta = meta_graph()
    meta.collection_def["train_op"].node_list.value.extend(["out", "out:0", "train"])
    assert of(meta) == [(ERROR, "collection", "collection 'train_op': 'train' is not in the graph")]


def test_a_listed_variable_that_is_gone(trained: Model):
    trained.graph.set_nodes(node for node in trained.graph if node.name != "rnn/lstm/bias/read")
    found = list(named_findings(trained))
    assert {(f.severity, f.rule) for f in found} == {(ERROR, "collection")}
    # The loop reads it, and its context names it too.
    assert [f.message.partition(":")[0] for f in found] == [
        "collection 'trainable_variables'",
        "collection 'variables'",
        "collection 'while_context'",
    ]
    assert "'rnn/lstm/bias'" in found[0].message


def test_a_loop_that_lost_its_pivot(trained: Model):
    assert trained.meta is not None
    context = schema.parse(schema.WhileContextDef, trained.meta.collection_def["while_context"].bytes_list.value[0])
    pivot = node_of(context.pivot_name)
    trained.graph.set_nodes(node for node in trained.graph if node.name != pivot)
    assert (ERROR, "collection") in rows(trained)


def test_a_variable_def_that_does_not_parse(trained: Model):
    assert trained.meta is not None
    trained.meta.collection_def["variables"].bytes_list.value[0] = b"\x0a\xff"
    [found] = named_findings(trained)
    assert (found.severity, found.rule) == (ERROR, "collection")
    assert "collection 'variables': an entry does not parse" in found.message


@pytest.mark.parametrize(("name", "severity"), [("lstm_loop", ERROR), ("resource_cnn", WARNING)])
def test_a_variable_listed_as_the_other_kind(fixtures: Path, name: str, severity: str):
    model = gs.load(fixtures / f"{name}.ckpt")
    assert model.meta is not None
    values = model.meta.collection_def["variables"].bytes_list.value
    definition = schema.parse(schema.VariableDef, values[0])
    definition.is_resource = not definition.is_resource
    values[0] = schema.serialize(definition)
    [found] = named_findings(model)
    assert (found.severity, found.rule, found.node) == (severity, "collection", node_of(definition.variable_name))
    model.meta.ClearField("saver_def")
    assert rows(model) == [(ERROR, "collection")]


def test_what_a_collection_of_savers_names_may_be_gone():
    meta = meta_graph()
    saver = schema.SaverDef(filename_tensor_name="f:0", save_tensor_name="s:0", restore_op_name="r")
    meta.collection_def["savers"].bytes_list.value.append(schema.serialize(saver))
    assert [row[:2] for row in of(meta)] == [(WARNING, "collection")]


def test_an_asset_without_its_tensor():
    meta = meta_graph()
    asset = meta.asset_file_def.add(filename="vocab.txt")
    asset.tensor_info.name = "path:0"
    assert of(meta) == [(ERROR, "asset", "asset 'vocab.txt': 'path:0' is not in the graph")]


def test_a_saver_def_that_names_what_is_not_there(trained: Model):
    trained.graph.set_nodes(node for node in trained.graph if node.name != "save/restore_all")
    [found] = named_findings(trained)
    assert (found.severity, found.rule) == (ERROR, "saver")
    assert found.message.startswith("SaverDef, restore_op_name: 'save/restore_all' is not in the graph")


def test_a_saver_def_that_says_nothing():
    meta = meta_graph()
    meta.saver_def.SetInParent()
    assert [row[:2] for row in of(meta)] == [(ERROR, "saver")] * 3


def test_a_listed_variable_whose_read_has_no_such_output(trained: Model):
    assert trained.meta is not None
    values = trained.meta.collection_def["variables"].bytes_list.value
    definition = schema.parse(schema.VariableDef, values[0])
    read = node_of(definition.snapshot_name)
    definition.snapshot_name = f"{read}:1"
    values[0] = schema.serialize(definition)
    [found] = named_findings(trained)
    assert (found.severity, found.rule, found.node) == (ERROR, "collection", read)
    assert f"'{read}:1' is not in the graph" in found.message
