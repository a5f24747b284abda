"""Objects whose values went are in the object graph no more."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.variables.object_graph_removal import holders, remove_emptied
from proto_utils.errors import CorruptionError
from tests.object_graphs import message


def references(made: Any) -> list[dict[str, int]]:
    return [{child.local_name: child.node_id for child in node.children} for node in made.nodes]


def nested() -> Any:
    """A root with a head, which has a variable and an empty list, a body with a variable, and a list of both."""
    return message(
        {"children": [("head", 1), ("body", 2), ("all", 7)]},
        {"children": [("w", 3), ("losses", 4), ("me", 1)]},
        {"children": [("w", 5), ("losses", 6)]},
        {"attributes": [("", "head/w")]},
        {},
        {"attributes": [("", "body/w")]},
        {},
        {"children": [("0", 3), ("1", 5)]},
    )


def without(made: Any, *numbers: int) -> Any:
    before = holders(made)
    for number in numbers:
        del made.nodes[number].attributes[:]
    remove_emptied(made, before)
    return made


def test_what_holds_values_itself_or_below():
    assert holders(nested()) == {0, 1, 2, 3, 5, 7}


def test_objects_that_hold_nothing_now_go_with_what_only_they_led_to():
    made = without(nested(), 3)
    assert references(made) == [{"body": 1, "all": 4}, {"w": 2, "losses": 3}, {}, {}, {"1": 2}]
    assert [each.checkpoint_key for each in made.nodes[2].attributes] == ["body/w"]


def test_the_root_stays():
    assert references(without(nested(), 3, 5)) == [{}]


def test_a_slot_keeps_its_variable_which_nothing_else_leads_to():
    made = message(
        {"children": [("w", 1), ("optimizer", 2)]},
        {"attributes": [("", "w")]},
        {"slots": [(1, "m", 3)]},
        {"attributes": [("", "w/m")]},
    )
    assert references(without(made, 1)) == [{"optimizer": 2}, {}, {}, {}]
    assert len(made.nodes[2].slot_variables) == 1


def test_whether_there_are_values_is_noted_where_it_was():
    made = nested()
    for node in made.nodes:
        node.has_checkpoint_values.value = True
    without(made, 3, 5)
    assert made.nodes[0].HasField("has_checkpoint_values")
    assert not made.nodes[0].has_checkpoint_values.value
    assert not without(nested(), 3).nodes[0].HasField("has_checkpoint_values")


def test_an_object_that_is_not_there():
    with pytest.raises(CorruptionError, match="object 0 refers to object 7 of 1"):
        holders(message({"children": [("a", 7)]}))
