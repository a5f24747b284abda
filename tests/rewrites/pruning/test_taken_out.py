"""Nodes that are taken out of a model; more in the tests of the pass `remove`."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.rewrites.editing.chosen_nodes import choose_nodes
from graphsurgeon.rewrites.pruning.taken_out import take_out
from tests import notation

TEXT = "x = Placeholder {dtype: f32}; a = Relu(x); b = Neg(x, ^a)"


def test_what_waits_no_more_is_no_reader():
    model = notation.model(TEXT)
    report = take_out(model, choose_nodes(model, ("a",)), "mine", {"b"})
    assert [row.node for row in report.removed] == ["a"]
    assert model.graph["b"].inputs == ("x",)


def test_refusals_name_the_operation():
    model = notation.model(TEXT)
    with pytest.raises(PassError, match=r"mine: node 'a': it is still needed by node 'b'"):
        take_out(model, choose_nodes(model, ("a",)), "mine")
