"""Freeze: variables become constants, what read them reads values, and the rest stays or goes with a word."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.dtypes import FLOAT
from graphsurgeon.errors import LimitError, NotFoundError, PassError
from graphsurgeon.graph import Function
from graphsurgeon.model import Model
from graphsurgeon.passes.freeze import freeze
from graphsurgeon.tensor import Tensor, as_tensor
from graphsurgeon.verify import verify
from proto_utils import schema
from tests.notation import function
from tests.passes.harness import check_pass, check_refusal, keys_saved, listed, model, shown, state

REF = """
    x = Placeholder {dtype: f32}
    v = VariableV2 {dtype: f32, shape: shape[2], container: "", shared_name: ""} on /gpu:0
    v/zeros = Const {f32 [2]}
    v/Assign = Assign(v, v/zeros) {_class: loc:@v}
    v/read = Identity(v) {_class: loc:@v}
    y = Mul(x, v/read)
    loss = Sub(y, x)
"""
RESOURCE = """
    x = Placeholder {dtype: f32}
    v = VarHandleOp {dtype: f32, shape: shape[2], container: "", shared_name: "v"}
    v/IsInitialized/VarIsInitializedOp = VarIsInitializedOp(v)
    v/zeros = Const {f32 [2]}
    v/Assign = AssignVariableOp(v, v/zeros) {dtype: f32}
    v/Read/ReadVariableOp = ReadVariableOp(v) {dtype: f32}
    y = Mul(x, v/Read/ReadVariableOp)
"""
TWO = """
    x = Placeholder {dtype: f32}
    v = VariableV2 {dtype: f32, shape: shape[2], container: "", shared_name: ""}
    v/zeros = Const {f32 [2]}
    v/Assign = Assign(v, v/zeros) {_class: loc:@v}
    v/read = Identity(v) {_class: loc:@v}
    w = VarHandleOp {dtype: f32, shape: shape[2], container: "", shared_name: "w"}
    w/zeros = Const {f32 [2]}
    w/Assign = AssignVariableOp(w, w/zeros) {dtype: f32}
    w/Read/ReadVariableOp = ReadVariableOp(w) {dtype: f32}
    y = Mul(x, v/read)
    z = Add(y, w/Read/ReadVariableOp)
    init = NoOp(^v/Assign, ^w/Assign)
