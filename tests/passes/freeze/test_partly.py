"""Freeze: some variables become constants, the others go on working."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.passes.freeze import freeze
from graphsurgeon.tensors.values import as_tensor
from tests.passes.freeze.models import BOTH, REF, TWO, surrounded, trained
from tests.passes.harness import check_refusal, keys_saved, listed, shown
from tests.saved_tables import table_model


@pytest.mark.parametrize("options", [{"keep": ("w",)}, {"only": ("v",)}, {"only": ("[v]",)}])
def test_variables_that_stay_work(options):
    frozen = trained(TWO, BOTH, meta=surrounded())
    report = freeze(frozen, outputs=("z",), **options)
    assert [row.node for row in report.constants] == ["v"]
    assert report.variables == ["w"]
    assert shown(frozen) == [
        "x = Placeholder",
        "v = Const",
        "v/read = Identity(v) {_class: loc:@v}",
        "w = VarHandleOp",
        "w/zeros = Const",
        "w/Assign = AssignVariableOp(w, w/zeros)",
        "w/Read/ReadVariableOp = ReadVariableOp(w)",
        "y = Mul(x, v/read)",
        "z = Add(y, w/Read/ReadVariableOp)",
    ]
    assert list(frozen.variables) == ["w"]
    assert keys_saved(frozen) == [b"w"]
    assert listed(frozen, "variables") == listed(frozen, "trainable_variables") == ["w"]
    assert frozen.meta is not None
    assert "losses" not in frozen.meta.collection_def
    assert sorted(frozen.meta.signature_def) == ["other", "serving_default"]
    assert frozen.meta.saver_def.restore_op_name == "save/restore_all"


def test_kept_keys_are_those_of_the_graphs_saver(tmp_path: Path):
    whole = trained(TWO, BOTH, meta=surrounded())
    gs.freeze(whole, outputs=("z",), keep=("v", "w"))
    for node in list(whole.graph):
        if node.name.endswith("/tensor_names"):
            node.attrs["value"] = as_tensor([b"a/v", b"b/w"])
    whole.variables = {"a/v": as_tensor(BOTH["v"]), "b/w": as_tensor(BOTH["w"])}
    report = freeze(whole, outputs=("z",), keep=("v",))
    assert [row.name for row in report.constants] == ["b/w"]
    assert keys_saved(whole) == [b"a/v"]
    assert list(whole.variables) == ["a/v"]
    gs.save(whole, tmp_path / "m")
    assert gs.load_checkpoint(tmp_path / "m")["a/v"].numpy().tolist() == [5, 6]


def test_freezing_the_rest_later_is_freezing_all():
    at_once, in_steps = trained(TWO, BOTH, meta=surrounded()), trained(TWO, BOTH, meta=surrounded())
    freeze(at_once, outputs=("z",))
    freeze(in_steps, outputs=("z",), keep=("w",))
    freeze(in_steps, outputs=("z",))
    assert shown(in_steps) == shown(at_once)


def test_patterns_that_match_no_variable():
    error = check_refusal(freeze, trained(REF), NotFoundError, "no variable 'vv'", outputs=("y",), keep=("vv",))
    assert error.near == ("v",)
    check_refusal(freeze, trained(REF), NotFoundError, "no variable 'x'", outputs=("y",), only=("x",))


def test_a_meeting_of_what_stays_and_what_goes_is_named():
    text = """
        p = Placeholder {dtype: bool}
        v = VarHandleOp {dtype: f32, shape: shape[2]}
        w = VarHandleOp {dtype: f32, shape: shape[2]}
        sv = Switch(v, p) {T: resource}
        sw = Switch(w, p) {T: resource}
        m = Merge(sv, sw:1) {T: resource, N: 2}
        r = ReadVariableOp(m) {dtype: f32}
    """
    error = check_refusal(
        freeze, trained(text, BOTH), PassError, "variables that stay and constants do not go together", outputs=("r",),
        keep=("w",),
    )  # fmt: skip
    assert error.node in ("m", "r")
    both = trained(text, BOTH)
    freeze(both, outputs=("r",))
    assert shown(both)[-1] == "r = Identity(m)"


def test_state_beside_variables_that_stay_must_have_values():
    lacking = table_model()
    del lacking.variables["counts-values"]
    what = "no value in the checkpoint for state 'counts-values'"
    check_refusal(freeze, lacking, NotFoundError, what, outputs=("y",), keep=("w",))
