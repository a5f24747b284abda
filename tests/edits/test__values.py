"""Which tensors an edit of values works on, and that it changes all of them or none."""

from __future__ import annotations

import pytest

from graphsurgeon.edits._values import axis_of, change, is_named, refuse, targets
from graphsurgeon.errors import PassError
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils.errors import NotFoundError, UnsupportedError

NAMES = ["conv/w", "conv/b", OBJECT_GRAPH_KEY]


def test_the_object_graph_is_no_target():
    assert targets(NAMES) == ["conv/w", "conv/b"]
    assert targets(NAMES, [".*"], ["conv/b"]) == ["conv/w"]
    with pytest.raises(NotFoundError):
        targets(NAMES, [OBJECT_GRAPH_KEY])


def test_all_or_none():
    given = {name: as_tensor(number) for number, name in enumerate("abc")}
    before = dict(given)

    def make(name, base):
        if name != "b":
            raise UnsupportedError(f"not {name}")
        return as_tensor(9)

    with pytest.raises(PassError, match="twist: 2 tensors: a: not a; c: not c"):
        change("twist", given, "abc", make)
    assert given == before
    change("twist", given, "b", make)
    assert given["b"].numpy() == 9


def test_a_long_list_is_cut():
    with pytest.raises(PassError, match=r"twist: 12 tensors: 0; .*; 9; and 2 more$"):
        refuse("twist", [str(number) for number in range(12)])
    refuse("twist", [])


def test_named():
    assert is_named("conv/w", ["conv/.*"])
    assert not is_named("conv/w", [])


def test_axes_count_from_both_ends():
    assert [axis_of(axis, 3) for axis in (0, 2, -1, -3)] == [0, 2, 2, 0]
    for axis in (3, -4):
        with pytest.raises(UnsupportedError, match="in a tensor of rank 3"):
            axis_of(axis, 3)