"""


def trained(
    text: str, values: Mapping[str, Any] | None = None, *functions: Function, meta: schema.MetaGraphDef | None = None
) -> Model:
    """A model with the values of its variables."""
    made = model(text, *functions, meta=meta)
    given = {"v": np.array([5, 6], np.float32)} if values is None else values
    made.variables = {key: as_tensor(value) for key, value in given.items()}
    return made


def variable_def(name: str, read: str = "read") -> bytes:
    return schema.serialize(
        schema.VariableDef(
            variable_name=f"{name}:0", initializer_name=f"{name}/Assign", snapshot_name=f"{name}/{read}:0"
        )
    )


def surrounded() -> schema.MetaGraphDef:
    """Collections and signatures around `TWO`."""
    meta = schema.MetaGraphDef()
    for collection in ("variables", "trainable_variables"):
        entries = [variable_def("v"), variable_def("w", "Read/ReadVariableOp")]
        meta.collection_def[collection].bytes_list.value.extend(entries)
    meta.collection_def["losses"].node_list.value.append("gone:0")
    meta.signature_def["serving_default"].outputs["out"].name = "z:0"
    meta.signature_def["other"].outputs["out"].name = "y:0"
    return meta


BOTH = {"v": np.array([5, 6], np.float32), "w": np.array([7, 8], np.float32)}


# What becomes of variables.


def test_reference_variable():
    report = check_pass(
        freeze,
        trained(REF),
        """
        x = Placeholder
        v = Const
        v/read = Identity(v) {_class: loc:@v}
        y = Mul(x, v/read)
        """,
        outputs=("y:0",),
    )
    assert report.to_json() == {
        "outputs": ["y"],
        "constants": [{"name": "v", "node": "v", "dtype": "float32", "shape": [2], "nbytes": 8}],
        "variables": [],
        "removed": 3,
        "cut": [],
        "notes": [],
    }
    assert json.loads(json.dumps(report.to_json())) == report.to_json()


def test_resource_variable():
    check_pass(
        freeze,
        trained(RESOURCE),
        """
        x = Placeholder
        v = Const
        v/Read/ReadVariableOp = Identity(v)
        y = Mul(x, v/Read/ReadVariableOp)
        """,
        outputs=("y",),
    )


@pytest.mark.parametrize("op", ["Variable", "VariableV2", "AutoReloadVariable"])
def test_every_op_that_is_a_variable(op):
    frozen = trained(f'v = {op} {{dtype: f32, shape: shape[2], container: "", shared_name: ""}}; y = Neg(v) {{T: f32}}')
    freeze(frozen, outputs=("y",))
    assert shown(frozen) == ["v = Const", "y = Neg(v)"]
    assert frozen.graph["v"].tensor.numpy().tolist() == [5, 6]


class Unreadable(Tensor):
    """A tensor whose values nobody may read."""

    def chunks(self) -> Any:
        """Refuse."""
        raise AssertionError("the values were read")


def test_long_values_are_not_read():
    frozen = trained(REF.replace("shape[2]", "shape[500]"))
    frozen.variables["v"] = Unreadable(FLOAT, (500,))
    freeze(frozen, outputs=("y",))
    assert (frozen.variables, frozen.meta) == ({}, None)
    assert sum(len(piece) for piece in frozen.graph_def_pieces() if isinstance(piece, bytes)) < 500


def test_versions_and_an_empty_library_are_there_as_tensorflow_has_them():
    frozen = trained(REF)
    frozen.rest.versions.producer = 27
    freeze(frozen, outputs=("y",))
    graph_def = frozen.to_graph_def()
    assert graph_def.versions.producer == 27
    assert graph_def.HasField("library")


def test_a_graph_without_variables_is_cut_down():
    check_pass(
        freeze, trained("a = Const {f32 []}; b = Neg(a); c = Neg(a)", {}), "a = Const\nb = Neg(a)", outputs=("b",)
    )


# Outputs.


def test_several_outputs_in_one_text():
    assert freeze(trained(TWO, BOTH), outputs=("y, z:0",)).outputs == ["y", "z"]


def test_a_signature_gives_the_outputs():
    frozen = trained(TWO, BOTH, meta=surrounded())
    report = freeze(frozen, signature="other")
    assert report.outputs == ["y"]
    assert report.notes == ["a GraphDef has no signatures: dropped other, serving_default"]


def test_the_only_signature_is_taken():
    meta = surrounded()
    del meta.signature_def["other"]
    meta.signature_def["__saved_model_init_op"].outputs["__saved_model_init_op"].name = "init"
    assert freeze(trained(TWO, BOTH, meta=meta)).outputs == ["z"]


def test_no_outputs():
    error = check_refusal(freeze, trained(REF), PassError, "no outputs were named")
    assert error.hint == "name the nodes to keep: --outputs loss"
    error = check_refusal(freeze, trained(TWO, BOTH, meta=surrounded()), PassError, "no outputs were named")
    assert "--signature other | serving_default" in error.hint


def test_wrong_names():
    assert check_refusal(freeze, trained(REF), NotFoundError, "no node 'los'", outputs=("los",)).near == ("loss",)
    bad = trained(TWO, BOTH, meta=surrounded())
    assert check_refusal(freeze, bad, NotFoundError, "no signature 'othr'", signature="othr").near == ("other",)


# Values.


def test_a_missing_value_lists_near_keys():
    bad = trained(REF, {"scope/v": [1.0], "w": [1.0]})
    error = check_refusal(freeze, bad, NotFoundError, "no value in the checkpoint for variable 'v'", outputs=("y",))
    assert error.near == ("scope/v",)


def test_no_checkpoint_at_all():
    error = check_refusal(freeze, trained(REF, {}), NotFoundError, "no value", outputs=("y",))
    assert "--checkpoint" in error.hint


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros(3, np.float32), r"shape \[3\] under 'v', the variable \[2\]"),
        (np.zeros((2, 1), np.float32), r"shape \[2, 1\]"),
        (np.zeros(2, np.float64), "float64 under 'v', the variable is float32"),
    ],
)
def test_values_of_another_model(value, message):
    error = check_refusal(freeze, trained(REF, {"v": value}), PassError, message, outputs=("y",))
    assert error.node == "v"


def test_the_oldest_op_has_no_shape():
    frozen = trained('v = Variable {dtype: f32, shape: shape[], container: "", shared_name: ""}; y = Neg(v)')
    freeze(frozen, outputs=("y",))
    assert frozen.graph["v"].tensor.shape == (2,)


def test_unknown_dimensions_fit():
    freeze(trained(REF.replace("shape[2]", "shape[?]")), outputs=("y",))


@pytest.mark.parametrize("key", ["v/ExponentialMovingAverage"])
def test_moving_averages(key):
    frozen = trained(TWO, {**BOTH, key: np.array([1, 1], np.float32)})
    report = freeze(frozen, outputs=("z",), ema=True)
    assert [row.name for row in report.constants] == [key, "w"]
    assert frozen.graph["v"].tensor.numpy().tolist() == [1, 1]
    assert report.notes == ["moving averages taken for 1 of 2 variables; not for w"]


def test_moving_averages_that_a_saver_names(fixtures: Path):
    frozen = gs.load(fixtures / "mobile_cnn.ckpt.meta")
    assert frozen.variables
    name = next(iter(frozen.variables))
    frozen.variables[f"{name}/ExponentialMovingAverage"] = frozen.variables[name]
    report = freeze(frozen, outputs=("Predictions",), ema=True)
    assert report.notes[0].startswith("moving averages taken for 1 of 37 variables; not for ")
    assert report.notes[0].endswith(" ...")


def test_initializers_replace_values():
    frozen = trained(REF)
    freeze(frozen, outputs=("y",), initializers=("v/Assign",))
    assert frozen.graph["v"].tensor.numpy().tolist() == [0, 1]


# What changes variables.

BATCH_NORM = """
    x = Placeholder {dtype: f32}
    training = Placeholder {dtype: bool}
    v = VariableV2 {dtype: f32, shape: shape[2]}
    v/read = Identity(v) {_class: loc:@v}
    batch/Switch = Switch(x, training)
    sub = Sub(v/read, batch/Switch:1)
    update/Switch = RefSwitch(v, training) {_class: loc:@v}
    update = AssignSub(update/Switch:1, sub) {_class: loc:@v}
    batch = Identity(batch/Switch:1, ^update)
    moving = Switch(v/read, training)
    Merge = Merge(moving, batch) {N: 2}
    y = Sub(x, Merge)
