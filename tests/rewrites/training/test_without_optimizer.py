"""A training graph without its optimizer; TensorFlow restores what is left in tests/tf/test_optimizers_tf.py."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.training.without_optimizer import without_optimizer
from graphsurgeon.tensors.values import as_tensor
from tests import notation

TEXT = """
    x = Placeholder {dtype: f32}
    w = VariableV2 {dtype: f32, shape: shape[2]}
    w/read = Identity(w)
    loss = Mul(x, w/read)
    m = VariableV2 {dtype: f32, shape: shape[2]}
    m/read = Identity(m)
    m/Initializer/zeros = Const {f32 [2]}
    m/Assign = Assign(m, m/Initializer/zeros)
    Momentum/rate = Const {f32 []}
    Momentum/momentum = Const {f32 []}
    Momentum/update_w/double = Mul(loss, loss)
    Momentum/update_w/ApplyMomentum = ApplyMomentum(w, m, Momentum/rate, Momentum/update_w/double, Momentum/momentum)
    Momentum/update = NoOp(^Momentum/update_w/ApplyMomentum)
    one = Const(^Momentum/update) {f32 [2] 1}
    Momentum = AssignAdd(w, one)
    after = Identity(loss, ^Momentum)
    init = NoOp(^m/Assign)
"""


def of(text: str = TEXT) -> Model:
    model = notation.model(text)
    model.variables = {name: as_tensor([1.0, 2.0]) for name in ("w", "m")}
    return model


def test_what_uses_the_slots_goes_and_results_stay():
    model = of()
    report = without_optimizer(model, {"m"}, "mine")
    assert report is not None
    left = [node.name for node in model.graph]
    assert left == ["x", "w", "w/read", "loss", "after"]
    assert model.graph["after"].inputs == ("loss",)
    assert report.variables == ["m"]
    assert list(model.variables) == ["w"]


def test_a_result_that_depends_on_a_slot_keeps_all():
    model = of(TEXT + "    seen = Neg(m/read)\n")
    before = [node.name for node in model.graph]
    with pytest.raises(PassError, match="node 'seen': is computed from what an optimizer keeps"):
        without_optimizer(model, {"m"}, "mine")
    assert [node.name for node in model.graph] == before
    assert model.graph["after"].inputs == ("loss", "^Momentum")


MORE = {
    "copies of a slot": "cpu = Identity(m/read)",
    "a report of what has no value yet": "ask = IsVariableInitialized(m); pack = Pack(ask); not = LogicalNot(pack)",
    "what is unread in the optimizer's scope": "Momentum/unread = Neg(n)",
}


@pytest.mark.parametrize("name", MORE)
def test_what_reads_a_slot_and_is_no_result(name):
    number = "    Momentum/decay = VariableV2 {dtype: f32, shape: shape[]}\n    n = Identity(Momentum/decay)\n"
    model = of(TEXT + number + "".join(f"    {line}\n" for line in MORE[name].split("; ")))
    without_optimizer(model, {"m", "Momentum/decay"}, "mine")
    assert [node.name for node in model.graph] == ["x", "w", "w/read", "loss", "after"]


def test_a_graph_without_such_variables():
    assert without_optimizer(of(), {"nothing"}, "mine") is None
