"""Optimizers as nodes, with slots under TensorFlow's names."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.rewrites.training.new_nodes import NewNodes
from graphsurgeon.rewrites.training.new_variables import NewVariables
from graphsurgeon.rewrites.training.optimizers import Optimizer, OptimizerNodes, Trained
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables.layout import VariableKind
from tests.passes.harness import model

NUMBERS = {"learning_rate": 0.1, "momentum": 0.9, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}


@pytest.mark.parametrize("kind", ["ref", "resource"])
@pytest.mark.parametrize(
    ("optimizer", "op", "slots"),
    [
        ("sgd", "ApplyGradientDescent", []),
        ("momentum", "ApplyMomentum", ["head/w/Momentum"]),
        ("adam", "ApplyAdam", ["beta1_power", "beta2_power", "head/w/Adam", "head/w/Adam_1"]),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_slots_and_updates(kind: VariableKind, optimizer: Optimizer, op: str, slots: list[str], dtype: type):
    of = model(f"d = Placeholder {{dtype: {'f32' if dtype is np.float32 else 'f64'}}}")
    new = NewVariables(of, "test")
    value = as_tensor(np.ones(2, dtype))
    made = new.make("head/w", value, kind)
    of.graph.extend(made.nodes)
    nodes = OptimizerNodes(NewNodes(of.graph, "head", new.taken, "test"), new, kind, NUMBERS)
    rate, step = nodes.train(optimizer, [Trained("head/w", value, made, of.graph["d"])])
    new.finish()
    assert [name for name in new.values if name != "head/w"] == slots
    update = of.graph["head/train/update_w"]
    assert update.op == f"{'Resource' if kind == 'resource' else ''}{op}"
    assert f"^{update.name}" in step.inputs
    assert rate.name == "learning_rate"
    # Hyperparameters are float32, as in tf.train, whatever is trained.
    is_cast = any(name.endswith("learning_rate/Cast") for name in update.inputs)
    assert is_cast == (dtype is np.float64)
    assert all(new.values[name].dtype.name == "float32" for name in slots if name.startswith("beta"))
