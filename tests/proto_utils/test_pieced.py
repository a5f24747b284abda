"""Pieces in memory and elsewhere are one source."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proto_utils.errors import CorruptionError
from proto_utils.files import FileSource, Span
from proto_utils.pieced import PiecedSource

WHOLE = b"0123456789abcdef"


class Elsewhere:
    """Bytes that are counted when they are read."""

    def __init__(self, data: bytes) -> None:
        self.data, self.nbytes, self.num_read = data, len(data), 0

    def chunks(self):
        return self.ranges(0, self.nbytes)

    def ranges(self, start: int, end: int):
        for position in range(start, end, 3):
            part = self.data[position : min(position + 3, end)]
            self.num_read += len(part)
            yield part


@pytest.fixture
def file(tmp_path) -> FileSource:
    path = tmp_path / "x"
    path.write_bytes(b"x")
    return FileSource(path)


@given(start=st.integers(0, 16), end=st.integers(0, 16), nbytes=st.integers(1, 20))
def test_every_range(tmp_path_factory, start, end, nbytes):
    path = tmp_path_factory.getbasetemp() / "x"
    path.write_bytes(b"x")
    pieces: list[Any] = [WHOLE[:2], Elsewhere(WHOLE[2:9]), b"", Elsewhere(b""), Elsewhere(WHOLE[9:10]), WHOLE[10:]]
    source = PiecedSource(pieces, FileSource(path))
    assert source.size == 16
    assert source.read(start, end) == WHOLE[start:end]
    chunks = [bytes(chunk) for chunk in source.chunks(start, end, nbytes)]
    assert b"".join(chunks) == WHOLE[start:end]
    assert all(len(chunk) <= nbytes for chunk in chunks)


def test_nothing_is_read_but_what_is_asked_for(file):
    first, second = Elsewhere(b"a" * 30), Elsewhere(b"b" * 30)
    source = PiecedSource([first, b"c", second], file)
    assert source.read(28, 33) == b"aacbb"
    assert (first.num_read, second.num_read) == (2, 2)


def test_past_the_end(file):
    source = PiecedSource([b"abc"], file)
    for read in (source.read, lambda start, end: list(source.chunks(start, end))):
        with pytest.raises(CorruptionError, match="ends at byte 3, 4 is wanted"):
            read(0, 4)


def test_copies_share_it_and_a_pickle_holds_its_bytes(file):
    source = PiecedSource([b"abc", Elsewhere(b"def")], file)
    assert copy.deepcopy(Span(source, 1, 3)).source is source
    assert pickle.loads(pickle.dumps(source)).read(1, 6) == b"bcdef"
