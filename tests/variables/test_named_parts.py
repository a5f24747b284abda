"""Names of parts, and how parts lie in the whole."""

from __future__ import annotations

from graphsurgeon.variables.named_parts import axes_of, axis_towards, boxes_of, broken_parts, joined_shape, named_parts


def test_parts_are_in_order_and_without_gaps():
    names = [*(f"w/part_{n}" for n in (10, 2, 1, 0, 3, 4, 5, 6, 7, 8, 9)), "v/part_1", "u/part_00", "w/part_0/Adam"]
    assert named_parts(names) == {"w": [f"w/part_{n}" for n in range(11)], "w/Adam": ["w/part_0/Adam"]}


def test_where_parts_lie():
    shapes = [(2, 4), (1, 4)]
    assert (axes_of(shapes), joined_shape(shapes, 0), joined_shape(shapes, 1)) == ([0], (3, 4), None)
    assert boxes_of(shapes, 0) == [((0, 2), (0, 4)), ((2, 3), (0, 4))]
    assert axes_of([(2, 4), (2, 4)]) == [0, 1]
    assert axis_towards([(2, 4), (2, 4)], (2, 8)) == 1
    assert axis_towards([(2, 4), (2, 4)], (3, 8)) is None
    assert axes_of([(2,), (2, 4)]) == axes_of([(), ()]) == []
    assert joined_shape([(2,), ()], 0) is joined_shape([(), (2,)], 0) is joined_shape([(2, 4), (2,)], 1) is None


def test_a_part_that_is_missing():
    assert broken_parts(["w/part_0", "w/part_1", "w/part_3", "v/part_0", "v/part_1", "u/part_7", "x"]) == {"w": 2}
    assert broken_parts(["w/part_2", "w/part_1"]) == {"w": 0}
