"""Which constants are weights: TensorFlow's own frozen graphs, compared by value with what TensorFlow froze.

Each graph is judged as freezing left it, where marks decide; with the marks taken away, where roles alone must tell;
and after Grappler, which leaves some of each.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

import graphsurgeon as gs
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.weights import WeightPlan, find_weights
from tests.tf.judge import TensorFlow
from tests.tf.stripping import scalars_apart, without_marks

KERAS = (
    "mobilenet", "mobilenet_v2", "mobilenet_v3", "efficientnet", "densenet", "resnet", "convnext", "convolutions",
    "dense", "attention", "lstm", "gru", "shared", "half", "mixed",
)  # fmt: skip
FUNCTIONAL = ("batch_norms", "convolutions", "control_flow", "detector", "masked_attention")
NETS = ("mobile", "unfused", "transposed", "loop", "branches")
NETS_V1 = ("slim_resnet", "slim_resnet_v2", "slim_inception", "slim_vgg", "layers", "keras", "rnn_cells", "unrolled")


def bits(node: Node) -> str:
    """What identifies a value: as ``running.bits`` has it."""
    array = node.tensor.numpy()
    return json.dumps([str(array.dtype), list(array.shape), hashlib.sha256(array.tobytes()).hexdigest()])


def found_in(plan: WeightPlan) -> dict[str, bool]:
    """Trainable flag by value."""
    return {bits(weight.node): weight.trainable for weight in plan.weights}


def expected_of(weights: list[dict[str, Any]]) -> dict[str, bool]:
    """The same of what TensorFlow froze."""
    return {json.dumps(weight["bits"]): weight["trainable"] for weight in weights}


def check(made: dict[str, Any]) -> None:
    """Every weight, nothing else, the right flags: by marks, and by roles."""
    plan = find_weights(gs.load(made["pb"]))
    assert plan.fingerprinted
    assert found_in(plan) == expected_of(made["weights"])
    plan = find_weights(without_marks(made["pb"], made["outputs"]))
    assert not plan.fingerprinted
    assert found_in(plan) == expected_of(scalars_apart(made["weights"]))


@pytest.mark.parametrize("model", KERAS)
def test_keras_models(tf2: TensorFlow, tmp_path: Path, model: str):
    check(tf2.call("keras_models:make", model=model, directory=str(tmp_path)))


@pytest.mark.parametrize("model", ["lstm", "gru"])
def test_keras_models_whose_loops_are_functions(tf2: TensorFlow, tmp_path: Path, model: str):
    check(tf2.call("keras_models:make", model=model, directory=str(tmp_path), lower=False))


@pytest.mark.parametrize("lower", [True, False], ids=["v1", "functions"])
@pytest.mark.parametrize("net", FUNCTIONAL)
def test_plain_tensorflow_nets(tf2: TensorFlow, tmp_path: Path, net: str, lower: bool):
    check(tf2.call("functional_nets:make", net=net, directory=str(tmp_path), lower=lower))


@pytest.mark.parametrize("resource", [False, True], ids=["ref", "resource"])
@pytest.mark.parametrize("net", NETS)
def test_nets_frozen_as_tf_1_does(tf: TensorFlow, tmp_path: Path, net: str, resource: bool):
    check_named(tf.call("making:make", net=net, directory=str(tmp_path), resource=resource))


@pytest.mark.parametrize("resource", [False, True], ids=["ref", "resource"])
@pytest.mark.parametrize("net", NETS_V1)
def test_nets_of_tf_1s_own_libraries(tf1: TensorFlow, tmp_path: Path, net: str, resource: bool):
    check_named(tf1.call("making:make", net=net, directory=str(tmp_path), resource=resource))


def check_named(made: dict[str, Any]) -> None:
    """As `check`; by name too, which this way of freezing keeps."""
    named = {name: facts["trainable"] for name, facts in made["variables"].items()}
    plan = find_weights(gs.load(made["pb"]))
    assert {weight.node.name: weight.trainable for weight in plan.weights} == named
    check({**made, "weights": list(made["variables"].values())})


@pytest.mark.parametrize("model", ["mobilenet_v3", "convolutions", "dense", "attention", "lstm", "mixed"])
def test_what_grappler_leaves_of_a_model(tf2: TensorFlow, tmp_path: Path, model: str):
    """What is left of a weight is taken, unless it was put into a loop's frame."""
    made = tf2.call("keras_models:make", model=model, directory=str(tmp_path))
    optimized = str(tmp_path / "optimized.pb")
    tf2.call("functional_nets:optimize", pb=made["pb"], outputs=made["outputs"], path=optimized)
    graph = gs.load(optimized)
    found = found_in(find_weights(graph))
    flags = expected_of(made["weights"])
    left = {value for value in constants(graph) if value in flags}
    assert {value: found.get(value) for value in left} == {value: flags[value] for value in left}
    assert find_weights(graph).weights


def constants(model: Model) -> set[str]:
    """The values of the constants that something uses and no frame encloses; loops are left with dead Enters."""
    read = {text.partition(":")[0] for node in model.graph if node.op != "Enter" for text in node.inputs}
    return {bits(node) for node in model.graph if node.op == "Const" and not node.inputs and node.name in read}
