"""The drop-in for TensorFlow's freeze_graph: parameters, defaults, files, exceptions."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.compat.freeze_graph import Flags, freeze_graph, freeze_graph_with_def_protos, write_frozen_graph
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema
from tests import notation
from tests.passes.harness import reloaded

NET = """
    x = Placeholder {dtype: f32} on /cpu:0
    v = VariableV2 {dtype: f32, shape: shape[2]} on /gpu:0
    v/zeros = Const {f32 [2]}
    v/Assign = Assign(v, v/zeros) {T: f32}
    v/read = Identity(v) on /gpu:0
    y = Mul(x, v/read)
"""
VALUE = np.array([5, 6], np.float32)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A directory with ``graph.pb``, ``graph.pbtxt``, ``m.meta`` and the checkpoint ``m``."""
    model = notation.model(NET)
    gs.save(model, tmp_path / "graph.pb")
    gs.save(model, tmp_path / "graph.pbtxt")
    model.meta = schema.MetaGraphDef()
    model.variables = {"v": as_tensor(VALUE)}
    gs.save(model, tmp_path / "m")
    return tmp_path


def freeze(directory: Path, **given: Any) -> Any:
    """Call with what TensorFlow's tool has as defaults on its command line."""
    defaults = {
        "input_graph": "", "input_saver": "", "input_binary": False, "input_checkpoint": str(directory / "m"),
        "output_node_names": "y", "restore_op_name": "save/restore_all", "filename_tensor_name": "save/Const:0",
        "output_graph": str(directory / "out.pb"), "clear_devices": True, "initializer_nodes": "",
    }  # fmt: skip
    return freeze_graph(**{**defaults, **given})


def test_what_is_there_is_replaced_as_tensorflow_does(saved):
    (saved / "out.pb").write_bytes(b"another")
    freeze(saved, input_graph=str(saved / "graph.pbtxt"))
    once = (saved / "out.pb").read_bytes()
    freeze(saved, input_graph=str(saved / "graph.pbtxt"))
    assert (saved / "out.pb").read_bytes() == once != b"another"


def test_parameters_are_tensorflows():
    names = list(inspect.signature(freeze_graph).parameters)
    assert names[:10] == [
        "input_graph", "input_saver", "input_binary", "input_checkpoint", "output_node_names", "restore_op_name",
        "filename_tensor_name", "output_graph", "clear_devices", "initializer_nodes",
    ]  # fmt: skip
    parameters = inspect.signature(freeze_graph).parameters
    assert {name: parameters[name].default for name in names[10:]} == {
        "variable_names_whitelist": "", "variable_names_denylist": "", "input_meta_graph": None,
        "input_saved_model_dir": None, "saved_model_tags": "serve", "checkpoint_version": 2,
        "variable_names_blacklist": "",
    }  # fmt: skip
    assert list(inspect.signature(freeze_graph_with_def_protos).parameters) == [
        "input_graph_def", "input_saver_def", "input_checkpoint", "output_node_names", "restore_op_name",
        "filename_tensor_name", "output_graph", "clear_devices", "initializer_nodes", "variable_names_whitelist",
        "variable_names_denylist", "input_meta_graph_def", "input_saved_model_dir", "saved_model_tags",
        "checkpoint_version", "variable_names_blacklist",
    ]  # fmt: skip


@pytest.mark.parametrize("input_binary", [False, True])
@pytest.mark.parametrize(
    "source", [{"input_graph": "graph.pb"}, {"input_graph": "graph.pbtxt"}, {"input_meta_graph": "m.meta"}], ids=str
)
def test_files_are_told_by_their_bytes(saved, source, input_binary):
    made = freeze(saved, input_binary=input_binary, **{flag: str(saved / name) for flag, name in source.items()})
    assert notation.show(Model.from_graph_def(made).graph).splitlines() == [
        "x = Placeholder", "v = Const", "v/read = Identity(v)", "y = Mul(x, v/read)",
    ]  # fmt: skip
    assert (saved / "out.pb").read_bytes() == made.SerializeToString(deterministic=True)
    assert gs.load(saved / "out.pb").graph["v"].tensor.numpy().tolist() == [5, 6]


@pytest.mark.parametrize("name", ["variable_names_denylist", "variable_names_blacklist"])
def test_variables_that_stay(saved, name):
    made = freeze(saved, input_meta_graph=str(saved / "m.meta"), **{name: "v"})
    assert [node.op for node in made.node if node.name == "v"] == ["VariableV2"]


def test_one_list_under_two_names(saved):
    with pytest.raises(ValueError, match="Cannot specify both"):
        freeze(saved, variable_names_denylist="v", variable_names_blacklist="v")


def test_paths_as_uris(saved):
    uris = {key: f"file://{saved}/{name}" for key, name in (("input_checkpoint", "m"), ("output_graph", "o.pb"))}
    made = freeze(saved, input_meta_graph=f"file://{saved}/m.meta", **uris)
    assert (saved / "o.pb").read_bytes() == made.SerializeToString(deterministic=True)


def test_nothing_is_written_without_a_path(saved):
    freeze(saved, input_meta_graph=str(saved / "m.meta"), output_graph="")
    assert not (saved / "out.pb").exists()


def test_devices(saved):
    devices = {
        flag: [node.device for node in freeze(saved, input_meta_graph=str(saved / "m.meta"), clear_devices=flag).node]
        for flag in (True, False)
    }
    assert devices == {True: ["", "", "", ""], False: ["/cpu:0", "", "/gpu:0", ""]}


