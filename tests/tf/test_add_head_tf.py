"""A new head trains by `train_op` to the bit as by tf.gradients and tf.train, and is served, saved and restored."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from tests import notation
from tests.conftest import ROOT
from tests.tf.judge import SCRIPTS, TensorFlow

FIXTURES = ROOT / "fixtures"
OPTIMIZERS: dict[str, dict[str, float]] = {
    "sgd": {},
    "momentum": {"momentum": 0.8},
    "adam": {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-6},
}
LOSSES = [("softmax", "sparse"), ("softmax", "dense"), ("sigmoid", "sparse"), ("mse", "sparse")]
NODES = ("labels", "loss", "prob", "learning_rate", "train_op", "init_head")


def _by_turns(names: Iterable[str]) -> list[tuple[str, str]]:
    """Each name with an optimizer, which are taken by turns."""
    return [*zip(names, itertools.cycle(OPTIMIZERS), strict=False)]


def _put_on(body: Path, prefix: Path, **options: Any) -> tuple[dict[str, str], dict[str, Any]]:
    """Put a head on a model and save it; return the names of its nodes, and what it is."""
    model = gs.load(body)
    options = {"units": 4, "loss": "softmax", "labels": "sparse", "seed": 7, **options}
    given: dict[str, Any] = {"learning_rate": 0.05, **OPTIMIZERS[options["optimizer"]], **options}
    report = gs.add_head(model, **given)
    gs.save(model, prefix, force=True)
    ours = ("variables", "freeze_body")
    head = {
        **{key: value for key, value in options.items() if key not in ours},
        "at": report.at,
        "width": report.features,
    }
    head["resource"] = model.graph["head/kernel"].op == "VarHandleOp"
    return {name: getattr(report, name) for name in NODES}, head


def _require_equal(tf: TensorFlow, body: Path, directory: Path, *, axes: tuple[int, ...] = (1, 2), **options: Any):
    prefix = directory / "head.ckpt"
    names, head = _put_on(body, prefix, **options)
    answer = tf.call("heading:compare", prefix=prefix, body=body, names=names, head={**head, "axes": axes})
    first, last = answer.pop("losses")
    assert last != first
    assert not [name for name in answer.pop("unmoved") if name.startswith(("head", "beta"))]
    kinds = ("differing_losses", "differing_values", "init_head_differs", "first_values_differ")
    assert answer == {key: [] for key in (*kinds, "not_restored", "not_restored_by_tensorflow")}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(("loss", "labels"), LOSSES)
def test_a_head_on_constants_trains_as_tensorflows(
    loss: str, labels: str, optimizer: str, tf: TensorFlow, tmp_path: Path
):
    options: dict[str, Any] = {"at": "MobileNet/Pool", "optimizer": optimizer, "loss": loss, "labels": labels}
    _require_equal(tf, FIXTURES / "mobile_cnn.pb", tmp_path, **options)


CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "reference variables in the body": ("mobile_cnn.ckpt", {"at": "MobileNet/Pool", "freeze_body": True}),
    "resource variables": ("mobile_cnn.pb", {"at": "MobileNet/Pool", "variables": "resource"}),
    "a map for each place": ("mobile_cnn.pb", {"at": "Relu6_6", "kind": "conv"}),
    "a map for each place, dense labels": ("mobile_cnn.pb", {"at": "Relu6_6", "kind": "conv", "labels": "dense"}),
    "numbers for each place": ("mobile_cnn.pb", {"at": "Relu6_6", "kind": "conv", "loss": "mse"}),
    "classes for each place": ("mobile_cnn.pb", {"at": "Relu6_6", "kind": "conv", "loss": "sigmoid"}),
    "the mean of a map": ("mobile_cnn.pb", {"at": "Relu6_6", "pool": "mean"}),
    "a whole map": ("mobile_cnn.pb", {"at": "Relu6_6", "pool": "flatten", "units": 1, "loss": "sigmoid"}),
}


@pytest.mark.parametrize(("case", "optimizer"), _by_turns(CASES))
def test_other_heads_train_as_tensorflows(case: str, optimizer: str, tf: TensorFlow, tmp_path: Path):
    body, options = CASES[case]
    _require_equal(tf, FIXTURES / body, tmp_path, **options, optimizer=optimizer)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_head_beside_resource_variables_trains_as_tensorflows(optimizer: str, tf: TensorFlow, tmp_path: Path):
    body = gs.load(FIXTURES / "resource_cnn.pb")
    gs.unfreeze(body, variables="resource")
    gs.save(body, tmp_path / "body.ckpt")
    _require_equal(tf, tmp_path / "body.ckpt", tmp_path, at="Reshape", optimizer=optimizer)


BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "float16": ("x = Placeholder {dtype: f32, shape: shape[?,6]}\nout = Cast(x) {DstT: f16}", {}),
    "bfloat16": ("x = Placeholder {dtype: f32, shape: shape[?,6]}\nout = Cast(x) {DstT: bf16}", {}),
    "float64": ("x = Placeholder {dtype: f64, shape: shape[?,6]}\nout = Relu(x)", {}),
    "float64 of a batch": ("x = Placeholder {dtype: f64, shape: shape[5,6]}\nout = Relu(x)", {"loss": "sigmoid"}),
    "a sequence": ("x = Placeholder {dtype: f32, shape: shape[?,3,6]}\nout = Relu(x)", {"pool": "mean", "axes": (1,)}),
}
_FIRST = """
    x = Placeholder {dtype: f32, shape: shape[?,6,3,3]}
    b = Const {f32 [6]}
    out = BiasAdd(x, b) {data_format: "NCHW"}
