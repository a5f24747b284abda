"""Inputs and outputs that are named once."""

from __future__ import annotations

import pytest

from graphsurgeon.compat.named_nodes import require_nodes_of, still_there
from graphsurgeon.errors import NotFoundError
from tests.passes.harness import model


def test_names_of_nodes_and_tensors():
    of = model("a = Placeholder {dtype: f32}; b = Neg(a)")
    require_nodes_of(of, ["a", "b:0"])
    assert still_there(of, ["a:0", "c", "b"]) == ("a:0", "b")
    with pytest.raises(NotFoundError, match="no node 'c'"):
        require_nodes_of(of, ["a", "c:0"])
