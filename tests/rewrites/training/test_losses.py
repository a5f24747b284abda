"""Losses and their gradients in closed form: their nodes; tests/tf compares what they give with tf.gradients."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.rewrites.training.losses import Labels, Loss, MadeLoss, make_loss
from graphsurgeon.rewrites.training.new_nodes import NewNodes
from graphsurgeon.tensors import dtypes
from tests.notation import graph


def _made(loss: Loss, kind: Labels, dims: list[int | None]) -> MadeLoss:
    of = graph("logits = Placeholder {dtype: f32}")
    return make_loss(NewNodes(of, "head", (), "test"), of["logits"], dims, dtypes.FLOAT, loss, kind)


@pytest.mark.parametrize(
    ("loss", "prob"),
    [("softmax", "Softmax"), ("sigmoid", "Sigmoid"), ("mse", "Identity"), ("mean_squared_error", "Identity")],
)
def test_what_a_head_serves(loss: Loss, prob: str):
    made = _made(loss, "dense", [None, 3])
    assert (made.prob.op, made.loss.op, made.labels.name) == (prob, "Mean", "labels")


@pytest.mark.parametrize("kind", ["sparse", "dense"])
def test_softmax_of_a_map_goes_by_rows(kind: Labels):
    made = _made("softmax", kind, [None, 4, 4, 3])
    assert made.gradient.op == "Reshape"
    assert made.labels.attrs["shape"].dims == ((None, 4, 4) if kind == "sparse" else (None, 4, 4, 3))


def test_the_terms_of_the_logistic_gradient_are_those_of_tensorflow_in_their_order():
    made = _made("sigmoid", "dense", [None, 3])
    assert made.gradient.op == "AddN"
    parts = ["Select", "mul/Mul", "Select_1", "Neg"]
    assert made.gradient.inputs == tuple(f"head/gradients/{part}" for part in parts)


def test_the_logistic_gradient_is_that_of_the_sigmoid():
    # By hand, in the order of the nodes.
    x, z = np.array([-2.0, -0.5, 0.0, 3.0]), np.array([0.0, 1.0, 0.5, 1.0])
    share = 1 / x.size
    curve = share / (1 + np.exp(-np.abs(x))) * np.exp(-np.abs(x))
    total = np.where(x >= 0, share, 0) - share * z + np.where(x >= 0, 0, curve) - np.where(x >= 0, curve, 0)
    np.testing.assert_allclose(total, (1 / (1 + np.exp(-x)) - z) * share, atol=1e-12)
