"""The object graph stays true when keys change or tensors go."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables import object_graph
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from graphsurgeon.variables.object_graph_keys import update_object_graph
from proto_utils import schema
from proto_utils.errors import CorruptionError, LimitError


def checkpoint(message: Any) -> dict[str, Tensor]:
    return {"a": as_tensor(1), OBJECT_GRAPH_KEY: as_tensor(np.array(message.SerializeToString(), object))}


def graph() -> Any:
    """A root with a variable that has a slot, a table, and a reference to the slot's variable."""
    made = schema.TrackableObjectGraph()
    root = made.nodes.add()
    root.children.add(node_id=1, local_name="a")
    root.slot_variables.add(original_variable_node_id=1, slot_name="m", slot_variable_node_id=2)
    for key in ("a", "a/m", "table"):
        made.nodes.add().attributes.add(name="VARIABLE_VALUE", full_name=f"full/{key}", checkpoint_key=key)
    return made


def stepped(new_keys: dict[str, str | None]) -> Any:
    given = checkpoint(graph())
    update_object_graph(given, new_keys)
    (text,) = given[OBJECT_GRAPH_KEY].strings()
    return schema.parse(schema.TrackableObjectGraph, text)


def keys(message: Any) -> list[list[str]]:
    return [[each.checkpoint_key for each in node.attributes] for node in message.nodes]


def test_a_new_key_is_noted_and_the_full_name_stays():
    after = stepped({"a": "b"})
    assert keys(after) == [[], ["b"], ["a/m"], ["table"]]
    assert after.nodes[1].attributes[0].full_name == "full/a"
    assert len(after.nodes[0].slot_variables) == 1


def test_a_slot_that_was_dropped_is_no_slot_any_more():
    after = stepped({"a/m": None})
    assert keys(after) == [[], ["a"], ["table"]]
    assert len(after.nodes[0].slot_variables) == 0


def test_a_swap():
    assert keys(stepped({"a": "a/m", "a/m": "a"})) == [[], ["a/m"], ["a"], ["table"]]


@pytest.mark.parametrize(("new", "wanted"), [("my/table", ["a", "a/m", "my/table"]), (None, ["a", "a/m"])])
def test_a_table_has_two_tensors(new, wanted):
    new_keys = {f"table{suffix}": new and f"{new}{suffix}" for suffix in ("-keys", "-values")}
    assert [key for of_object in keys(stepped(new_keys)) for key in of_object] == wanted


def test_what_changes_nothing_keeps_the_tensor():
    given = checkpoint(graph())
    before = dict(given)
    assert not update_object_graph(given, {"other": "name"})
    assert not update_object_graph(given, {})
    assert given == before


def test_fields_of_later_versions_survive():
    message = graph()
    given = checkpoint(message)
    unknown = b"\xa2\x06\x03abc"
    (text,) = given[OBJECT_GRAPH_KEY].strings()
    given[OBJECT_GRAPH_KEY] = as_tensor(np.array(text + unknown, object))
    assert update_object_graph(given, {"a": "b"})
    assert unknown in next(iter(given[OBJECT_GRAPH_KEY].strings()))


def test_checkpoints_without_one():
    given = {"a": as_tensor(1)}
    assert not update_object_graph(given, {"a": "b"})
    assert list(given) == ["a"]


def test_damage_is_said():
    with pytest.raises(CorruptionError):
        update_object_graph({OBJECT_GRAPH_KEY: as_tensor(np.array(b"\xff\xff", object))}, {"a": "b"})


def test_one_that_is_too_large_is_not_parsed(monkeypatch):
    monkeypatch.setattr(object_graph, "MAX_NBYTES", 10)
    given = checkpoint(graph())
    with pytest.raises(LimitError, match="object graph"):
        update_object_graph(given, {"a": "b"})
