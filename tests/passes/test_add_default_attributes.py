"""add_default_attributes: what nodes do not have is written out."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.passes.add_default_attributes import add_default_attributes
from graphsurgeon.passes.remove_default_attributes import remove_default_attributes
from tests.passes.harness import attrs, check_refusal, model, state

TEXT = "x = Placeholder {dtype: f32}; w = Const {f32 [2,3]}; y = MatMul(x, w) {transpose_b: true}; z = Blorp(y)"


def test_as_of_a_version():
    of = model(TEXT)
    report = add_default_attributes(of)
    assert [(row.op, row.attr, row.nodes) for row in report.added] == [
        ("MatMul", "transpose_a", 1),
        ("Placeholder", "shape", 1),
    ]
    assert attrs(of, "y")["transpose_a"] is False
    add_default_attributes(of, version="2.21")
    assert "grad_a" in attrs(of, "y")


def test_and_back():
    of = model(TEXT)
    before = state(of)
    add_default_attributes(of, version="2.21")
    remove_default_attributes(of)
    assert state(of) == before


def test_marks_of_weights_stay_and_none_are_made():
    text = """
        w = Const {i32 [4,2]}
        i = Placeholder {dtype: i32}
        g/axis = Const {i32 []}
        g = GatherV2(w, i, g/axis)
        h/axis = Const {i32 []}
        h = GatherV2(w, i, h/axis) {batch_dims: 0}
    """
    of = model(text)
    add_default_attributes(of, version="2.21")
    assert "batch_dims" not in attrs(of, "g")
    remove_default_attributes(of)
    assert "batch_dims" in attrs(of, "h")


@pytest.mark.parametrize("version", ["next", "0.9"])
def test_refusals(version):
    check_refusal(add_default_attributes, model(TEXT), PassError, version, version=version)
