"""Rename: everything that has a name gets the new one, and what refuses leaves all as it was."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.checks import verify
from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.formats.load import load
from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.rename import RenamedRow, rename
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import schema
from tests import notation
from tests.counting import num_calls
from tests.models import shared, shared_files
from tests.passes.harness import check_pass, check_refusal, keys_saved, listed, reloaded
from tests.passes.harness import model as bare
from tests.passes.prune.models import trained

CALLER = "x = Placeholder {dtype: f32}; y = Relu(x); z = Relu(y)"


def small() -> Model:
    return trained(["conv/w", "conv/b"], "\nout = Add(conv/w/read, conv/b/read)", {"conv/b": "old/bias"})


def sound(model: Model) -> None:
    assert verify(model, consistency=True) == []


def test_a_bare_graph():
    report = check_pass(
        rename, bare(CALLER), "input = Placeholder\ny = Relu(input)\nout/z = Relu(y)", map=("x=input", "z=out/z")
    )
    assert report.renamed == [RenamedRow("input", "x", "node"), RenamedRow("out/z", "z", "node")]
    assert (report.num_nodes, report.num_variables, report.num_keys, report.num_unchanged) == (2, 0, 0, 1)


def test_a_variable_takes_along_what_is_below_it_and_its_key():
    model = small()
    values = dict(model.variables)
    report = rename(model, map=("conv/w=kernel",))
    sound(model)
    names = [node.name for node in model.graph if not node.name.startswith(("save/", "conv/b"))]
    assert names == ["kernel", "kernel/zeros", "kernel/Assign", "kernel/read", "out"]
    assert keys_saved(model) == [b"kernel", b"old/bias"]
    assert listed(model, "variables") == ["kernel", "conv/b"]
    assert model.variables == {"kernel": values["conv/w"], "old/bias": values["old/bias"]}
    assert [row.kind for row in report.renamed] == ["key", "variable", "node", "node", "node"]


def test_a_key_that_is_no_name_is_renamed_by_itself():
    model = small()
    rename(model, map=("old/bias=new/bias",))
    sound(model)
    assert sorted(model.variables) == ["conv/w", "new/bias"]
    assert keys_saved(model) == [b"conv/w", b"new/bias"]
    assert "conv/b" in model.graph


def test_two_variables_are_exchanged():
    model = trained(["a", "b"], "\nout = Sub(a/read, b/read)")
    values = dict(model.variables)
    rename(model, map={"a": "b", "b": "a"})
    sound(model)
    assert model.graph["out"].inputs == ("b/read", "a/read")
    assert model.variables == {"b": values["a"], "a": values["b"]}


def test_averages_and_slots_follow_by_their_keys():
    model = Model()
    tensors = small().variables
    tensor = tensors["conv/w"]
    model.variables = dict.fromkeys(("w", "w/Adam", "w/ExponentialMovingAverage", "w2/Adam"), tensor)
    rename(model, map=("w=v",))
    assert list(model.variables) == ["v", "v/Adam", "v/ExponentialMovingAverage", "w2/Adam"]


def test_a_checkpoint_and_its_graph_get_the_same_keys():
    options: dict[str, Any] = {"map": ("conv/w=kernel", r"old/(.*)=new/\1"), "add_scope": "my"}
    whole, alone = small(), Model()
    alone.variables = dict(whole.variables)
    rename(whole, **options)
    rename(alone, **options)
    assert list(whole.variables) == list(alone.variables) == ["my/kernel", "my/new/bias"]


def test_scopes_are_put_before_everything_and_taken_away_again():
    model, before = small(), small()
    rename(model, add_scope="my/net")
    sound(model)
    assert all(node.name.startswith("my/net/") for node in model.graph)
    assert model.meta is not None
    assert model.meta.saver_def.restore_op_name == "my/net/save/restore_all"
    assert keys_saved(model, "my/net/save") == [b"my/net/conv/w", b"my/net/old/bias"]
    rename(model, strip_scope="my/net")
    assert gs.diff(before, model).is_equal
    assert list(model.variables) == list(before.variables)


def test_only_names_in_the_scope_lose_it():
    model = bare("net/x = Placeholder {dtype: f32}; network/y = Relu(net/x)")
    check_pass(rename, model, "x = Placeholder\nnetwork/y = Relu(x)", strip_scope="net")


def test_checkpoint_only_leaves_no_graph():
    model = small()
    report = rename(model, add_scope="my", checkpoint_only=True)
    assert (len(model.graph), model.meta) == (0, None)
    assert list(model.variables) == ["my/conv/w", "my/old/bias"]
    assert {row.kind for row in report.renamed} == {"key"}


def test_functions_keep_their_names_and_share_the_new_state():
    text = """
        v = VarHandleOp {dtype: f32, shape: shape[2], shared_name: "v"}
        c = PartitionedCall {Tin: [], Tout: [f32], f: fn:read_v}
    """
    body = """
        v = VarHandleOp {dtype: f32, shape: shape[2], shared_name: "v"}
        r = ReadVariableOp(v:resource:0) {dtype: f32}
    """
    proto = schema.FunctionDef()
    proto.signature.name = "read_v"
    proto.signature.output_arg.add(name="out", type=1)
    proto.ret["out"] = "r:value:0"
    model = bare(text, Function(proto, notation.graph(body)))
    model = reloaded(model)
    rename(model, map=("v=w", "c=read_v"))
    function = model.library.functions["read_v"]
    assert [node.name for node in function.body] == ["v", "r"]
    assert function.body["v"].attrs["shared_name"] == model.graph["w"].attrs["shared_name"] == b"w"
    assert isinstance(model.graph["read_v"].attrs["f"], Func)


def test_savers_of_other_checkpoints_are_noted_and_keep_their_keys(fixtures: Path):
    model = load(fixtures / "mobile_cnn.ckpt")
    pretrained = [node.copy() for node in model.graph if node.name.startswith("save/RestoreV2")]
    for node in pretrained:
        node.name = node.name.replace("save/", "init/")
        node.inputs = [text.replace("save/RestoreV2", "init/RestoreV2") for text in node.inputs]
        model.graph.append(node)
    before = list(model.graph["init/RestoreV2/tensor_names"].tensor.strings())
    report = rename(model, add_scope="my")
    assert list(model.graph["my/init/RestoreV2/tensor_names"].tensor.strings()) == before
    assert report.notes == ["1 ops save or restore other checkpoints, whose keys stay: init/RestoreV2"]


def test_entries_of_a_table_file_come_after_those_of_the_map():
    model = bare(CALLER)
    rename(model, map=("x=a",), map_file=["# names\n", "re:([xy])\tb_\\1\n", "z\tc\n"])
    assert [node.name for node in model.graph] == ["a", "b_y", "c"]


def test_the_report_is_json(fixtures: Path):
    facts = rename(load(fixtures / "mobile_cnn.ckpt"), add_scope="my").to_json()
    assert json.loads(json.dumps(facts)) == facts
    assert list(facts) == ["renamed", "num_keys", "num_variables", "num_nodes", "num_unchanged", "notes"]
    assert set(facts["renamed"][0]) == {"name", "was", "kind"}


def test_nothing_asked_for_is_refused():
    check_refusal(rename, small(), PassError, "nothing is asked for")


def test_what_takes_nothing_is_refused():
    error = check_refusal(rename, small(), NotFoundError, "'conv/v'", map=("conv/v=a", "conv/w=b"))
    assert "conv/w" in error.near
    check_refusal(rename, small(), NotFoundError, "no name in the scope 'net'", strip_scope="net")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"map": ("conv/w=conv/b",)}, "4 nodes .*'conv/w' -> 'conv/b', which exists"),
        ({"map": ("conv/[wb]=v",)}, "4 nodes .*'conv/b' -> 'v', which 'conv/w' becomes too"),
        ({"map": ("old/bias=conv/w",)}, "1 checkpoint key .*'old/bias' -> 'conv/w', which exists"),
        ({"map": ("out=_out",)}, "does not allow: 'out' -> '_out'"),
        ({"map": ("out",)}, "has no '='"),
        ({"add_scope": "my net"}, "does not allow"),
        ({"map_file": ["a"]}, "line 1: no tab"),
    ],
)
def test_bad_names_are_refused(options: dict[str, object], match: str):
    check_refusal(rename, small(), PassError, match, **options)


def test_a_dict_of_tensors_is_renamed_in_place():
    w, b = as_tensor([1.0]), as_tensor([2.0])
    given = {"net/w": w, "net/b": b}
    report = rename(given, map={"net/w": "net/kernel"}, strip_scope="net")
    assert given == {"kernel": w, "b": b}
    assert list(given) == ["kernel", "b"]
    assert [(row.name, row.was, row.kind) for row in report.renamed] == [
        ("kernel", "net/w", "key"),
        ("b", "net/b", "key"),
    ]
    with pytest.raises(PassError):
        rename(given, map=("kernel=b",))
    assert list(given) == ["kernel", "b"]


def test_what_cannot_be_changed_is_no_dict():
    with pytest.raises(TypeError, match=r"this is a mappingproxy: dict\(...\) makes one"):
        rename(MappingProxyType({"w": as_tensor([1.0])}), add_scope="x")  # type: ignore[arg-type]


def test_checkpoint_only_needs_a_checkpoint():
    check_refusal(rename, bare(CALLER), PassError, "no checkpoint", add_scope="a", checkpoint_only=True)


@pytest.mark.parametrize("name", ["cond", "lstm_loop", "partitioned", "resource_cnn", "lstm_calls", "dtypes"])
def test_fixtures_survive_there_and_back(fixtures: Path, name: str):
    model = load(fixtures / f"{name}.ckpt")
    before = list(verify(model, consistency=True))
    rename(model, add_scope="my")
    assert len(verify(model, consistency=True)) == len(before)
    assert gs.diff(load(fixtures / f"{name}.ckpt"), model).is_equal is False
    rename(model, strip_scope="my")
    assert gs.diff(load(fixtures / f"{name}.ckpt"), model).is_equal


def test_values_are_the_same_tensors(fixtures: Path):
    model = load(fixtures / "mobile_cnn.ckpt")
    before = dict(model.variables)
    rename(model, add_scope="my")
    assert all(model.variables[f"my/{key}"] is tensor for key, tensor in before.items())


def test_the_cost_is_linear_in_names_and_entries():
    def work(count: int) -> int:
        names = [f"block{n}/w" for n in range(count)]
        model = trained(names, "")
        lines = [f"{name}\tx{name}" for name in names]
        return num_calls(lambda: rename(model, map_file=lines))

    assert work(400) < 4.4 * work(100)


def test_a_note_of_unfreezing_still_leads_back(fixtures: Path):
    model = load(fixtures / "mobile_cnn.pb")
    gs.unfreeze(model)
    rename(model, add_scope="my")
    output = next(node.name for node in reversed(list(model.graph)) if node.op == "Softmax")
    gs.freeze(model, outputs=(output,))
    rename(model, strip_scope="my")
    graph = gs.diff(load(fixtures / "mobile_cnn.pb"), model).graph
    assert graph is not None
    assert graph.is_equal


def test_a_note_of_freezing_still_leads_back(fixtures: Path):
    model = load(fixtures / "resource_cnn.ckpt")
    keys = list(model.variables)
    gs.freeze(model, outputs=("output",), remember=True)
    rename(model, add_scope="my")
    gs.unfreeze(model)
    assert sorted(model.variables) == [f"my/{key}" for key in keys]
    assert all(node.name.startswith(("my/", "save/")) for node in model.graph if node.name != "init")
    assert {node.name for node in model.graph if node.op == "VarHandleOp"} == {f"my/{key}" for key in keys}


METAS = [path for path in shared_files(".meta") if path.with_suffix(".index").is_file()]


@pytest.mark.parametrize("path", METAS, ids=lambda path: "-".join(path.parts[-4:]))
def test_other_peoples_models_survive_there_and_back(path: Path):
    model, original = load(path), load(path)
    report = rename(model, add_scope="my")
    assert report.num_keys == len(set(original.variables) | {row.was for row in report.renamed if row.kind == "key"})
    findings = [f.message for f in verify(original, consistency=True) if f.severity == "error"]
    assert len([f for f in verify(model, consistency=True) if f.severity == "error"]) == len(findings)
    rename(model, strip_scope="my")
    assert gs.diff(original, model).is_equal


def test_an_object_based_checkpoint():
    path = shared("tensorflow+tfx/tfx/components/testdata/trainer/keras/Format-Serving")
    model = load(path)
    keys, nodes = list(model.variables), Graph(model.graph)
    report = rename(model, map=(r"layer_with_weights-(\d)/(.*)=dense\1/\2",))
    assert report.notes
    assert model.variables[OBJECT_GRAPH_KEY] is not load(path).variables[OBJECT_GRAPH_KEY]
    assert isinstance(model.variables["dense0/kernel/.ATTRIBUTES/VARIABLE_VALUE"], Tensor)
    assert len(model.variables) == len(keys)
    assert [node.name for node in model.graph] == [node.name for node in nodes]
    assert not [finding for finding in verify(model, consistency=True) if finding.severity == "error"]
