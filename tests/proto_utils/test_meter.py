"""Bytes of files are counted where they move, whoever moves them."""

from __future__ import annotations

from pathlib import Path

import pytest

from proto_utils import files, meter
from proto_utils.files import FileSource, ReopenedSource
from proto_utils.output import Transaction
from tests.metering import Counted


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    counted = Counted()
    monkeypatch.setattr(meter, "observer", counted)
    return counted


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "x").write_bytes(bytes(1000))
    return tmp_path / "x"


@pytest.mark.parametrize("kind", [FileSource, ReopenedSource])
def test_reading_is_counted(counted: Counted, file: Path, kind: type[FileSource]):
    source = kind(file)
    source.read(0, 10)
    list(source.chunks(0, 1000, 64))
    assert counted.num_read == 1010


def test_reading_ahead_is_counted_by_who_takes_the_pieces(counted: Counted, file: Path, monkeypatch):
    monkeypatch.setattr(files, "READ_AHEAD_NBYTES", 100)
    pieces = FileSource(file).chunks(0, 1000, 64)
    next(pieces)
    assert counted.num_read == 64
    list(pieces)
    assert counted.num_read == 1000


def test_writing_is_counted(counted: Counted, tmp_path: Path):
    with Transaction(tmp_path / "y") as transaction:
        sink = transaction.create(tmp_path / "y")
        sink.write(bytes(1 << 20))
        assert counted.num_written == 1 << 20
        sink.write(bytes(7))
    assert counted.num_written == (1 << 20) + 7


def test_a_mark_is_a_piece_of_no_bytes_that_tells_a_name(counted: Counted):
    mark = meter.Mark("conv/weights")
    assert (mark.nbytes, counted.names) == (0, [])
    assert list(mark.chunks()) == []
    assert counted.names == ["conv/weights"]


def test_what_is_to_come_is_told(counted: Counted):
    meter.expect(5)
    meter.expect(6, written=True)
    assert counted.expected == [(5, False), (6, True)]


def test_nobody_need_observe():
    assert meter.observer is None
    meter.expect(5)
    meter.at("x")
