"""Freeze: what changes variables is cut where it serves training only, and named where the outputs need it."""

from __future__ import annotations

import pytest

from graphsurgeon.checks import verify
from graphsurgeon.errors import PassError
from graphsurgeon.passes.freeze import freeze
from tests.passes.freeze.models import BOTH, REF, RESOURCE, trained
from tests.passes.harness import check_pass, check_refusal, shown

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
    assert error.node == node
    assert ('outputs="loss"' in error.hint) is (node != "z")


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


def test_the_result_is_well_formed():
    frozen = trained(BATCH_NORM)
    freeze(frozen, outputs=("y",))
    assert verify(frozen) == []


def test_a_batch_norm_in_training_mode_is_named():
    norm = """
        x = Placeholder {dtype: f32}
        v = VariableV2 {dtype: f32, shape: shape[2]}
        v/read = Identity(v)
        none = Const {f32 [0]}
        bn = FusedBatchNormV3(x, v/read, v/read, none, none) {T: f32, U: f32}
        mean = VariableV2 {dtype: f32, shape: shape[2]}
        sub = Sub(mean, bn:1) {T: f32}
        update = AssignSub(mean, sub) {T: f32}
        y = Neg(bn)
    """
    model = trained(norm)
    report = freeze(model, outputs=("y",))
    assert report.notes[0].endswith("batch: bn; moving averages that go: mean")
