"""Rewiring: edges, and what follows them; the passes that rewire have the rest."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import GraphError, PassError
from graphsurgeon.rewrites.editing.rewiring import Move, Rewiring, as_refusal
from tests.models import meta_graph
from tests.passes.harness import model


def of():
    meta = meta_graph()
    del meta.graph_def.node[:]
    return model("x = Placeholder {dtype: f32}; a = Relu(x); b = Neg(x); out = Add(a, b)", meta=meta)


def test_readers_around_the_graph_follow_over_several_steps():
    made = of()
    rewiring = Rewiring(made, "p")
    for old, new in (("out", "a"), ("a", "b")):
        rewiring.replace(rewiring.tensor(old), rewiring.tensor(new).tensor)
    (row,) = rewiring.finish()
    assert (row.where, row.name, row.tensor, row.was) == ("signature serving_default", "fetch", "b:0", "out:0")


def test_moves_at_once():
    made = of()
    rewiring = Rewiring(made, "p")
    a, b = rewiring.tensor("a"), rewiring.tensor("b")
    assert rewiring.replace_all([Move(a, b.tensor), Move(b, a.tensor)], [None, None]) == [1, 1]
    assert made.graph["out"].inputs == ("b", "a")


def test_refusals_name_nodes_as_people_do():
    with pytest.raises(PassError, match="p: node 'f/n': so"), as_refusal("p", "f"):
        raise GraphError("so", node="n")


def test_who_was_led_away_stays_there():
    made = of()
    rewiring = Rewiring(made, "p")
    for new in ("a", "b"):
        rewiring.replace(rewiring.tensor("out"), rewiring.tensor(new).tensor)
    assert [row.tensor for row in rewiring.finish()] == ["a:0"]
