"""References between objects follow the keys of their values."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.rewrites.renaming.object_paths import rename_references
from tests.object_graphs import message

END = "/.ATTRIBUTES/VARIABLE_VALUE"


def net(*paths: str) -> Any:
    """A root with a model, which has a head with variables at these paths below."""
    first = 3
    return message(
        {"children": [("model", 1), ("again", 2)]},
        {"children": [("head", 2)]},
        {"children": [(path, first + number) for number, path in enumerate(paths)]},
        *({"attributes": [("", f"again/{path}{END}")]} for path in paths),
    )


def renamed(made: Any, **paths: str) -> tuple[list[list[str]], list[str]]:
    keys = {f"again/{old}{END}": new + END for old, new in paths.items()}
    for node in made.nodes:
        for each in node.attributes:
            each.checkpoint_key = keys.get(each.checkpoint_key, each.checkpoint_key)
    notes = rename_references(made, keys)
    return [[child.local_name for child in node.children] for node in made.nodes][:3], notes


def test_a_reference_on_the_way_of_the_key_gets_the_new_name():
    assert renamed(net("w"), w="top/w") == ([["model", "top"], ["head"], ["w"]], [])


def test_names_are_unescaped():
    assert renamed(net("w"), w="again/a..b.Sc") == ([["model", "again"], ["head"], ["a.b/c"]], [])


def test_two_are_exchanged():
    assert renamed(net("v", "w"), v="again/w", w="again/v")[0][2] == ["w", "v"]


def test_all_values_behind_a_reference_have_to_agree():
    names, (note,) = renamed(net("v", "w"), w="top/w")
    assert names == [["model", "again"], ["head"], ["v", "w"]]
    assert note.endswith(f"1 value has a new key and is still at again/w (top/w{END})")


def test_a_way_of_another_length_is_told():
    names, (note,) = renamed(net("v", "w"), v="my/again/v", w="my/again/w")
    assert names == [["model", "again"], ["head"], ["v", "w"]]
    assert "2 values have new keys" in note


def test_a_name_that_the_object_has_for_another_is_not_given():
    names, (note,) = renamed(net("w"), w="model/w")
    assert names[0] == ["model", "again"]
    assert "still at again/w" in note


def test_another_name_for_the_same_object_is_told():
    made = net("w")
    made.nodes[2].children.add(node_id=3, local_name="alias")
    names, (note,) = renamed(made, w="again/x")
    assert names[2] == ["x", "alias"]
    assert "x is alias too" in note


def test_a_value_that_cannot_go_the_whole_way_keeps_its_own():
    made = net("w")
    made.nodes.add().attributes.add(checkpoint_key="own" + END)
    made.nodes[0].children.add(node_id=4, local_name="own")
    made.nodes.add().attributes.add(checkpoint_key=f"model/v{END}")
    made.nodes[1].children.add(node_id=5, local_name="v")
    names, (note,) = renamed(made, w="model/x")
    assert names == [["model", "again", "own"], ["head", "v"], ["w"]]
    assert note.endswith(f"1 value has a new key and is still at again/w (model/x{END})")


@pytest.mark.parametrize(
    ("attribute", "suffixes"), [("ITERATOR", ["_STATE"]), ("table", ["-keys", "-values"])], ids=["iterator", "table"]
)
def test_objects_whose_tensors_have_longer_keys_follow_too(attribute: str, suffixes: list[str]):
    made = message({"children": [("it", 1)]}, {"attributes": [("", f"numbers/.ATTRIBUTES/{attribute}")]})
    keys = {f"{name}/.ATTRIBUTES/{attribute}": name for name in ("it", "numbers")}
    old, new = ([key + suffix for suffix in suffixes] for key in keys)
    assert rename_references(made, dict(zip(old, new, strict=True))) == []
    assert made.nodes[0].children[0].local_name == "numbers"


def test_of_these_too_it_is_told_that_they_stay():
    made = message({"children": [("it", 1)]}, {"attributes": [("", "my/it/.ATTRIBUTES/ITERATOR")]})
    (note,) = rename_references(made, {"it/.ATTRIBUTES/ITERATOR_STATE": "my/it/.ATTRIBUTES/ITERATOR_STATE"})
    assert note.endswith("still at it (my/it/.ATTRIBUTES/ITERATOR)")
