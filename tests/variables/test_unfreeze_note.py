"""What unfreezing notes for freezing. That TensorFlow carries it along is proven in tests/tf/test_unfreeze_meta.py."""

from __future__ import annotations

import json

import pytest

from graphsurgeon.errors import CorruptionError
from graphsurgeon.variables.unfreeze_note import COLLECTION, ConstantNote, UnfreezeNote
from proto_utils import schema

NOTE = UnfreezeNote(
    {
        "w": ConstantNote(rewired=[["z", 0], ["y", 1]]),
        "v": ConstantNote(read="v/read", controls=["^x", "^y"], anchors=["v/Enter", "v/Identity"]),
    },
    {"g": "CustomGradient-1", "body/g": "CustomGradient-2"},
)


def written(*notes: UnfreezeNote) -> schema.MetaGraphDef:
    meta = schema.MetaGraphDef()
    for note in notes:
        note.write(meta)
    return meta


def with_data(data: bytes) -> schema.MetaGraphDef:
    meta = schema.MetaGraphDef()
    meta.collection_def[COLLECTION].bytes_list.value.append(data)
    return meta


def test_read_as_written():
    assert UnfreezeNote.read(written(NOTE)).to_json() == NOTE.to_json()


def test_what_is_empty_takes_no_room():
    (data,) = written(NOTE).collection_def[COLLECTION].bytes_list.value
    assert json.loads(data)["constants"]["w"] == {"rewired": [["z", 0], ["y", 1]]}


def test_notes_of_several_runs_count_together():
    second = UnfreezeNote({"u": ConstantNote(read="u/read")}, {"h": "CustomGradient-3"})
    both = UnfreezeNote.read(written(NOTE, second))
    assert list(both.constants) == ["w", "v", "u"]
    assert list(both.gradient_op_type) == ["g", "body/g", "h"]


@pytest.mark.parametrize("meta", [None, schema.MetaGraphDef()])
def test_no_note(meta):
    assert UnfreezeNote.read(meta).to_json() == UnfreezeNote().to_json()


def test_a_note_that_went_under_a_name_scope():
    (data,) = written(NOTE).collection_def[COLLECTION].bytes_list.value
    note = UnfreezeNote.read(with_data(b"a/b/" + data))
    assert note.to_json()["constants"] == {
        "a/b/w": {"rewired": [["a/b/z", 0], ["a/b/y", 1]]},
        "a/b/v": {"read": "a/b/v/read", "controls": ["^a/b/x", "^a/b/y"], "anchors": ["a/b/v/Enter", "a/b/v/Identity"]},
    }
    assert note.gradient_op_type["a/b/g"] == "CustomGradient-1"
    assert note.gradient_op_type["body/g"] == "CustomGradient-2"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"no json",
        b"\xff{",
        b'{"constants": 3, "gradient_op_type": {}}',
        b'{"constants": {"w": {"what": 1}}}',
    ],
)
def test_a_damaged_note(data):
    with pytest.raises(CorruptionError, match=COLLECTION):
        UnfreezeNote.read(with_data(data))


def test_what_contexts_needed():
    assert UnfreezeNote().is_empty
    note = UnfreezeNote()
    note.passed, note.swapped = {"a:1": "b", "c": "d:1"}, ["m"]
    assert not note.is_empty
    meta = schema.MetaGraphDef()
    note.write(meta)
    read = UnfreezeNote.read(meta)
    assert (read.passed, read.swapped) == (note.passed, note.swapped)
    values = meta.collection_def[COLLECTION].bytes_list.value
    values[0] = b"scope/" + values[0]
    read = UnfreezeNote.read(meta)
    assert (read.passed, read.swapped) == ({"scope/a:1": "scope/b", "scope/c": "scope/d:1"}, ["scope/m"])
    read.keep({"scope/a", "scope/b", "scope/c", "scope/m"}.__contains__)
    assert (read.passed, read.swapped) == ({"scope/a:1": "scope/b"}, ["scope/m"])
