"""Values that shapes are made of."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.node import Node
from graphsurgeon.rewrites.shaping.shape_values import value_of
from tests import notation


def node(op: str, **attrs: object) -> Node:
    return Node.new("n", op, attrs=attrs)


@pytest.mark.parametrize(
    ("made", "shapes", "values", "wanted"),
    [
        (notation.node("c = Const {i32 [2]}"), [], [], (0, 1)),
        (notation.node("c = Const {f32 [2]}"), [], [], None),
        (node("Shape"), [(None, 3)], [None], (None, 3)),
        (node("Size"), [(2, 3)], [None], 6),
        (node("Rank"), [(2, 3)], [None], 2),
        (node("StridedSlice", shrink_axis_mask=1), [], [(4, 5), (0,), (1,), (1,)], 4),
        (node("StridedSlice", begin_mask=1), [], [(4, 5, 6), (0,), (-1,), (1,)], (4, 5)),
        (node("Pack"), [], [None, -1], (None, -1)),
        (node("ConcatV2"), [], [(1,), (2, None), 0], (1, 2, None)),
        (node("Mul"), [], [(2, None), 3], (6, None)),
        (node("Range"), [], [2, 5, 1], (2, 3, 4)),
        (node("Range"), [], [2, None, 1], None),
        (node("Prod"), [], [(2, 3), (0,)], 6),
        (node("GatherV2"), [], [(4, 5), 1, 0], 5),
        (node("Slice"), [], [(4, 5, 6), (1,), (-1,)], (5, 6)),
        (node("Reshape"), [], [3, (1,)], (3,)),
        (node("Squeeze"), [], [(3,)], 3),
        (node("Relu"), [], [3], None),
    ],
)
def test_values(made, shapes, values, wanted):
    assert value_of(made, shapes, values) == wanted
