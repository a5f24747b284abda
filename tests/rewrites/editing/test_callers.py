"""How one of several sources is called."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.rewrites.editing.callers import Callers


@pytest.mark.parametrize(("name", "number"), [("1", 0), ("b", 1), ("x/one.pb", 0), ("two.pb", 1)])
def test_names(name: str, number: int):
    assert Callers("join", "model", ["x/one.pb", "x/two.pb"], 2).number(name) == number


@pytest.mark.parametrize("name", ["3", "same.pb", "nothing"])
def test_what_calls_none(name: str):
    with pytest.raises(PassError, match=f"no model is called '{name}'"):
        Callers("join", "model", ["x/same.pb", "y/same.pb"], 2).number(name)
