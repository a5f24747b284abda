"""What to freeze instead of training ops."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.freezing.output_hint import OutputHint
from tests import notation

NET = """
    x = Placeholder {dtype: f32}
    v = VariableV2 {dtype: f32, shape: shape[]}
    v/read = Identity(v)
    logits = Mul(x, v/read)
    prob = Softmax(logits)
    loss = Neg(prob)
    gradients/Neg = Neg(loss)
    train/update = ApplyGradientDescent(v, v/read, gradients/Neg)
    train = NoOp(^train/update)
    moved = Identity(train/update)
"""
KEEP = "`keep` leaves variables as they are"


@pytest.mark.parametrize(
    ("asked", "outputs"),
    [
        ("prob train", "prob"),
        ("logits loss train", "logits,loss"),
        ("train", "prob,loss"),
        ("x v v/read logits prob loss gradients/Neg train", "prob,loss"),
    ],
)
def test_the_outputs_that_need_no_training_op(asked, outputs):
    graph = notation.graph(NET)
    hint = OutputHint(Index(graph), asked.split())(graph["train/update"])
    assert hint == f'training ops cannot be frozen; name the results alone: `outputs="{outputs}"`'


def test_without_any_variables_can_stay():
    graph = notation.graph(NET)
    assert OutputHint(Index(graph), ["logits"])(graph["v/read"]) == KEEP
    graph = notation.graph("v = VariableV2 {dtype: f32, shape: shape[]}; x = Const {f32 []}; y = AssignAdd(v, x)")
    assert OutputHint(Index(graph), ["y"])(graph["y"]) == KEEP


def test_results_that_could_be_computed():
    computed = '`updates="compute"` freezes what the first run gives; '
    graph = notation.graph(NET + "u = AssignAdd(v, x); y = Neg(u)")
    hint = OutputHint(Index(graph), ["y"], can_compute=True)(graph["u"])
    assert hint == f'{computed}or name results that need no update: `outputs="prob,loss"`'
    graph = notation.graph("x = Placeholder {dtype: f32}; v = VariableV2 {dtype: f32, shape: shape[]}; u = Assign(v,x)")
    assert OutputHint(Index(graph), ["u"], can_compute=True)(graph["u"]) == computed + KEEP
    assert OutputHint(Index(graph), ["u"])(graph["u"]) == KEEP