def test_the_result_is_as_if_the_maps_had_been_sorted(saved):
    """Nodes are not the bytes they came as: TensorFlow parses and serializes them."""
    text = b'node { name: "y" op: "NoOp" attr { key: "b" value { i: 1 } } attr { key: "a" value { i: 2 } } }'
    graph = schema.serialize(schema.parse_text(schema.GraphDef, text))
    entries = graph.index(b"*"), graph.rindex(b"*")
    swapped = graph[: entries[0]] + graph[entries[1] :] + graph[entries[0] : entries[1]]
    variable = schema.serialize(notation.model("v = VariableV2 {dtype: f32, shape: shape[2]}").to_graph_def())
    (saved / "odd.pb").write_bytes(swapped + variable)
    freeze(saved, input_graph=str(saved / "odd.pb"))
    assert graph in (saved / "out.pb").read_bytes()


def test_initializers_replace_what_is_stored(saved):
    made = freeze(saved, input_meta_graph=str(saved / "m.meta"), initializer_nodes=" v/Assign ")
    assert Model.from_graph_def(made).graph["v"].tensor.numpy().tolist() == [0, 1]


def test_initializers_are_not_asked_with_a_saver(saved):
    (saved / "saver.pb").write_bytes(schema.serialize(schema.SaverDef(restore_op_name="save/restore_all")))
    made = freeze(
        saved, input_graph=str(saved / "graph.pb"), input_saver=str(saved / "saver.pb"), initializer_nodes="v/Assign"
    )
    assert Model.from_graph_def(made).graph["v"].tensor.numpy().tolist() == [5, 6]


@pytest.mark.parametrize("what", ["graph", "meta graph", "saver"])
def test_missing_files(saved, what):
    flag = f"input_{what.replace(' ', '_')}"
    given = {"input_graph": str(saved / "graph.pb"), flag: "nowhere"}
    with pytest.raises(OSError, match=f"Input {what} file 'nowhere' does not exist!"):
        freeze(saved, **given)


def test_exceptions(saved):
    graph = str(saved / "graph.pb")
    with pytest.raises(ValueError, match="Input checkpoint 'nowhere' doesn't exist!"):
        freeze(saved, input_graph=graph, input_checkpoint="nowhere")
    with pytest.raises(ValueError, match="You need to supply the name of a node to --output_node_names"):
        freeze(saved, input_graph=graph, output_node_names="")
    with pytest.raises(ValueError, match="You need to supply a graph"):
        freeze(saved)
    with pytest.raises(AssertionError, match="nothing is not in graph"):
        freeze(saved, input_graph=graph, output_node_names="nothing")
    with pytest.raises(ValueError, match="cannot be evaluated without TensorFlow"):
        freeze(saved, input_graph=graph, initializer_nodes="y")
    assert not (saved / "out.pb").exists()


def test_a_frozen_graph_is_not_frozen_again(saved):
    freeze(saved, input_graph=str(saved / "graph.pb"))
    with pytest.raises(
        ValueError, match=r"No variables were found in this model. It is likely .* was frozen previously"
    ):
        freeze(saved, input_graph=str(saved / "out.pb"))


def test_an_output_that_only_restores_is_refused(saved):
    """As in TensorFlow's own test of partitioned variables."""
    graph = notation.model(NET + "save/restore_all = NoOp(^v/Assign)").to_graph_def()
    with pytest.raises(ValueError, match="'v/Assign': op Assign changes variable 'v'"):
        freeze_graph_with_def_protos(
            input_graph_def=graph,
            input_saver_def=None,
            input_checkpoint=str(saved / "m"),
            output_node_names="save/restore_all",
            restore_op_name="save/restore_all",
            filename_tensor_name="save/Const:0",
            output_graph=str(saved / "out.pb"),
            clear_devices=False,
            initializer_nodes="",
        )


def test_messages_are_not_modified(saved):
    graph = notation.model(NET).to_graph_def()
    before = schema.serialize(graph)
    made = freeze_graph_with_def_protos(graph, None, str(saved / "m"), "y", None, None, "", True, "")
    assert schema.serialize(graph) == before
    assert type(made) is type(graph)
    meta = reloaded(gs.load(saved / "m.meta")).to_meta_graph_def()
    again = freeze_graph_with_def_protos(
        None, None, str(saved / "m"), "y", None, None, "", True, "", input_meta_graph_def=meta
    )
    assert again == made


def test_saved_models_and_their_tags(saved):
    gs.save(gs.load(saved / "m.meta"), saved / "model", to="saved_model")
    given = {"input_checkpoint": None, "input_saved_model_dir": str(saved / "model")}
    made = freeze(saved, **given)
    assert Model.from_graph_def(made).graph["v"].tensor.numpy().tolist() == [5, 6]
    with pytest.raises(RuntimeError, match=r"tag-set 'train' could not be found in SavedModel.*serve"):
        freeze(saved, **given, saved_model_tags="train")


def test_values_that_cannot_be_read_leave_no_file(saved, monkeypatch):
    class Locked(Tensor):
        def chunks(self, nbytes=0):
            raise gs.UnsupportedError("V1 checkpoints of that age are not read")

    holder = Model()
    holder.variables = {"v": Locked(as_tensor(VALUE).dtype, (2,))}
    monkeypatch.setattr("graphsurgeon.compat.freeze_graph.load", lambda _: holder)
    with pytest.raises(gs.UnsupportedError, match="V1"):
        freeze(saved, input_graph=str(saved / "graph.pb"))
    assert not (saved / "out.pb").exists()


def test_a_large_graph_is_written_without_its_message(saved):
    meta, prefix, out = str(saved / "m.meta"), str(saved / "m"), str(saved / "out.pb")
    flags = Flags(input_meta_graph=meta, input_checkpoint=prefix, output_node_names="y", output_graph=out)
    model = write_frozen_graph(flags)
    assert isinstance(model, Model)
    assert (saved / "out.pb").is_file()
