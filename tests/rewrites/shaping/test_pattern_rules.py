"""Patterns of shapes, a letter for each axis."""

from __future__ import annotations

import pytest

from graphsurgeon.rewrites.shaping.dims import ShapeMismatchError
from graphsurgeon.rewrites.shaping.op_calls import OpCall
from graphsurgeon.rewrites.shaping.pattern_rules import by_pattern
from tests import notation

NODE = notation.node("n = Mine {N: 2}")


class Nowhere:
    """No graph."""

    open_size: int | None = None
    shape = value = source = staticmethod(lambda _: None)


def made(pattern, *shapes):
    return by_pattern(pattern)(OpCall(NODE, shapes, Nowhere()))


@pytest.mark.parametrize(
    ("pattern", "shapes", "wanted"),
    [
        ("bc b -> b bc", [(2, 3), None], [(2,), (2, 3)]),
        ("...nn -> ...", [(7, None, 4, 4)], [(7, None)]),
        ("...nn -> ...n", [None], [None]),
        ("* * -> =1", [(1,), (2,)], [(2,)]),
        (". n+ -> N:n", [(), (4,), (4,)], [(4,), (4,)]),
        ("* -> n2", [None], None),
    ],
)
def test_patterns(pattern, shapes, wanted):
    found = made(pattern, *shapes)
    assert found == wanted if wanted is not None else found[0][1] == 2


def test_a_letter_of_no_input_is_one_size_that_is_not_known():
    first, second = made("* -> u u", None)
    assert first[0] is second[0]


def test_what_a_pattern_does_not_take():
    for pattern, shapes in (("bc b ->", [(2, 3), (4,)]), ("nn ->", [(2, 3)]), ("n ->", [()]), (". ->", [(1,)])):
        with pytest.raises(ShapeMismatchError):
            made(pattern, *shapes)
