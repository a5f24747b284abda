"""The union of object graphs."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.variables.object_graph import ObjectGraph
from graphsurgeon.variables.object_graph_union import below, lead_to_root, unite
from proto_utils.errors import CorruptionError
from tests.object_graphs import message


def model(*names: str, slot: str = "") -> Any:
    """A model in a cycle with variables of these names, and an optimizer with a slot of the first."""
    children = [(name, 3 + number) for number, name in enumerate(names)]
    slots = [(3, slot, 3 + len(names))] if slot else []
    return message(
        {"children": [("model", 1), ("optimizer", 2)]},
        {"children": [*children, ("me", 1)]},
        {"slots": slots},
        *({"attributes": [(name, f"model/{name}")]} for name in names),
        *([{"attributes": [(f"{names[0]}/{slot}", f"model/{names[0]}/{slot}")]}] if slot else ()),
    )


def test_references_values_and_slots_of_both():
    made = model("a", "b", slot="m")
    assert unite(made, model("c", "a", slot="v")) == []
    objects = ObjectGraph(made)
    for name in "abc":
        assert objects.find(f"model/{name}") == objects.find(f"model/me/{name}") == [f"model/{name}"]
    assert objects.find("model/a/.OPTIMIZER_SLOT/optimizer/m") == ["model/a/m"]
    assert objects.find("model/c/.OPTIMIZER_SLOT/optimizer/v") == ["model/c/v"]


def test_the_same_twice_is_the_same():
    made = model("a", "b", slot="m")
    assert unite(made, model("a", "b", slot="m")) == []
    assert made == model("a", "b", slot="m")


def test_empty_ones():
    made = message()
    assert unite(made, model("a")) == []
    assert made == model("a")
    assert unite(made, message()) == []
    assert made == model("a")


def test_values_that_no_way_leads_to():
    made, other = model("a"), model("a")
    other.nodes[3].attributes[0].checkpoint_key = "other"
    assert unite(made, other) == ["other"]
    made = message({"children": [("x", 1), ("y", 1)]}, {"attributes": [("", "x")]})
    other = message({"children": [("x", 1), ("y", 2)]}, {"attributes": [("", "x")]}, {"attributes": [("", "y")]})
    assert unite(made, other) == ["y"]


def test_below_a_scope():
    made = below(model("a", slot="m"), "x/y/")
    assert ObjectGraph(made).find("x/y/model/a") == ["model/a"]
    assert ObjectGraph(made).find("x/y/model/a/.OPTIMIZER_SLOT/x/y/optimizer/m") == ["model/a/m"]
    assert below(model("a"), "") == model("a")


def test_a_way_to_the_root():
    made = model("a")
    lead_to_root(made, "x/y/")
    assert ObjectGraph(made).find("x/y/model/a") == ObjectGraph(made).find("model/a") == ["model/a"]
    before = model("a")
    lead_to_root(before, "model")
    assert before == model("a")


def test_numbers_of_no_object():
    with pytest.raises(CorruptionError):
        unite(model("a"), message({"children": [("x", 5)]}))
