"""Tensors stored in slices."""

from __future__ import annotations

import os

import numpy as np
import pytest

from graphsurgeon.edits.partition import partition
from graphsurgeon.errors import PassError
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from tests.edits.values import tensors

WHOLE = np.arange(70, dtype=np.float64).reshape(7, 10)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_slices_are_read_as_the_whole(tmp_path, axis):
    given = tensors(w=WHOLE)
    partition(given, shards=3, select=("w",), axis=axis)
    save_checkpoint(given, tmp_path / "a")
    made = load_checkpoint(tmp_path / "a")["w"]
    assert made.parts is not None
    lengths = [box[axis][1] - box[axis][0] for box, _ in made.parts]
    assert lengths == ([3, 2, 2] if axis == 0 else [4, 3, 3])
    assert made.numpy().tolist() == WHOLE.tolist()


def test_slices_along_the_first_axis_are_linked(tmp_path):
    save_checkpoint(tensors(w=WHOLE), tmp_path / "a")
    given = dict(load_checkpoint(tmp_path / "a"))
    partition(given, shards=2, select=("w",))
    save_checkpoint(given, tmp_path / "b", links="hard")
    assert os.path.samefile(*(tmp_path / f"{name}.data-00000-of-00001" for name in "ab"))
    assert load_checkpoint(tmp_path / "b")["w"].numpy().tolist() == WHOLE.tolist()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"shards": 8}, "8 slices of an axis of length 7"),
        ({"shards": 0}, "0 slices of an axis of length 7"),
        ({"shards": 2, "axis": 2}, "no axis 2 in a tensor of rank 2"),
    ],
)
def test_what_is_refused(options, reason):
    with pytest.raises(PassError, match=reason):
        partition(tensors(w=WHOLE), select=("w",), **options)


def test_names_of_their_own_that_are_taken():
    with pytest.raises(PassError, match="w/part_1: that name is taken"):
        partition(tensors(w=WHOLE, w__part_1=WHOLE), shards=2, select=("w",), names=True)
