"""Several checkpoints become one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from graphsurgeon.edits.merge import merge
from graphsurgeon.errors import PassError
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import OpaqueTensor, StringTensor, as_tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY, read_object_graph
from proto_utils import schema
from tests.object_graphs import message
from tests.object_layers import checkpoint


def tensors(**values: object) -> dict[str, Tensor]:
    return {name: as_tensor(value) for name, value in values.items()}


def numbers(given: dict[str, Tensor]) -> dict[str, int]:
    return {name: int(tensor.numpy()) for name, tensor in given.items()}


def test_names_that_are_not_the_same_are_put_together():
    a, b, c = tensors(w=1), tensors(v=2), tensors(u=3)
    report = merge(a, [b, c])
    assert numbers(a) == {"w": 1, "v": 2, "u": 3}
    assert a["v"] is b["v"]
    assert [row.action for row in report.changes] == ["added", "added"]


def test_the_same_value_twice_is_no_conflict():
    a = tensors(w=[1, 2], s="text")
    merge(a, [tensors(w=[1, 2], s="text", v=3)])
    assert list(a) == ["w", "s", "v"]


@pytest.mark.parametrize("other", [[1, 3], [1.0, 2.0], [[1, 2]]], ids=["value", "dtype", "shape"])
def test_different_tensors_of_one_name_are_a_conflict(other):
    a = tensors(w=[1, 2], u=1)
    before = dict(a)
    with pytest.raises(PassError, match="a name stands for different values: w"):
        merge(a, [tensors(w=other, u=1)])
    assert a == before


def test_the_error_knows_all_names():
    first, second = ({f"w{number:02d}": as_tensor(number + more) for number in range(25)} for more in (0, 1))
    with pytest.raises(PassError, match="w09 and 15 more") as caught:
        merge(first, [second])
    assert caught.value.fields()["listed"] == [f"w{number:02d}" for number in range(25)]


def test_what_nobody_can_compare_is_a_conflict():
    with pytest.raises(PassError, match="different values: w"):
        merge({"w": OpaqueTensor(dtypes.VARIANT, ())}, [{"w": OpaqueTensor(dtypes.VARIANT, ())}])


@pytest.mark.parametrize(
    ("prefer", "wanted"), [("a", 1), ("1", 1), ("b", 2), ("2", 2), ("dir/two", 2), ("two", 2), ("dir/one", 1)]
)
def test_one_checkpoint_is_preferred(prefer, wanted):
    a = tensors(w=1, x=5)
    merge(a, [tensors(w=2, y=6)], prefer=prefer, sources=("dir/one", "dir/two"))
    assert numbers(a) == {"w": wanted, "x": 5, "y": 6}


def test_what_the_preferred_one_does_not_have_is_no_less_a_conflict():
    a = tensors(w=1, u=1)
    with pytest.raises(PassError, match="a name stands for different values: w"):
        merge(a, [tensors(w=2, u=2), tensors(u=3)], prefer="c")
    assert numbers(a) == {"w": 1, "u": 1}
    merge(a, [tensors(w=1, u=2), tensors(u=3)], prefer="c")
    assert numbers(a) == {"w": 1, "u": 3}


def test_a_prefix_keeps_both():
    a = tensors(w=1)
    report = merge(a, [tensors(w=2)], prefix=("b=head", "1=body/"))
    assert numbers(a) == {"body/w": 1, "head/w": 2}
    assert {(row.name, row.action, row.was) for row in report.changes} == {
        ("body/w", "renamed", "w"),
        ("head/w", "added", None),
    }


@pytest.mark.parametrize("name", ["c", "3", "same", "nothing"])
def test_a_checkpoint_that_is_not_there_or_could_be_two(name):
    with pytest.raises(PassError, match=f"no checkpoint is called '{name}'"):
        merge(tensors(w=1), [tensors(w=2)], prefer=name, sources=("x/same", "y/same"))


def test_a_name_of_two_checkpoints_is_not_the_letter_of_one():
    with pytest.raises(PassError, match="no checkpoint is called 'b'"):
        merge(tensors(w=1), [tensors(w=2)], prefer="b", sources=("x/b", "y/b"))


def test_a_prefix_without_a_checkpoint():
    with pytest.raises(PassError, match="not a prefix: 'head'") as caught:
        merge(tensors(w=1), [], prefix=("head",))
    assert caught.value.is_usage


def object_based(key: str) -> dict[str, Tensor]:
    made = message({"attributes": [("", key)]})
    return {key: as_tensor(1), OBJECT_GRAPH_KEY: as_tensor(np.array(made.SerializeToString(), object))}


def noted(given: dict[str, Tensor]) -> str:
    (text,) = given[OBJECT_GRAPH_KEY].strings()
    return str(schema.parse(schema.TrackableObjectGraph, text).nodes[0].attributes[0].checkpoint_key)


def paths(given: dict[str, Tensor]) -> dict[str, list[str]]:
    """Return the keys at every way from the root that has at most three objects."""
    objects = read_object_graph(given)
    assert objects is not None
    found = {}
    for way in (w for n in (1, 2, 3) for w in map("/".join, itertools.product([*"abcxyz", "head"], repeat=n))):
        if keys := objects.find(way):
            found[way] = keys
    return found


def with_children(**keys: str) -> dict[str, Tensor]:
    """A checkpoint of variables that the root refers to by these names."""
    children = [(name, number) for number, name in enumerate(keys, 1)]
    made = message({"children": children}, *({"attributes": [(each, each)]} for each in keys.values()))
    graph = StringTensor((), [schema.serialize(made)])
    return {key: as_tensor(number) for number, key in enumerate(keys.values())} | {OBJECT_GRAPH_KEY: graph}


def test_object_graphs_become_one():
    a = with_children(x="x/w", y="y/w")
    assert merge(a, [with_children(x="x/w", z="z/w")], prefer="a").notes == []
    assert paths(a) == {"x": ["x/w"], "y": ["y/w"], "z": ["z/w"]}


def test_objects_with_a_scope_are_below_it():
    a = with_children(x="x/w")
    merge(a, [with_children(x="x/w")], prefix=("b=head",))
    assert paths(a) == {"x": ["x/w"], "head/x": ["head/x/w"]}
    both = with_children(x="x/w")
    merge(both, [with_children(x="x/w")], prefix=("a=a", "b=b/c"))
    assert paths(both) == {"x": ["a/x/w"], "a/x": ["a/x/w"], "a/a/x": ["a/x/w"], "b/c/x": ["b/c/x/w"]}


def test_what_no_way_leads_to_is_told():
    a = with_children(x="x/w")
    (note,) = merge(a, [with_children(x="other")]).notes
    assert note == "tf.train.Checkpoint does not find by objects, for others are at their paths: other"
    assert paths(a) == {"x": ["x/w"]}


def test_an_object_graph_notes_the_prefix():
    a = object_based("v")
    merge(a, [tensors(v=2)], prefix=("a=my",))
    assert (set(a), noted(a)) == ({"my/v", OBJECT_GRAPH_KEY, "v"}, "my/v")


def test_a_key_of_other_variables_is_refused():
    with pytest.raises(PassError, match=r"1/\.ATTRIBUTES/VARIABLE_VALUE is b in checkpoint 2 and new in 1"):
        merge(checkpoint(a=1, new=5), [checkpoint(a=1, b=5)], prefer="b")
    merge(checkpoint(a=1, new=5), [checkpoint(a=1, b=5)], prefix=("b=my",))
    merge(checkpoint(a=1, b=5), [checkpoint(a=2, b=6)], prefer="b")


def test_several_prefixes_in_one_text():
    given, *others = ({"w": as_tensor(number)} for number in (1, 2, 3))
    merge(given, others, prefix=("b=x,c=y",))
    assert {name: int(tensor.numpy()) for name, tensor in given.items()} == {"w": 1, "x/w": 2, "y/w": 3}
