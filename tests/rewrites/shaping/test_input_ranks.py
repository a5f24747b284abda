"""Inputs that are scalars or vectors."""

from __future__ import annotations

import pytest

from graphsurgeon.rewrites.shaping.input_ranks import INPUT_RANKS
from tests.rewrites.shaping.test_shape_inference import inferred

HEAD = """
    x = Placeholder {dtype: f32, shape: shape[2, 3]}; p = Placeholder {dtype: bool, shape: shape[2]}
    b = Placeholder {dtype: bool, shape: shape[]}; anything = Placeholder {dtype: bool}
    v = Placeholder {dtype: i32, shape: shape[2]}; m = Placeholder {dtype: i32, shape: shape[2, 2]}
    one = Const {f32 [] 1}; i = Const {i32 [] 1}
"""


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("y = Switch(x, p)", "input 1 of Switch is a scalar, not [2]"),
        ("y = Fill(v, x)", "input 1 of Fill is a scalar, not [2, 3]"),
        ("y = Fill(m, one)", "input 0 of Fill is a vector, not [2, 2]"),
        ("y = Sum(x, m)", "input 1 of Sum is a scalar or a vector, not [2, 2]"),
    ],
)
def test_what_tensorflow_refuses(line: str, reason: str):
    (conflict,) = inferred(HEAD + line).conflicts
    assert (conflict.node, conflict.reason) == ("y", reason)


@pytest.mark.parametrize("line", ["Switch(x, b)", "Switch(x, anything)", "Fill(v, one)", "Sum(x, i)", "Sum(x, v)"])
def test_what_it_takes(line: str):
    assert inferred(f"{HEAD}y = {line}").conflicts == []


def test_every_rank_is_said_once():
    assert INPUT_RANKS["Fill"] == {0: (1,), 1: (0,)}
    assert {ranks for inputs in INPUT_RANKS.values() for ranks in inputs.values()} == {(0,), (1,), (0, 1)}
