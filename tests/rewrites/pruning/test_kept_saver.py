"""The saver of a graph from which nodes go, and the keys its variables keep."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphsurgeon.formats.load import load
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.pruning.kept_saver import NewSaver, find_saver, lost_values, remake_saver
from graphsurgeon.tensors.dtypes import FLOAT
from graphsurgeon.tensors.values import StringTensor
from graphsurgeon.variables.checkpoint_keys import saved_keys
from graphsurgeon.variables.layout import Variable
from graphsurgeon.variables.saver import SavedVariable, Saver, new_saver
from graphsurgeon.variables.state_choice import StateChoice
from proto_utils import schema
from tests.models import shared
from tests.object_layers import checkpoint
from tests.passes.harness import model

TF2 = "uve+tensorflow/at-f1129b3/tensorflow/python/compiler/tensorrt/test/testdata/tftrt_2.0_saved_model"
KERAS = "tensorflow+tfx/tfx/components/testdata/trainer/keras/Format-Serving"


def variables(model: Model, *ops: str) -> list[str]:
    return [node.name for node in model.graph if node.op in ops]


def choice(model: Model, index: Index) -> StateChoice:
    return StateChoice(model, index, (), "prune")


def remade(model: Model, *names: str) -> Saver:
    index = Index(model.graph)
    kept = [node for node in model.graph if node.name in names]
    saver, unsaved, _ = remake_saver(model, index, find_saver(model, index), kept, choice(model, index))
    assert saver is not None
    assert unsaved == []
    return saver


def strings(saver: Saver, name: str) -> list[bytes]:
    return next(list(node.tensor.strings()) for node in saver.nodes if node.name == name)


def test_a_saver_is_found_with_all_it_saves(fixtures: Path):
    model = load(fixtures / "mobile_cnn.ckpt.meta")
    saver = find_saver(model, Index(model.graph))
    assert saver.names == ["save/Const", "save/control_dependency", "save/restore_all"]
    assert saver.is_whole
    assert sorted(saver.state) == sorted(variables(model, "VariableV2"))
    assert {"save/RestoreV2/tensor_names", "save/filename/input", "save/Assign_3"} <= saver.nodes


def test_a_graph_without_a_saver(fixtures: Path):
    model = load(fixtures / "mobile_cnn.pb")
    assert find_saver(model, Index(model.graph)).names == []


def test_a_saver_with_missing_nodes_is_not_whole(fixtures: Path):
    model = load(fixtures / "mobile_cnn.ckpt.meta")
    model.graph.set_nodes(node for node in model.graph if node.name != "save/restore_all")
    assert not find_saver(model, Index(model.graph)).is_whole


def test_keys_stay(fixtures: Path):
    model = load(fixtures / "mobile_cnn.ckpt.meta")
    first, second, *_ = variables(model, "VariableV2")
    saver = remade(model, first, second)
    assert strings(saver, "save/SaveV2/tensor_names") == sorted([first.encode(), second.encode()])
    assert strings(saver, "save/SaveV2/shape_and_slices") == [b"", b""]


def test_a_variable_that_nothing_reads_any_more_gets_a_read(fixtures: Path):
    model = load(fixtures / "resource_cnn.ckpt.meta")
    name = variables(model, "VarHandleOp")[0]
    saver = remade(model, name)
    read = saver.nodes[0]
    assert (read.op, read.inputs) == ("ReadVariableOp", (name,))
    save = next(node for node in saver.nodes if node.op == "SaveV2")
    assert save.inputs[3:] == (read.name,)


def test_slices_stay(fixtures: Path):
    model = load(fixtures / "partitioned.ckpt.meta")
    parts = [name for name in variables(model, "VariableV2") if "/part_" in name]
    places = saved_keys(model, Index(model.graph))
    saver = remade(model, *parts[:1], f"{parts[0]}/read")
    assert strings(saver, "save/RestoreV2/shape_and_slices") == [places[parts[0]].slice.encode()]
    assert places[parts[0]].slice in [
        text.decode() for text in model.graph["save/SaveV2/shape_and_slices"].tensor.strings()
    ]


def test_nothing_left_to_save(fixtures: Path):
    model = load(fixtures / "mobile_cnn.ckpt.meta")
    index = Index(model.graph)
    assert remake_saver(model, index, find_saver(model, index), [], choice(model, index)) == NewSaver(None, [])


def test_values_go_with_the_last_variable_that_has_them(fixtures: Path):
    model = load(fixtures / "partitioned.ckpt.meta")
    parts = [name for name in variables(model, "VariableV2") if "/part_" in name]
    whole = parts[0].rpartition("/")[0]
    index = Index(model.graph)
    everything = set(index.producers)
    nothing = choice(model, index)
    assert lost_values(model, index, everything - {parts[0]}, nothing) == []
    left = {name for name in everything if not name.startswith(f"{whole}/part_")}
    assert lost_values(model, index, left, nothing) == [whole]


@pytest.mark.parametrize(("path", "variable"), [(TF2, "Variable"), (KERAS, "dense/kernel")])
def test_a_saver_that_is_a_function_is_made_anew_under_its_keys(path: str, variable: str):
    model = load(shared(path))
    saver = remade(model, variable)
    (key,) = strings(saver, "save/SaveV2/tensor_names")
    assert key.decode().endswith("/.ATTRIBUTES/VARIABLE_VALUE")
    assert key.decode() in model.variables


def test_keys_may_be_any_bytes(fixtures: Path):
    model = load(fixtures / "mobile_cnn.ckpt.meta")
    keys = list(model.graph["save/RestoreV2/tensor_names"].tensor.strings())
    odd = b"\xff/" + keys[0]
    for name in ("save/RestoreV2/tensor_names", "save/SaveV2/tensor_names"):
        model.graph[name].attrs["value"] = StringTensor((len(keys),), [odd, *keys[1:]])
    variable = model.graph["save/Assign"].inputs[0]
    assert strings(remade(model, variable), "save/SaveV2/tensor_names") == [odd]


def test_what_only_objects_restore_is_saved_by_a_new_saver():
    made = model(
        """
        w = VarHandleOp {dtype: f32, shape: shape[]}; v = VarHandleOp {dtype: f32, shape: shape[]}
        v/Read/ReadVariableOp = ReadVariableOp(v) {dtype: f32}; u = VarHandleOp {dtype: f32, shape: shape[]}
        """
    )
    made.meta, made.variables = schema.MetaGraphDef(), checkpoint(w=2.0)
    assert find_saver(made, Index(made.graph)).state == set()
    key = next(iter(made.variables))
    of_copy = Variable("v", "resource", FLOAT, "", "v/Read/ReadVariableOp:0")
    saver = new_saver(made.graph, [SavedVariable(key, of_copy)])
    for node in saver.nodes:
        made.graph.append(node)
    made.meta.saver_def.CopyFrom(saver.saver_def)
    old = find_saver(made, Index(made.graph))
    assert old.state == {"v", "w"}
    assert not old.is_whole
    assert strings(remade(made, "w", "u"), "save/RestoreV2/tensor_names") == [key.encode()]
    both = remade(made, "w", "v", "v/Read/ReadVariableOp")
    assert strings(both, "save/RestoreV2/tensor_names") == [key.encode()] * 2
    assert strings(both, "save/SaveV2/tensor_names") == [key.encode()]
