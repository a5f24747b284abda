"""Parameters of a transform: one value or several, numbers, flags, pairs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from graphsurgeon.compat.graph_transforms.parameters import Parameters
from graphsurgeon.errors import PassError

GIVEN = Parameters("t", {"op": ["A", "B"], "n": ["-3"], "yes": ["true"], "name": ["a", "b"], "type": ["int32", "bool"]})


def test_values():
    assert (GIVEN.all("op"), GIVEN.all("none")) == (("A", "B"), ())
    assert (GIVEN.text("n"), GIVEN.text("none", "x")) == ("-3", "x")
    assert (GIVEN.integer("n", 1), GIVEN.integer("none", 1)) == (-3, 1)
    assert (GIVEN.flag("yes", default=False), GIVEN.flag("none", default=True)) == (True, True)
    assert (GIVEN.pairs("name", "type"), GIVEN.pairs("name", "none")) == ({"a": "int32", "b": "bool"}, {})


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: GIVEN.text("op"), "op is given 2 times"),
        (lambda: GIVEN.text("none"), "none is missing"),
        (lambda: GIVEN.integer("yes", 1), "yes is 'true', no whole number"),
        (lambda: GIVEN.flag("n", default=True), "n is '-3', neither true nor false"),
        (lambda: GIVEN.pairs("name", "n"), "n is given 1 times for 2 times name"),
    ],
)
def test_refusals(ask: Callable[[], object], message: str):
    with pytest.raises(PassError, match=message) as error:
        ask()
    assert error.value.is_usage
    assert error.value.message.startswith("transform_graph: t: ")
