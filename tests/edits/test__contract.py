"""Edits change a dict of tensors or nothing, and what they did is told by comparing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from graphsurgeon.edits._contract import Change, Remarks, checkpoint_edit, compare
from graphsurgeon.errors import PassError
from graphsurgeon.tensors.selection import Skipped, selected
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import TensorDict, as_tensor
from graphsurgeon.variables.object_graph import OBJECT_GRAPH_KEY
from proto_utils import schema


def tensors(**values: object) -> dict[str, Tensor]:
    return {name: as_tensor(value) for name, value in values.items()}


def change(name: str, action: str, shape: list[int], **more: object) -> Change:
    return Change(name, action, "int64", shape, **more)  # type: ignore[arg-type]


@checkpoint_edit
def double(given, *, select: tuple[str, ...] = (), fail: bool = False) -> Remarks:
    """Double what is selected, and drop `gone`."""
    skipped = []
    for name in selected(given, select):
        if given[name].dtype.name == "string":
            skipped.append(Skipped(name, "no numbers"))
        else:
            given[name] = as_tensor(given[name].numpy() * 2)
    given.pop("gone", None)
    if fail:
        raise PassError("double", "it was told to")
    return Remarks(skipped, {"a": "doubled"}, ["done"])


@checkpoint_edit
def take(
    given,
    others: Sequence[Mapping[str, Tensor]],
    *,
    axis: tuple[int, ...] = (),
    other: Mapping[str, Tensor] | None = None,
) -> Remarks:
    """Take the tensors of others, or the sum of another's and some numbers."""
    for each in others:
        given.update(each)
    if other is not None:
        given.update({name: as_tensor(tensor.numpy() + sum(axis)) for name, tensor in other.items()})
    return Remarks()


class TestRunning:
    def test_the_dict_is_changed_and_what_is_left_alone_stays_the_same_object(self):
        given = tensors(a=[1, 2], b=3, gone=1)
        b = given["b"]
        report = double(given, select=("a",))
        assert given["a"].numpy().tolist() == [2, 4]
        assert given["b"] is b
        assert report.to_json() == {
            "changes": [
                vars(change("a", "changed", [2], reason="doubled")),
                vars(change("gone", "dropped", [])),
            ],
            "skipped": [],
            "num_unchanged": 1,
            "notes": ["done"],
        }
        json.dumps(report.to_json())

    def test_what_fails_leaves_everything(self):
        given = tensors(a=[1, 2], gone=1)
        before = dict(given)
        with pytest.raises(PassError, match="told to"):
            double(given, fail=True)
        assert given == before

    def test_one_text_is_a_list_of_one(self):
        given = tensors(abc=1, a=2)
        double(given, select="abc")  # type: ignore[arg-type]
        assert {name: int(tensor.numpy()) for name, tensor in given.items()} == {"abc": 2, "a": 2}

    def test_what_was_skipped_is_told(self):
        assert double(tensors(a="text")).skipped == [Skipped("a", "no numbers")]

    def test_any_mutable_mapping_will_do(self):
        given = TensorDict({"a": np.arange(2)})
        double(given)
        assert given["a"].numpy().tolist() == [0, 2]

    def test_arrays_are_tensors_too(self):
        given = {"a": np.arange(2), "b": 3}
        assert double(given, select="a").num_unchanged == 1  # type: ignore[arg-type]
        assert {name: tensor.numpy().tolist() for name, tensor in given.items()} == {"a": [0, 2], "b": 3}  # type: ignore[attr-defined]

    def test_arrays_that_an_edit_leaves_alone_stay_arrays(self):
        array = np.arange(2)
        given = {"a": array}
        assert double(given, select=("a",), fail=False).changes  # type: ignore[arg-type]
        given = {"a": array}
        with pytest.raises(PassError):
            double(given, fail=True)  # type: ignore[arg-type]
        assert given["a"] is array

    @pytest.mark.parametrize("others", [{"a": np.array([9])}, [{"a": np.array([9])}], ({"a": as_tensor([9])},)])
    def test_other_checkpoints_may_be_one_and_of_arrays(self, others):
        for arguments, options in (((others,), {}), ((), {"others": others})):
            given = tensors(a=[1])
            take(given, *arguments, **options)
            assert given["a"].numpy().tolist() == [9]

    @pytest.mark.parametrize("axis", [1, (1,)])
    def test_one_number_is_a_list_of_one(self, axis):
        given = tensors(a=[1])
        other: Any = {"a": np.array([5])}
        take(given, [], axis=axis, other=other)
        assert given["a"].numpy().tolist() == [6]

    def test_what_cannot_be_changed_is_refused_first(self):
        given = MappingProxyType(tensors(a=1))
        with pytest.raises(TypeError, match=r"a dict of tensors is edited, and this is a mappingproxy: dict\(...\)"):
            double(given)  # type: ignore[arg-type]


