"""add-head: variables, loss and optimizer of a new head, as plain nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.checks import check
from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.add_head import add_head
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema
from tests import notation
from tests.passes.harness import check_refusal, definitions, keys_saved, listed, model, state, variable_def

BODY = """
    x = Placeholder {dtype: f32, shape: shape[?,3]}
    w = Const {f32 [3,2]}
    features = MatMul(x, w)
"""
VARIABLES = """
    x = Placeholder {dtype: f32, shape: shape[?,3]}
    w = VariableV2 {dtype: f32, shape: shape[3,2]}
    w/zeros = Const {f32 [3,2]}
    w/Assign = Assign(w, w/zeros)
    w/read = Identity(w)
    features = MatMul(x, w/read)
"""
MAP = """
    x = Placeholder {dtype: f32, shape: shape[?,4,4,3]}
    features = Relu(x)
"""
HEAD: dict[str, Any] = {"at": "features", "units": 2, "loss": "softmax", "optimizer": "sgd"}
NODES = ("labels", "loss", "prob", "learning_rate", "train_op", "init_head")


def _with_variables(*, values: bool = True) -> Model:
    meta = schema.MetaGraphDef()
    for key in ("variables", "trainable_variables"):
        meta.collection_def[key].bytes_list.value.append(variable_def("w"))
    of = model(VARIABLES, meta=meta)
    if values:
        of.variables = {"w": as_tensor(np.ones((3, 2), np.float32))}
    return of


def _added(of: Model, **options: Any) -> Any:
    """Put a head on a model, which stays well formed."""
    report = add_head(of, **{**HEAD, **options})
    check(of)
    return report


def test_a_head_on_a_frozen_graph():
    of, again = model(BODY), model(BODY)
    report = _added(of)
    assert [getattr(report, name) for name in NODES] == list(NODES)
    assert (report.at, report.features, report.labels_dtype, report.num_trainable) == ("features:0", 2, "int64", 2)
    assert [row.variable for row in report.variables] == ["head/kernel", "head/bias"]
    assert of.graph["head/MatMul"].inputs == ("features", "head/kernel/read")
    assert of.graph["train_op"].inputs == ("^head/train/update_bias", "^head/train/update_kernel")
    assert of.graph["init_head"].inputs == ("^head/bias/Assign", "^head/kernel/Assign")
    assert keys_saved(of) == [b"head/bias", b"head/kernel"]
    assert listed(of, "trainable_variables") == listed(of, "variables") == ["head/kernel", "head/bias"]
    assert of.meta is not None
    assert of.meta.collection_def["losses"].node_list.value == ["loss:0"]
    assert of.meta.collection_def["train_op"].node_list.value == ["train_op"]
    assert report.notes[0] == "the body has no variables: only the head is trained; `gs.unfreeze` first makes some"
    assert _added(again).to_json() == report.to_json()
    assert state(again)[:2] == state(of)[:2]


def test_first_values_are_glorot_uniform_ones_of_the_seed():
    of, other, more = model(BODY), model(BODY), model(BODY)
    for each, seed in ((of, 7), (other, 7), (more, 8)):
        _added(each, seed=seed, units=50)
    kernel = of.variables["head/kernel"].numpy()
    limit = np.sqrt(6 / 52)
    assert kernel.shape == (2, 50)
    assert np.abs(kernel).max() <= limit
    assert kernel.min() < -limit / 2 < limit / 2 < kernel.max()
    np.testing.assert_array_equal(kernel, other.variables["head/kernel"].numpy())
    assert (kernel != more.variables["head/kernel"].numpy()).all()
    assert not of.variables["head/bias"].numpy().any()


def test_slots_of_adam_have_tensorflows_names_and_values():
    of = model(BODY)
    report = _added(of, optimizer="adam", beta1=0.8)
    slots = {f"head/{each}/{slot}" for each in ("kernel", "bias") for slot in ("Adam", "Adam_1")}
    assert of.variables.keys() == {"head/kernel", "head/bias", "beta1_power", "beta2_power", *slots}
    assert of.variables["beta1_power"].numpy() == np.float32(0.8)
    assert not any(of.variables[name].numpy().any() for name in slots)
    assert [row.trainable for row in report.variables] == [True, True, *[False] * 6]
    assert of.graph["beta1_power"].attrs["_class"] == [b"loc:@head/bias"]
    assert of.graph["head/kernel/Adam"].attrs["_class"] == [b"loc:@head/kernel"]
    assert of.graph["head/train/beta1_power/Assign"].inputs[0] == "beta1_power"
    assert len(of.graph["train_op"].control_inputs) == 4


def test_momentum_and_resource_variables():
    of = model(BODY)
    _added(of, optimizer="momentum", momentum=0.5, variables="resource")
    update = of.graph["head/train/update_kernel"]
    assert (update.op, update.inputs[:2]) == ("ResourceApplyMomentum", ("head/kernel", "head/kernel/Momentum"))
    assert of.graph["head/train/momentum"].tensor.numpy() == np.float32(0.5)
    assert all(each.is_resource for each in definitions(of, "variables"))


@pytest.mark.parametrize(("freeze_body", "trained"), [(True, []), (False, ["w"])])
def test_the_body_is_trained_or_not(freeze_body: bool, trained: list[str]):
    of = _with_variables()
    report = _added(of, freeze_body=freeze_body)
    assert listed(of, "trainable_variables") == [*trained, "head/kernel", "head/bias"]
    assert listed(of, "variables") == ["w", "head/kernel", "head/bias"]
    assert keys_saved(of) == [b"head/bias", b"head/kernel", b"w"]
    wanted = (
        "not trained any more: w" if freeze_body else "gradients of the body, of 1 variable, are left to TensorFlow"
    )
    assert wanted in report.notes[0]
    assert report.num_trainable == 2 + len(trained)


def test_the_kind_of_variables_is_that_of_the_body():
    of = model("""
        x = Placeholder {dtype: f32, shape: shape[?,3]}
        w = VarHandleOp {dtype: f32, shape: shape[3,2], shared_name: "w"}
        w/read = ReadVariableOp(w) {dtype: f32}
        features = MatMul(x, w/read)
    """)
    of.variables = {"w": as_tensor(np.ones((3, 2), np.float32))}
    _added(of)
    assert of.graph["head/kernel"].op == "VarHandleOp"


@pytest.mark.parametrize(
    ("options", "dtype", "labels"),
    [
        ({"loss": "softmax"}, "int64", (None,)),
        ({"loss": "softmax", "labels": "dense"}, "float32", (None, 2)),
        ({"loss": "sigmoid"}, "float32", (None, 2)),
        ({"loss": "mse"}, "float32", (None, 2)),
        ({"loss": "mean_squared_error"}, "float32", (None, 2)),
    ],
)
def test_labels(options: dict[str, Any], dtype: str, labels: tuple[int | None, ...]):
    of = model(BODY)
    report = _added(of, **options)
    assert report.labels_dtype == dtype
    assert of.graph["labels"].attrs["shape"].dims == labels


def test_names_that_are_taken_stand_below_the_scope():
    of = model(f"{BODY}\nprob = Softmax(features)\nbeta1_power = Const {{f32 []}}")
    report = _added(of, optimizer="adam")
    assert (report.prob, report.loss) == ("head/prob", "loss")
    assert "head/beta1_power" in of.variables
    assert "'prob', 'beta1_power' are taken: the new node is 'head/prob' and so on" in report.notes
    second = _added(of, scope="second", optimizer="adam")
    assert [getattr(second, name) for name in NODES] == [f"second/{name}" for name in NODES]
    assert second.num_trainable == 4


@pytest.mark.parametrize(
    ("options", "op", "shape"),
    [
        ({"pool": "mean"}, "Mean", (3, 2)),
        ({"pool": "flatten"}, "Reshape", (48, 2)),
        ({"kind": "conv"}, "Relu", (1, 1, 3, 2)),
    ],
)
def test_maps(options: dict[str, Any], op: str, shape: tuple[int, ...]):
    of = model(MAP)
    _added(of, **options)
    layer = of.graph["head/Conv2D" if "kind" in options else "head/MatMul"]
    assert of.graph[layer.inputs[0]].op == op
    assert of.variables["head/kernel"].shape == shape


def test_a_saved_model_gets_a_signature_to_train_by():
    meta = schema.MetaGraphDef()
    meta.signature_def["serving_default"].inputs["rows"].name = "x:0"
    meta.signature_def["serving_default"].outputs["out"].name = "features:0"
    of = model(BODY, meta=meta)
    report = _added(of)
    assert of.meta is not None
    assert sorted(of.meta.signature_def["train"].inputs) == ["labels", "rows"]
    assert sorted(of.meta.signature_def["train"].outputs) == ["loss", "prob"]
    assert sorted(of.meta.signature_def["serving_default"].outputs) == ["out"]
    assert "signature 'train' stays as it is, and says nothing of 'second/loss'" in _added(of, scope="second").notes
    assert report.notes[-1] == "signature 'train' takes labels, rows, and gives loss, prob"


@pytest.mark.parametrize(
    ("text", "options", "match"),
    [
        (BODY, {"at": "x", "scope": "w"}, "scope 'w' is taken"),
        (BODY, {"scope": "/"}, "needs a scope"),
        (BODY, {"units": 0}, "gives nothing"),
        (BODY, {"units": 1}, "softmax over one unit is always 1"),
        (BODY, {"seed": -1}, "-1 is not a seed: TensorFlow's go from 0"),
        (BODY, {"momentum": 0.5}, "sgd has no momentum; momentum has"),
        (BODY, {"optimizer": "adam", "beta1": 1.0}, "has to be at least 0, and below 1"),
        (BODY, {"learning_rate": float("nan")}, "has to be at least 0, and a float32"),
        (BODY, {"learning_rate": 1e39}, "has to be at least 0, and a float32"),
        (BODY, {"kind": "conv"}, "is no map"),
        (BODY, {"pool": "mean"}, "is no map of features"),
        (MAP, {}, "is a map, .*a dense head reads rows"),
        (MAP.replace("?,4,4,3", "?,?,4,3"), {"pool": "flatten"}, "does not tell how many features"),
        (MAP.replace("4,3", "4,?"), {"kind": "conv"}, "does not tell how many features"),
        ("features = Placeholder {dtype: f32}", {}, "has no known rank"),
        ("features = Placeholder {dtype: i32, shape: shape[?,3]}", {}, "is int32, which a head cannot read"),
    ],
)
def test_refusals(text: str, options: dict[str, Any], match: str):
    check_refusal(add_head, model(text), PassError, match, **{**HEAD, **options})


def test_what_updates_moving_averages_is_not_part_of_a_step():
    of = _with_variables()
    assert of.meta is not None
    of.meta.collection_def["update_ops"].node_list.value.append("features")
    assert "train_op updates no moving averages: run what collection 'update_ops' lists beside it" in _added(of).notes


def test_an_object_graph_goes_whose_functions_know_no_head():
    of = _with_variables()
    assert of.meta is not None
    of.meta.object_graph_def.concrete_functions["f"].SetInParent()
    report = _added(of)
    assert report.notes[0].startswith("the object graph is gone, whose functions know no head")
    assert of.meta is not None
    assert not of.meta.HasField("object_graph_def")


def test_local_variables_need_no_values():
    of = model(BODY.replace("features", "total = VariableV2 {dtype: f32, shape: shape[]}\nfeatures"))
    of.meta = schema.MetaGraphDef()
    of.meta.collection_def["local_variables"].bytes_list.value.append(variable_def("total"))
    assert _added(of).variables[0].variable == "head/kernel"


def test_a_tensor_in_a_branch_is_refused():
    of = model("""
        x = Placeholder {dtype: f32, shape: shape[?,3]}
        on = Placeholder {dtype: bool, shape: shape[]}
        switch = Switch(x, on)
        features = Relu(switch:1)
    """)
    check_refusal(add_head, of, PassError, "has a value only when 'on:0' is true", **HEAD)


def test_a_tensor_in_a_function_body_is_refused():
    body = notation.function("f", "a", "r:activations:0", "r = Relu(a) {T: f32}")
    of = model("x = Placeholder {dtype: f32}\ny = PartitionedCall(x) {f: fn:f, Tin: [f32], Tout: [f32]}", body)
    check_refusal(add_head, of, PassError, "is in a function body", **{**HEAD, "at": "f/r:activations:0"})


def test_a_model_without_its_values_is_refused():
    check_refusal(add_head, _with_variables(values=False), PassError, "variables have no values: w", **HEAD)


def test_a_wrong_name_gets_near_ones():
    check_refusal(add_head, model(BODY), NotFoundError, "did you mean 'features'", **{**HEAD, "at": "feature"})
