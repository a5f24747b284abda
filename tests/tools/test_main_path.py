"""The longest way from an input to an output, in stages of one shape."""

from __future__ import annotations

from pathlib import Path

import graphsurgeon as gs
from graphsurgeon.rewrites.shaping.model_shapes import infer
from graphsurgeon.tools.main_path import main_path
from tests import notation
from tests.notation import function


def path(text: str, *functions, outputs=("y",)) -> list[tuple[list[int | None] | None, dict[str, int]]]:
    shapes = infer(notation.model(text, *functions), keep_bodies=True)
    return [(stage.shape, stage.ops) for stage in main_path(shapes, ["x"], outputs)]


X = "x = Placeholder {dtype: f32, shape: shape[?,3]}; "


def test_stages_of_one_shape():
    text = X + "w = Const {f32 [3,4]}; a = Relu(x); c = Identity(a); b = Relu(c); m = MatMul(b, w); y = Tanh(m)"
    assert path(text) == [([None, 3], {"Placeholder": 1, "Relu": 2}), ([None, 4], {"MatMul": 1, "Tanh": 1})]


def test_the_longest_way_goes_around_no_branch():
    text = X + "a = Relu(x); b = Abs(a); y = Add(x, b); z = Neg(x)"
    assert path(text, outputs=("z", "y")) == [([None, 3], {"Placeholder": 1, "Relu": 1, "Abs": 1, "Add": 1})]


def test_sizes_are_no_way():
    assert path(X + "s = Shape(x); y = Cast(s) {SrcT: i32, DstT: f32}") == []
    assert path(X + "y = Const {f32 []}") == []


def test_functions_are_entered():
    body = function("f", "a w", "m:product:0", "r = Relu(w) {T: f32}; m = MatMul(a, r:activations:0) {T: f32}")
    text = X + "w = Const {f32 [3,4]}; a = Abs(x); y = PartitionedCall(a, w) {f: fn:f, Tout: [f32]}"
    assert path(text, body) == [([None, 3], {"Placeholder": 1, "Abs": 1}), ([None, 4], {"MatMul": 1})]


def test_loops(fixtures: Path):
    for name in ("lstm_loop.pb", "lstm_calls.pb"):
        found = gs.inspect(fixtures / name).main_path
        assert found[0].shape == [2, 4, 3]
        assert "MatMul" in {op for stage in found for op in stage.ops}


def test_inspection_has_it():
    found = gs.inspect(notation.model(X + "y = Relu(x)"))
    assert found.to_json()["main_path"] == [{"shape": [None, 3], "ops": {"Placeholder": 1, "Relu": 1}}]
