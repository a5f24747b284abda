"""Slices put together."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.edits.partition import partition
from graphsurgeon.edits.unpartition import unpartition
from graphsurgeon.errors import PassError
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from tests.edits.values import lists, tensors, told

WHOLE = np.arange(35, dtype=np.int16).reshape(7, 5)


def test_what_is_partitioned_is_put_together(tmp_path):
    given = tensors(w=WHOLE, v=WHOLE, u=WHOLE)
    partition(given, shards=3, select=("w", "v"), axis=1)
    save_checkpoint(given, tmp_path / "a")
    stored = dict(load_checkpoint(tmp_path / "a"))
    u = stored["u"]
    report = unpartition(stored, exclude=("v",))
    assert [row.name for row in report.changes] == ["w"]
    assert stored["u"] is u
    save_checkpoint(stored, tmp_path / "b")
    made = load_checkpoint(tmp_path / "b")
    assert (made["w"].parts, made["u"].parts) == (None, None)
    assert made["v"].parts is not None
    assert all(tensor.numpy().tolist() == WHOLE.tolist() for tensor in made.values())


def test_parts_with_names_of_their_own():
    rows = {f"w__part_{n}": WHOLE[start:stop] for n, (start, stop) in enumerate([(0, 3), (3, 5), (5, 7)])}
    slots = {f"{name}__Adam": value + 100 for name, value in rows.items()}
    given = tensors(**rows, **slots, v=WHOLE)
    report = unpartition(given)
    assert lists(given) == {"w": WHOLE.tolist(), "w/Adam": (WHOLE + 100).tolist(), "v": WHOLE.tolist()}
    assert {row.name: row.reason for row in report.changes if row.action == "dropped"}["w/part_1"] == "part of w"
    assert report.notes == []


def test_more_than_ten_parts_are_in_the_order_of_their_numbers():
    given = tensors(**{f"w__part_{n}": np.array([n]) for n in range(12)})
    unpartition(given)
    assert given["w"].numpy().tolist() == list(range(12))


def test_alike_parts_lie_along_the_first_axis_unless_told_otherwise():
    given = tensors(w__part_0=WHOLE, w__part_1=WHOLE)
    other = dict(given)
    assert unpartition(given).notes == ["joined along axis 0, which their shapes do not tell (`axis` says another): w"]
    assert given["w"].shape == (14, 5)
    assert unpartition(other, axis=-1).notes == []
    assert other["w"].shape == (7, 10)


def test_what_does_not_make_a_whole_is_left_and_named():
    given = tensors(w__part_0=WHOLE, w__part_1=WHOLE[:2, :2], v__part_0=WHOLE, v__part_1=WHOLE, v=WHOLE)
    before = dict(given)
    report = unpartition(given)
    assert "do not lie one behind the other" in told(report)["w"]
    assert told(report)["v"] == "there is a 'v' beside its parts"
    assert given == before
    with pytest.raises(PassError, match="w: its 2 parts do not lie"):
        unpartition(given, select=("w",))


def test_parts_may_be_selected_by_the_name_of_their_whole():
    given = tensors(w__part_0=WHOLE, w__part_1=WHOLE, v__part_0=WHOLE, v__part_1=WHOLE)
    unpartition(dict(given), exclude=("v",))
    unpartition(given, select=("w",))
    assert sorted(given) == ["v/part_0", "v/part_1", "w"]


def test_a_part_that_is_missing_is_named():
    given = tensors(w__part_0=WHOLE, w__part_2=WHOLE)
    report = unpartition(given)
    assert [(each.name, each.reason) for each in report.skipped] == [("w", "part 1 is missing")]
    assert sorted(given) == ["w/part_0", "w/part_2"]
    with pytest.raises(PassError, match="w: part 1 is missing"):
        unpartition(given, select=("w",))


def test_what_all_parts_are_excluded_of_stays():
    given = tensors(w__part_0=WHOLE, w__part_1=WHOLE, v__part_0=WHOLE, v__part_1=WHOLE)
    unpartition(given, exclude=("w/part_.*",))
    assert sorted(given) == ["v", "w/part_0", "w/part_1"]


def test_partition_and_back():
    given = tensors(w=WHOLE, w__Adam=WHOLE + 1)
    partition(given, shards=3, select=(".*",), axis=1, names=True)
    assert sorted(given) == ["w/part_0", "w/part_0/Adam", "w/part_1", "w/part_1/Adam", "w/part_2", "w/part_2/Adam"]
    assert given["w/part_2"].shape == (7, 1)
    unpartition(given)
    assert lists(given) == {"w": WHOLE.tolist(), "w/Adam": (WHOLE + 1).tolist()}
