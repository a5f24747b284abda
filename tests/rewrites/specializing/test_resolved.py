"""The edits of a graph whose branches are known."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.rewrites.specializing.resolved import Resolution
from tests.notation import show
from tests.rewrites.specializing.test_branches import COND
from tests.rewrites.specializing.test_specialization import specialized


def resolved(text: str, *kept: str) -> str:
    made, _ = specialized(text)
    resolution = Resolution(made, GraphEdit(made.graph), {"p", *kept}, "test")
    resolution.apply(lambda key: key[0], {})
    return show(made.graph)


def test_switches_go_and_merges_are_identities():
    assert resolved(COND).splitlines()[2:] == ["b = Tanh(x)", "c = Const", "d = Add(b, c)", "m = Identity(d)"]


def test_what_is_kept_stays_unless_it_is_dead():
    assert "switch_t = Identity(p)" in resolved(COND, "switch_t", "a")
    assert "a = " not in resolved(COND, "switch_t", "a")


def test_a_switch_that_waits_still_does():
    text = COND.replace("s = Switch(x, p)", "w = NoOp; s = Switch(x, p, ^w)")
    assert "s = Identity(x, ^w)\nb = Tanh(s)" in resolved(text)


def test_which_input_of_a_merge_came_is_a_constant():
    assert resolved(COND + "i = Identity(m:1)").splitlines()[-3:] == [
        "m = Identity(d)", "m/value_index = Const(^m)", "i = Identity(m/value_index)",
    ]  # fmt: skip


def test_a_merge_that_several_inputs_are_left_of_is_narrowed():
    text = COND.replace("m = Merge(a, d)", "m = Merge(a, d, x)")
    assert "m = Merge(d, x)" in resolved(text)
    with pytest.raises(PassError, match="asks which of its inputs came, and 2 are left"):
        resolved(text + "i = Identity(m:1)")


def test_variables_stay_whoever_read_them():
    text = COND.replace("a = Relu(s)", "v = VariableV2 {dtype: f32, shape: shape[]}; a = Add(s, v)")
    assert "v = VariableV2" in resolved(text)


def test_pivots_of_a_condition_that_is_left_stay():
    text = COND.replace(
        "pivot = Switch(p, p)", "q = Placeholder {dtype: bool}; o = Switch(p, q); pivot = Switch(o:1, p)"
    )
    found = resolved(text)
    assert "switch_t = Identity(o:1)" in found
    assert "c = Const(^switch_t)" in found


def test_an_index_is_of_its_type():
    made, _ = specialized(COND + "i = Identity(m:1)")
    Resolution(made, GraphEdit(made.graph), (), "test").apply(lambda key: key[0], {})
    value = made.graph["m/value_index"].tensor.numpy()
    assert (value.dtype, value.item()) == (np.dtype(np.int32), 1)
