"""New names: of what the map takes, of what is below that, and of scopes; and which are refused."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.rewrites.renaming.name_map import NameMap, parse_texts
from graphsurgeon.rewrites.renaming.new_names import NewNames, changed_names
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY


def names(*texts: str, roots: str = "", **scopes: str) -> NewNames:
    return NewNames(NameMap(parse_texts(texts)), roots.split(), **scopes)


def test_what_is_below_a_root_follows_the_nearest():
    new = names("a=x", "a/b=y", roots="a a/b c")
    assert new("a/read") == "x/read"
    assert new("a/Initializer/zeros") == "x/Initializer/zeros"
    assert new("a/b/Adam") == "y/Adam"
    assert new("ab/read") == "ab/read"
    assert new("c/read") == "c/read"


def test_a_root_below_a_root_follows_too():
    new = names("a=x", roots="a a/Adam")
    assert new("a/Adam/Assign") == "x/Adam/Assign"


def test_what_is_below_no_root_stays():
    assert names("conv=x")("conv/w") == "conv/w"


def test_what_the_map_takes_does_not_follow():
    assert names("a/read=r", "a=x", roots="a")("a/read") == "r"
    assert names("a/read=a/read", "a=x", roots="a")("a/read") == "a/read"


def test_keys_of_a_table_follow_it():
    new = names("table=t", roots="table")
    assert (new.key("table-keys"), new.key("table-values")) == ("t-keys", "t-values")


def test_slots_of_tensorflow_2_follow_their_variable():
    variable = "k/.ATTRIBUTES/VARIABLE_VALUE"
    new = names(f"{variable}=j/.ATTRIBUTES/VARIABLE_VALUE", roots=variable)
    slot = "/.OPTIMIZER_SLOT/opt/m/.ATTRIBUTES/VARIABLE_VALUE"
    assert new(f"k{slot}") == f"j{slot}"
    assert names(f"{variable}=j", roots=variable)(f"k{slot}") == f"k{slot}"


def test_scopes_come_after_the_map():
    new = names("a=old/b", roots="a", strip_scope="old", add_scope="my/net/")
    assert [new(name) for name in ("a", "old/c", "older/c", "old")] == [
        "my/net/b", "my/net/c", "my/net/older/c", "my/net/old",
    ]  # fmt: skip


def test_the_key_of_the_object_graph_stays():
    assert names(add_scope="my").key(OBJECT_GRAPH_KEY) == OBJECT_GRAPH_KEY


def test_tensors_keep_their_output_and_controls_their_mark():
    new = names("a=b")
    assert [new.tensor(text) for text in ("a", "a:0", "a:12", "^a", "c:1", "")] == ["b", "b:0", "b:12", "^b", "c:1", ""]


@pytest.mark.parametrize("scope", ["", "/", "/a"])
def test_a_scope_is_a_name(scope: str):
    with pytest.raises(PassError, match="no scope"):
        names(add_scope=scope)


def test_a_scope_to_strip_must_be_there():
    new = names(strip_scope="vgg")
    new("vgg_16/a")
    with pytest.raises(NotFoundError, match="'vgg'") as caught:
        new.require_all_used(["vgg_16/a", "vgg_16/b"])
    assert caught.value.near == ("vgg_16",)


def test_changes_are_listed_by_old_name():
    assert changed_names(["a", "b", "c"], names("a=b", "b=a"), "node") == {"a": "b", "b": "a"}


def test_two_names_cannot_become_one():
    with pytest.raises(PassError, match=r"1 node would .*'b' -> 'x', which 'a' becomes too"):
        changed_names(["a", "b"], names("[ab]=x"), "node")


@pytest.mark.parametrize("order", [["a", "b"], ["b", "a"]])
def test_a_name_that_is_there_is_taken(order: list[str]):
    with pytest.raises(PassError, match=r"1 checkpoint key would .*'a' -> 'b', which exists"):
        changed_names(order, names("a=b"), "key")


def test_only_the_first_of_many_are_listed():
    with pytest.raises(PassError, match=r"^rename: 29 nodes .*; and 19 more; "):
        changed_names([f"a{n}" for n in range(30)], names("a.*=b"), "node")


@pytest.mark.parametrize("now", ["_a", "a b", "a:0", "é"])
def test_nodes_have_names_that_tensorflow_allows(now: str):
    with pytest.raises(PassError, match="does not allow"):
        changed_names(["a"], names(f"a={now}"), "node")
    assert changed_names(["a"], names(f"a={now}"), "key") == {"a": now}


def test_no_name_is_stripped_to_nothing():
    with pytest.raises(PassError, match="does not allow: 'a/' -> ''"):
        changed_names(["a/"], names(strip_scope="a"), "key")


def test_a_name_below_very_many_roots():
    """Each below the one before it: more of them than calls may be nested."""
    roots = ["/".join(["a"] * depth) for depth in range(1, 2000)]
    assert names("a=b", roots=" ".join(roots))(f"{roots[-1]}/x") == f"b{roots[-1][1:]}/x"


def test_a_name_of_very_many_scopes_is_looked_at_once():
    """To copy what is before each of its slashes would take an hour."""
    deep = "n/" * (1 << 20) + "w"
    assert names("x=y", roots=f"x {deep} {'n/' * 9}n")(deep) == deep
    assert names("n=m", roots="n")(deep) == f"m{deep[1:]}"