"""


def test_updates_that_serve_training_only_are_cut():
    report = check_pass(
        freeze,
        trained(BATCH_NORM),
        """
        x = Placeholder
        training = Placeholder
        v = Const
        v/read = Identity(v) {_class: loc:@v}
        batch/Switch = Switch(x, training)
        batch = Identity(batch/Switch:1)
        moving = Switch(v/read, training)
        Merge = Merge(moving, batch)
        y = Sub(x, Merge)
        """,
        outputs=("y",),
    )
    assert report.cut == ["update"]


def test_results_that_only_other_updates_read_are_cut_too():
    """As when moving averages are debiased."""
    text = """
        x = Placeholder {dtype: f32}
        v = VariableV2 {dtype: f32, shape: shape[2]}
        w = VariableV2 {dtype: f32, shape: shape[2]}
        biased = AssignSub(v, x)
        ratio = Div(biased, x)
        unbiased = Assign(w, ratio)
        done = Identity(unbiased)
        y = Neg(x, ^done)
        z = Add(v, w)
    """
    frozen = trained(text, {"v": BOTH["v"], "w": BOTH["w"]})
    report = freeze(frozen, outputs=("y", "z"))
    assert shown(frozen) == ["x = Placeholder", "v = Const", "w = Const", "y = Neg(x)", "z = Add(v, w)"]
    assert report.cut == ["biased", "unbiased"]


def test_handles_are_written_in_vain():
    report = check_pass(
        freeze,
        trained(RESOURCE + "u = AssignSubVariableOp(v, x) {dtype: f32}\ng = NoOp(^u)\nz = Neg(y, ^g)"),
        """
        x = Placeholder
        v = Const
        v/Read/ReadVariableOp = Identity(v)
        y = Mul(x, v/Read/ReadVariableOp)
        g = NoOp
        z = Neg(y, ^g)
        """,
        outputs=("z",),
    )
    assert report.cut == ["u"]


@pytest.mark.parametrize(
    ("more", "output", "node", "message"),
    [
        ("u = AssignAdd(v, x)", "u", "u", "op AssignAdd changes variable 'v', and its result is needed"),
        ("u = AssignAdd(v, x); z = Neg(u)", "z", "u", "op AssignAdd changes variable 'v'"),
        ("train = NoOp(^v/Assign)", "train", "v/Assign", "op Assign changes variable 'v'"),
        ("a = NoOp(^v/Assign); train = NoOp(^a)", "train", "v/Assign", "op Assign changes variable 'v'"),
        ("u = AssignAdd(v, x); z = Identity(v, ^u)", "z", "z", "reads variable 'v' after u changed it"),
        ("u = AssignAdd(v, x); n = NoOp(^u); z = Identity(v, ^n)", "z", "z", "reads variable 'v' after u changed it"),
    ],
)  # fmt: skip
def test_updates_that_the_outputs_need_are_named(more, output, node, message):
    error = check_refusal(freeze, trained(REF + more.replace(";", "\n")), PassError, message, outputs=(output,))
    assert (error.node, error.hint) == (node, "--keep leaves variables as they are")


@pytest.mark.parametrize(
    ("more", "node", "message"),
    [
        ("z = ResourceCountUpTo(v) {T: i64, limit: 3}", "z", "op ResourceCountUpTo needs the variable 'v' itself"),
        (
            "u = AssignAddVariableOp(v, x) {dtype: f32}; z = ReadVariableOp(v, ^u) {dtype: f32}",
            "z",
            "after u changed it",
        ),
    ],
)
def test_handles_that_the_outputs_need_are_named(more, node, message):
    error = check_refusal(freeze, trained(RESOURCE + more.replace(";", "\n")), PassError, message, outputs=("z",))
    assert error.node == node


# Around the graph.


def test_colocation_is_a_need_as_for_tensorflow():
    frozen = trained(REF + "near = Neg(x)\nz = Neg(y) {_class: loc:@near}")
    freeze(frozen, outputs=("z",))
    assert "near" in frozen.graph


@pytest.mark.parametrize("clear", [False, True])
def test_devices(clear):
    body = function("f", "a", "n:y:0", "n = Neg(a) {T: f32} on /gpu:1")
    frozen = trained(REF + "z = f(y) on /gpu:2", None, body)
    freeze(frozen, outputs=("z",), clear_devices=clear)
    devices = [node.device for node in (*frozen.graph, *frozen.library.functions["f"].body) if node.device]
    assert devices == ([] if clear else ["/gpu:2", "/gpu:1"])


def test_tables_are_pointed_out():
    text = "k = Placeholder {dtype: str}\nt = HashTableV2 {key_dtype: str, value_dtype: i64}\nd = Const {i64 []}"
    frozen = trained(text + "\ny = LookupTableFindV2(t, k, d) {Tin: str, Tout: i64}", {})
    report = freeze(frozen, outputs=("y",))
    assert report.notes == ["a GraphDef does not say how its tables and queues are filled: t"]


def test_functions_that_nothing_calls_stay_as_with_tensorflow():
    frozen = trained(REF, None, function("f", "a", "n:y:0", "n = Neg(a) {T: f32}"))
    freeze(frozen, outputs=("y",))
    assert list(frozen.library.functions) == ["f"]


# Some variables only.


@pytest.mark.parametrize("options", [{"keep": ("w",)}, {"only": ("v",)}, {"only": ("[v]",)}])
def test_variables_that_stay_work(options):
    frozen = trained(TWO, BOTH, meta=surrounded())
    report = freeze(frozen, outputs=("z",), **options)
    assert [row.node for row in report.constants] == ["v"]
    assert report.variables == ["w"]
    assert shown(frozen) == [
        "x = Placeholder",
        "v = Const",
        "v/read = Identity(v) {_class: loc:@v}",
        "w = VarHandleOp",
        "w/zeros = Const",
        "w/Assign = AssignVariableOp(w, w/zeros)",
        "w/Read/ReadVariableOp = ReadVariableOp(w)",
        "y = Mul(x, v/read)",
        "z = Add(y, w/Read/ReadVariableOp)",
    ]
    assert list(frozen.variables) == ["w"]
    assert keys_saved(frozen) == [b"w"]
    assert listed(frozen, "variables") == listed(frozen, "trainable_variables") == ["w"]
    assert frozen.meta is not None
    assert "losses" not in frozen.meta.collection_def
    assert sorted(frozen.meta.signature_def) == ["other", "serving_default"]
    assert frozen.meta.saver_def.restore_op_name == "save/restore_all"


def test_kept_keys_are_those_of_the_graphs_saver(tmp_path: Path):
    whole = trained(TWO, BOTH, meta=surrounded())
    gs.freeze(whole, outputs=("z",), keep=("v", "w"))
    for node in list(whole.graph):
        if node.name.endswith("/tensor_names"):
            node.attrs["value"] = as_tensor([b"a/v", b"b/w"])
    whole.variables = {"a/v": as_tensor(BOTH["v"]), "b/w": as_tensor(BOTH["w"])}
    report = freeze(whole, outputs=("z",), keep=("v",))
    assert [row.name for row in report.constants] == ["b/w"]
    assert keys_saved(whole) == [b"a/v"]
    assert list(whole.variables) == ["a/v"]
    gs.save(whole, tmp_path / "m")
    assert gs.load_checkpoint(tmp_path / "m")["a/v"].numpy().tolist() == [5, 6]


def test_freezing_the_rest_later_is_freezing_all():
    at_once, in_steps = trained(TWO, BOTH, meta=surrounded()), trained(TWO, BOTH, meta=surrounded())
    freeze(at_once, outputs=("z",))
    freeze(in_steps, outputs=("z",), keep=("w",))
    freeze(in_steps, outputs=("z",))
    assert shown(in_steps) == shown(at_once)


def test_patterns_that_match_no_variable():
    error = check_refusal(freeze, trained(REF), NotFoundError, "no variable 'vv'", outputs=("y",), keep=("vv",))
    assert error.near == ("v",)
    check_refusal(freeze, trained(REF), NotFoundError, "no variable 'x'", outputs=("y",), only=("x",))


def test_a_meeting_of_what_stays_and_what_goes_is_named():
    text = """
        p = Placeholder {dtype: bool}
        v = VarHandleOp {dtype: f32, shape: shape[2]}
        w = VarHandleOp {dtype: f32, shape: shape[2]}
        sv = Switch(v, p) {T: resource}
        sw = Switch(w, p) {T: resource}
        m = Merge(sv, sw:1) {T: resource, N: 2}
        r = ReadVariableOp(m) {dtype: f32}
    """
    error = check_refusal(
        freeze, trained(text, BOTH), PassError, "variables that stay and constants do not go together", outputs=("r",),
        keep=("w",),
    )  # fmt: skip
    assert error.node in ("m", "r")
    both = trained(text, BOTH)
    freeze(both, outputs=("r",))
    assert shown(both)[-1] == "r = Identity(m)"


# There and back.


@pytest.mark.parametrize("text", [REF, RESOURCE, TWO])
def test_remembered_variables_come_back_as_they_were(text):
    meta = surrounded() if text is TWO else None
    before = trained(text, BOTH, meta=meta)
    model_ = trained(text, BOTH, meta=meta)
    freeze(model_, outputs=("z" if text is TWO else "y",), remember=True)
    frozen = state(model_)
    report = gs.unfreeze(model_)
    for row in report.variables:
        assert row.evidence == ["noted by freeze"]
        for node in before.graph:
            if node.name.startswith(row.node) and "IsInit" not in node.name:
                assert schema.serialize(model_.graph[node.name].proto) == schema.serialize(node.proto)
    if meta is not None:
        assert model_.meta is not None
        for collection in ("variables", "trainable_variables"):
            found = model_.meta.collection_def[collection].bytes_list.value
            assert list(found) == list(meta.collection_def[collection].bytes_list.value)
    assert {key: value.numpy().tolist() for key, value in model_.variables.items()} == {
        row.name: BOTH[row.name].tolist() for row in report.variables
    }
    freeze(model_, outputs=("z" if text is TWO else "y",), remember=True)
    assert state(model_) == frozen


@pytest.mark.parametrize("name", ["mobile_cnn", "resource_cnn", "partitioned", "cond", "lstm_loop", "dtypes"])
def test_fixtures_come_back(fixtures: Path, name: str):
    frozen = gs.load(fixtures / f"{name}.pb")
    before = state(frozen)
    outputs = tuple(node.name for node in frozen.graph if _is_end(frozen, node.name))
    gs.unfreeze(frozen)
    freeze(frozen, outputs=outputs)
    assert state(frozen) == before


def test_real_models_come_back():
    """A sample of real frozen graphs, byte for byte."""
    directory = Path(__file__).resolve().parents[3] / "shared" / "models"
    if not directory.is_dir():
        pytest.skip("real TensorFlow files (../shared/models) are not beside this checkout")
    compared = 0
    for path in sorted(directory.rglob("frozen_model.pb"))[::8]:
        model_ = gs.load(path)
        before = schema.serialize(model_.to_graph_def())
        outputs = tuple(node.name for node in model_.graph if _is_end(model_, node.name))
        try:
            gs.unfreeze(model_, variables="resource" if compared % 2 else "ref")
        except gs.GraphSurgeonError:
            continue  # no weights, or not well formed
        try:
            freeze(model_, outputs=outputs)
        except PassError as error:
            if "changes variable" not in error.reason:
                raise
            continue  # it was frozen badly, and unfreezing made a sound graph of it
        assert schema.serialize(model_.to_graph_def()) == before, path
        compared += 1
    assert compared > 30


def _is_end(of: Model, name: str) -> bool:
    return not any(text.lstrip("^").partition(":")[0] == name for node in of.graph for text in node.inputs)


# Limits.


def test_past_two_gib_it_refuses_at_once_and_says_what_to_do():
    shape = (600_000_000,)
    large = trained(REF.replace("shape[2]", f"shape[{shape[0]}]"))
    large.variables["v"] = Unreadable(FLOAT, shape)
    with pytest.raises(LimitError, match="the frozen graph, in bytes, is 2,400,000,000") as caught:
        freeze(large, outputs=("y",))
    assert "--keep v" in str(caught.value.hint)
    assert "SavedModel" in str(caught.value.hint)
    assert large.graph["v"].op == "VariableV2"


def test_just_below_nothing_is_written_past_the_limit(tmp_path: Path):
    """The graph's own nodes count too, which is told before writing."""
    size = ((1 << 31) - 100) // 4
    large = trained(REF.replace("shape[2]", f"shape[{size}]"))
    large.variables["v"] = Unreadable(FLOAT, (size,))
    freeze(large, outputs=("y",))
    with pytest.raises(LimitError):
        gs.save(large, tmp_path / "large.pb")
    assert list(tmp_path.iterdir()) == []


def test_variables_in_function_bodies_are_named():
    body = function(
        "f",
        "a",
        "r:value:0",
        "h = VarHandleOp {dtype: f32, shape: shape[2]}\nr = ReadVariableOp(h:resource:0) {dtype: f32}",
    )
    error = check_refusal(
        freeze,
        trained(REF + "z = f(y)", None, body),
        PassError,
        "a variable in the body of function 'f'",
        outputs=("z",),
    )
    assert error.node == "h"
    freeze(trained(REF + "z = f(y)", None, body), outputs=("y",))


def test_the_result_is_well_formed():
    frozen = trained(BATCH_NORM)
    freeze(frozen, outputs=("y",))
    assert verify(frozen) == []
