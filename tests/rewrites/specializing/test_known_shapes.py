"""Shapes are the same where nothing can make them differ, and else not known to be."""

from __future__ import annotations

import pytest

from graphsurgeon.rewrites.specializing.known_shapes import KnownShapes
from tests.rewrites.specializing.test_known_values import known

GRAPH = """
    x = Placeholder {dtype: f32, shape: shape[?, 4]}
    z = Placeholder {dtype: f32, shape: shape[?, 4]}
    any = Placeholder {dtype: f32}
    two = Const {f32 [] 2}
    a = Mul(x, x)
    b = Elu(any)
    c = Mul(any, two)
    d = Mul(any, any)
"""


@pytest.mark.parametrize(
    ("pair", "same"),
    [(("x", "a"), True), (("x", "z"), False), (("any", "b"), True), (("b", "c"), True), (("any", "d"), False)],
)
def test_which_shapes_are_the_same(pair: tuple[str, str], same: bool):
    assert KnownShapes(known(GRAPH)).is_same(*pair) is same


def test_scalars_are_those_of_known_values():
    shapes = KnownShapes(known(GRAPH))
    assert [shapes.is_scalar(each) for each in ("two", "x")] == [True, False]