class TestComparing:
    def test_what_can_become_of_a_tensor(self):
        a, b, c, d = (as_tensor([number]) for number in range(4))
        before = {"same": a, "old": b, "left": c, "gone": d, "cast": a}
        after = {
            "same": a,
            "new": b,
            "left": c,
            "twin": c,
            "cast": as_tensor(np.array([1, 2], np.float32)),
            "made": as_tensor(5),
        }
        report = compare(before, after, Remarks())
        assert report.num_unchanged == 2
        assert {row.name: (row.action, row.was) for row in report.changes} == {
            "new": ("renamed", "old"),
            "twin": ("copied", "left"),
            "cast": ("changed", None),
            "made": ("added", None),
            "gone": ("dropped", None),
        }

    def test_dtype_and_shape_before_are_told_when_they_are_others(self):
        before = tensors(a=[1, 2], b=[1, 2])
        after = tensors(a=[3, 4], b=np.array([[1, 2]], np.float32))
        rows = compare(before, after, Remarks()).changes
        assert [(row.old_dtype, row.old_shape) for row in rows] == [(None, None), ("int64", [2])]

    def test_a_swap_is_two_renames_of_names_that_are_still_there(self):
        a, b = as_tensor(1), as_tensor(2)
        rows = compare({"a": a, "b": b}, {"a": b, "b": a}, Remarks()).changes
        assert [(row.name, row.action, row.was) for row in rows] == [("a", "copied", "b"), ("b", "copied", "a")]


def test_the_object_graph_follows_a_rename():
    @checkpoint_edit
    def move(given) -> Remarks:
        """Give one tensor another key."""
        given["moved"] = given.pop("v")
        return Remarks()

    message = schema.TrackableObjectGraph()
    message.nodes.add().attributes.add(name="VARIABLE_VALUE", checkpoint_key="v")
    given = tensors(v=1, **{OBJECT_GRAPH_KEY: np.array(message.SerializeToString(), object)})
    assert {row.name: row.action for row in move(given).changes} == {"moved": "renamed", OBJECT_GRAPH_KEY: "changed"}
    (text,) = given[OBJECT_GRAPH_KEY].strings()
    assert schema.parse(schema.TrackableObjectGraph, text).nodes[0].attributes[0].checkpoint_key == "moved"


def test_what_is_dropped_is_not_restored_from_another_with_the_same_tensor():
    @checkpoint_edit
    def drop(given) -> Remarks:
        """Drop a tensor."""
        del given["v"]
        return Remarks()

    message = schema.TrackableObjectGraph()
    for key in ("v", "w"):
        message.nodes.add().attributes.add(name="VARIABLE_VALUE", checkpoint_key=key)
    given = tensors(v=1, **{OBJECT_GRAPH_KEY: np.array(message.SerializeToString(), object)})
    given["w"] = given["v"]
    drop(given)
    (text,) = given[OBJECT_GRAPH_KEY].strings()
    nodes = schema.parse(schema.TrackableObjectGraph, text).nodes
    assert [[each.checkpoint_key for each in node.attributes] for node in nodes] == [[], ["w"]]
