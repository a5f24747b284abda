"""Records of a run: marks and rows that appear whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphsurgeon.tools.fleet.models import FleetModel
from graphsurgeon.tools.fleet.records import FleetRecords, write_whole
from proto_utils import disk

MODEL, OTHER = FleetModel("a.pb", "out/a"), FleetModel("b.pb", "out/b")


@pytest.fixture
def records(tmp_path: Path) -> FleetRecords:
    made = FleetRecords.of(str(tmp_path / "manifest.jsonl"))
    made.make()
    made.make()
    return made


def test_they_are_hidden_beside_the_manifest(records, tmp_path):
    assert records.directory == str(tmp_path / ".manifest.jsonl.parts")


def test_marks_and_rows_are_of_one_model(records):
    records.begin(MODEL)
    records.begin_saving(MODEL)
    records.finish(MODEL, {"outcome": "done"})
    assert (records.has_begun(MODEL), records.is_saving(MODEL), records.row(MODEL)) == (True, True, {"outcome": "done"})
    assert (records.has_begun(OTHER), records.is_saving(OTHER), records.row(OTHER)) == (False, False, None)


def test_forgotten_models_are_done_again_over_what_they_wrote(records):
    for act in (records.begin, records.begin_saving):
        act(MODEL)
    records.finish(MODEL, {})
    records.forget(MODEL)
    records.forget(OTHER)
    assert (records.has_begun(MODEL), records.is_saving(MODEL), records.row(MODEL)) == (False, True, None)


@pytest.mark.parametrize("text", ["", "[1]", '{"a": '])
def test_a_row_that_cannot_be_read_is_none(records, text):
    records.finish(MODEL, {})
    (path,) = Path(records.directory).iterdir()
    path.write_text(text)
    assert records.row(MODEL) is None


def test_removed(records):
    records.begin(MODEL)
    records.remove_empty()
    assert Path(records.directory).is_dir()
    records.remove()
    records.remove()
    assert not Path(records.directory).exists()


def test_nothing_half_written_stays(tmp_path, monkeypatch):
    write_whole(str(tmp_path / "a"), b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "write", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(str(tmp_path / "a"), b"new")
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("a", b"old")]
