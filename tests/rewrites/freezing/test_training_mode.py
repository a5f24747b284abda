"""Batch norms that stay in training mode, and the moving averages that go."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.freezing.training_mode import training_mode_notes
from tests import notation

VARIABLE = "x = Placeholder {dtype: f32}; v = VariableV2 {dtype: f32, shape: shape[2]}; "
FUSED = "bn = FusedBatchNormV3(x, x, x, x, x) {T: f32, U: f32}; "
MOMENTS = """
    axes = Const {i32 [1]}
    m = Mean(x, axes) {T: f32, Tidx: i32}
    stop = StopGradient(m)
    d = SquaredDifference(x, stop)
    bn = Sub(x, m)
    s = Squeeze(m)
    sub = Sub(v, s) {T: f32}
    u = AssignSub(v, sub) {T: f32}
"""
UPDATE = "sub = Sub(v, bn:1) {T: f32}; u = AssignSub(v, sub) {T: f32}; "
STAYS = "batch normalization stays in training mode, and takes the statistics of each batch: "


def notes(text: str, root: str = "y") -> list[str]:
    return training_mode_notes(Index(notation.graph(VARIABLE + text)), [root], ["v"])


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (FUSED + UPDATE + "y = Neg(bn)", f"{STAYS}bn; moving averages that go: v"),
        (FUSED + "y = Neg(bn)", f"{STAYS}bn"),
        (MOMENTS + "y = Neg(bn)", f"{STAYS}m; moving averages that go: v"),
        (FUSED + UPDATE + "n = NoOp(^u); y = Neg(bn, ^n)", f"{STAYS}bn; moving averages that go: v"),
    ],
)
def test_what_is_named(text, note):
    assert notes(text) == [note]


@pytest.mark.parametrize(
    "text",
    [
        FUSED + UPDATE + "y = Neg(x)",
        FUSED.replace("U: f32", "U: f32, is_training: false") + "y = Neg(bn)",
        "p = Placeholder {dtype: bool}; xs = Switch(x, p); " + FUSED.replace("(x,", "(xs:1,") + "y = Neg(bn)",
        "axes = Const {i32 [1]}; bn = Mean(x, axes) {T: f32, Tidx: i32}; " + UPDATE + "y = Neg(bn)",
        "y = Neg(x)",
    ],
)
def test_where_nothing_is_to_be_said(text):
    assert notes(text) == []