"""
BODIES["channels first, mean"] = (_FIRST, {"pool": "mean", "axes": (2, 3)})
BODIES["channels first, each place"] = (_FIRST, {"kind": "conv", "axes": (2, 3)})


@pytest.mark.parametrize(("body", "optimizer"), _by_turns(BODIES))
def test_heads_on_other_types_and_layouts_train_as_tensorflows(
    body: str, optimizer: str, tf: TensorFlow, tmp_path: Path
):
    text, options = BODIES[body]
    gs.save(notation.model(text), tmp_path / "body.pb")
    _require_equal(tf, tmp_path / "body.pb", tmp_path, **{"at": "out", "optimizer": optimizer, **options})


@pytest.mark.parametrize("fixture", ["lstm_loop", "cond"])
def test_a_head_behind_loops_and_branches_trains_as_tensorflows(fixture: str, tf: TensorFlow, tmp_path: Path):
    at = "lstm_output" if fixture == "lstm_loop" else "output"
    _require_equal(tf, FIXTURES / f"{fixture}.pb", tmp_path, at=at, optimizer="adam")


@pytest.mark.parametrize(
    ("variables", "optimizer"), [("ref", "sgd"), ("ref", "momentum"), ("ref", "adam"), ("resource", "adam")]
)
def test_a_process_that_only_calls_the_c_api_trains_as_tensorflows_python(
    variables: str, optimizer: str, tf: TensorFlow, tmp_path: Path
):
    body = FIXTURES / "mobile_cnn.pb"
    names, head = _put_on(body, tmp_path / "head.ckpt", at="MobileNet/Pool", optimizer=optimizer, variables=variables)
    gs.convert(tmp_path / "head.ckpt", tmp_path / "head.pb", to="graph_def", drop_values=True)
    numbers = np.random.default_rng(0)
    feeds: dict[str, Any] = {}
    for step in range(30):
        feeds[f"{step}/input:0"] = numbers.normal(size=(4, 32, 32, 3)).astype(np.float32)
        feeds[f"{step}/labels:0"] = numbers.integers(0, 4, 4)
    np.savez(tmp_path / "feeds.npz", **feeds)
    prefix, trained = tmp_path / "head.ckpt", tmp_path / "trained.ckpt"
    losses = tf.run(SCRIPTS / "c_session.py", tmp_path / "head.pb", prefix, json.dumps(names), tmp_path / "feeds.npz",
                    trained, tf.call("heading:config"))  # fmt: skip
    theirs = tf.call("heading:train", body=body, head=head, feeds=tmp_path / "feeds.npz", directory=tmp_path)
    assert losses == theirs["losses"]
    assert len(losses) == 30
    values = gs.load_checkpoint(theirs["prefix"])
    for name, tensor in gs.load_checkpoint(trained).items():
        np.testing.assert_array_equal(tensor.numpy(), values[name].numpy())
    model = gs.load(prefix, checkpoint=trained)
    gs.freeze(model, outputs="prob")
    gs.save(model, tmp_path / "served.pb")
    served = tf.call("heading:is_served", prefix=prefix, checkpoint=trained, pb=tmp_path / "served.pb", prob="prob:0")
    assert served
    assert not [
        node for node in model.graph if node.op in ("VariableV2", "VarHandleOp", "Placeholder") and node.name != "input"
    ]


@pytest.mark.parametrize("freeze_body", [True, False])
@pytest.mark.parametrize("body", ["mobile_cnn.ckpt", "mobile_cnn.pb"])
def test_an_optimizer_of_tensorflow_trains_what_is_trainable(
    body: str, freeze_body: bool, tf: TensorFlow, tmp_path: Path
):
    names, _ = _put_on(
        FIXTURES / body, tmp_path / "head.ckpt", at="MobileNet/Pool", optimizer="adam", freeze_body=freeze_body
    )
    labels, loss = names["labels"] + ":0", names["loss"] + ":0"
    answer = tf.call("heading:minimize", prefix=tmp_path / "head.ckpt", loss=loss, labels=labels, units=4)
    weights = {name for name in gs.load_checkpoint(tmp_path / "head.ckpt") if name.startswith("MobileNet/")}
    trained = {name for name in weights if "moving_" not in name and not freeze_body}
    assert set(answer["changed"]) == {"head/kernel", "head/bias", *trained}
    # The old head has none, for nothing of the loss depends on it.
    assert answer["slots"] == 2 + 2 * len(answer["changed"])


def test_two_heads_of_one_model_train_by_turns(tf: TensorFlow, tmp_path: Path):
    model = gs.load(FIXTURES / "mobile_cnn.pb")
    gs.add_head(model, at="MobileNet/Pool", units=4, loss="softmax", optimizer="adam")
    gs.add_head(model, at="Relu6", pool="mean", units=4, loss="softmax", optimizer="momentum", scope="second")
    gs.save(model, tmp_path / "heads.ckpt")
    steps = ["train_op", "second/train_op"]
    changed = tf.call("heading:alternate", prefix=tmp_path / "heads.ckpt", heads=steps, units=4)
    slots = [f"head/{name}{slot}" for name in ("bias", "kernel") for slot in ("", "/Adam", "/Adam_1")]
    assert sorted(changed["train_op"]) == ["beta1_power", "beta2_power", *slots]
    assert sorted(changed["second/train_op"]) == sorted(
        f"second/{name}{slot}" for name in ("bias", "kernel") for slot in ("", "/Momentum")
    )


@pytest.mark.parametrize("variables", ["ref", "resource"])
def test_a_saved_model_trains_by_its_signature(variables: Any, tf: TensorFlow, tmp_path: Path):
    model = gs.load(FIXTURES / "mobile_cnn.pb")
    gs.unfreeze(model, variables=variables)
    gs.save(model, tmp_path / "served", to="saved_model")
    model = gs.load(tmp_path / "served")
    gs.add_head(model, at="MobileNet/Pool", units=4, loss="sigmoid", optimizer="momentum")
    assert model.graph["head/kernel"].op == ("VariableV2" if variables == "ref" else "VarHandleOp")
    gs.save(model, tmp_path / "trained", to="saved_model")
    answer = tf.call("heading:serve", directory=str(tmp_path / "trained"), units=4)
    assert answer["inputs"] == ["input", "labels"]
    assert answer["shape"] == [5, 4]
    assert answer["losses"] == sorted(answer["losses"], reverse=True)
