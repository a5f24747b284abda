"""Updates of moving averages, node for node in each form."""

from __future__ import annotations

import pytest

from graphsurgeon.rewrites.training.inference_norms import Statistic
from graphsurgeon.rewrites.training.moving_averages import Form, MovingAverages
from tests import notation

REF = """
    batch = Placeholder {dtype: f32, shape: shape[3]}
    m = VariableV2 {dtype: f32, shape: shape[3]}
    m/read = Identity(m)
"""
RESOURCE = """
    batch = Placeholder {dtype: f32, shape: shape[3]}
    t = Placeholder {dtype: bool, shape: shape[]}
    m = VarHandleOp {dtype: f32, shape: shape[3]}
    m/read = ReadVariableOp(m) {dtype: f32}
"""


def added(text: str, form: Form, training: str = "") -> list[str]:
    graph = notation.model(text).graph
    count = len(graph)
    averages = MovingAverages(graph)
    update = averages.add(Statistic("m", "m/read", "m/read", "", 0), "batch", "bn", 0.75, form, training)
    assert averages.updates == [update]
    return [line.replace(" {_class: loc:@m}", "") for line in notation.show(graph).splitlines()[count:]]


@pytest.mark.parametrize(
    ("text", "form", "training", "wanted"),
    [
        (REF, "fused", "", """
            bn/AssignMovingAvg/sub/x = Const
            bn/AssignMovingAvg/momentum = Const
            bn/AssignMovingAvg/sub = Sub(bn/AssignMovingAvg/sub/x, bn/AssignMovingAvg/momentum)
            bn/AssignMovingAvg/sub_1 = Sub(m/read, batch)
            bn/AssignMovingAvg/mul = Mul(bn/AssignMovingAvg/sub_1, bn/AssignMovingAvg/sub)
            bn/AssignMovingAvg = AssignSub(m, bn/AssignMovingAvg/mul)
        """),
        (RESOURCE, "decay", "", """
            bn/AssignMovingAvg/ReadVariableOp = ReadVariableOp(m)
            bn/AssignMovingAvg/decay = Const
            bn/AssignMovingAvg/sub = Sub(bn/AssignMovingAvg/ReadVariableOp, batch)
            bn/AssignMovingAvg/mul = Mul(bn/AssignMovingAvg/sub, bn/AssignMovingAvg/decay)
            bn/AssignMovingAvg/AssignSubVariableOp = AssignSubVariableOp(m, bn/AssignMovingAvg/mul)
        """),
        (RESOURCE, "keras_3", "t", """
            bn/AssignMovingAvg/ReadVariableOp = ReadVariableOp(m)
            bn/AssignMovingAvg/momentum = Const
            bn/AssignMovingAvg/mul = Mul(bn/AssignMovingAvg/ReadVariableOp, bn/AssignMovingAvg/momentum)
            bn/AssignMovingAvg/decay = Const
            bn/AssignMovingAvg/mul_1 = Mul(batch, bn/AssignMovingAvg/decay)
            bn/AssignMovingAvg/add = AddV2(bn/AssignMovingAvg/mul, bn/AssignMovingAvg/mul_1)
            bn/AssignMovingAvg/Select = Select(t, bn/AssignMovingAvg/add, bn/AssignMovingAvg/ReadVariableOp)
            bn/AssignMovingAvg/AssignVariableOp = AssignVariableOp(m, bn/AssignMovingAvg/Select)
        """),
    ],
)  # fmt: skip
def test_the_forms(text: str, form: Form, training: str, wanted: str):
    assert added(text, form, training) == [line.strip() for line in wanted.strip().splitlines()]


def test_a_batch_of_another_type_is_cast():
    text = REF.replace("batch = Placeholder {dtype: f32", "batch = Placeholder {dtype: f16")
    assert "bn/AssignMovingAvg/Cast = Cast(batch)" in added(text, "decay")
