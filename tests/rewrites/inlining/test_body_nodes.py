"""What is written in a function body, written for the graph that calls the function."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Placeholder
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.rewrites.inlining.body_nodes import BodyNodes
from graphsurgeon.tensors.dtypes import FLOAT
from tests import notation


def body(function: Function, *data: str, **attrs: Any) -> BodyNodes:
    return BodyNodes(function, OpSignatures({}), data, attrs)


def test_every_way_of_writing_an_input():
    function = notation.function(
        "f",
        "x axis",
        "s:output:1 x",
        """
        s = Split(axis, x) {num_split: 2}
        n = Neg(s:output:1, ^x, ^s) {_class: loc:@s}
        a = AddV2(n:y:0, n:y:0)
        """,
    )
    function.body["s"].attrs["num_split"] = 2
    made = body(function, "x:1", "dim")
    nodes = made.make("call/", {"call/n"})
    assert notation.show(nodes).splitlines() == [
        "call/s = Split(dim, x:1)",
        "call/n_1 = Neg(call/s:1, ^x, ^call/s) {_class: loc:@call/s}",
        "call/a = AddV2(call/n_1, call/n_1)",
    ]
    assert made.results == ["call/s:1", "x:1"]
    assert (made.sources, made.effects) == (["call/s"], [])


def test_attrs_that_the_call_gives():
    function = notation.function("f", "x", "n:y:0", "n = Neg(x)")
    function.body["n"].attrs["T"] = Placeholder("dtype")
    made = body(function, "x", dtype=FLOAT)
    assert made.make("", set())[0].attrs["T"] is FLOAT
    with pytest.raises(PassError, match="attr 'dtype' of 'f' is not given"):
        body(function, "x")


def test_what_cannot_stand_in_a_graph():
    with pytest.raises(PassError, match="takes lists of tensors"):
        body(notation.function("f", "x", "x", ""), "x", "y")
    with pytest.raises(PassError, match="which output 'n:out:0' in function 'f' is, nobody knows"):
        body(notation.function("f", "x", "n:out:0", "n = OwnOp(x)"), "x")
