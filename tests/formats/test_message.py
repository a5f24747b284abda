"""Files of one message: pieces out, errors with their place, and the 2 GiB that protobuf stops at."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphsurgeon.formats.message import check_message_size, locating, read_message, write_pieces
from graphsurgeon.ir.model import MAX_MESSAGE_NBYTES, Model
from proto_utils import schema
from proto_utils.errors import CorruptionError, LimitError
from proto_utils.files import BytesSource, FileSource, Span
from proto_utils.output import Transaction
from tests.models import floats, frozen


def write(path: Path, pieces) -> bytes:
    with Transaction(overwrite=True) as transaction:
        write_pieces(pieces, transaction.create(path))
    return path.read_bytes()


def test_pieces_are_bytes_spans_and_tensors(tmp_path):
    span = Span(BytesSource(b"0123456789"), 2, 5)
    assert write(tmp_path / "x", [b"ab", span, floats(1.0), b"c"]) == b"ab234\x00\x00\x80\x3fc"


def test_file_may_be_written_over_itself(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"hello")
    assert write(path, [Span(FileSource(path), 1, 5), b"!"]) == b"ello!"


def test_damage_is_located(tmp_path):
    (tmp_path / "x.pb").write_bytes(frozen().SerializeToString()[:-3])
    with pytest.raises(CorruptionError) as caught:
        read_message(tmp_path / "x.pb", None, Model.read_graph_def)
    assert caught.value.path == str(tmp_path / "x.pb")
    assert caught.value.offset is not None


def test_bad_text_is_located_by_line(tmp_path):
    (tmp_path / "x.pbtxt").write_text("node {\n  nmae: 'x'\n}")
    with pytest.raises(CorruptionError, match="line 2, column 3") as caught:
        read_message(tmp_path / "x.pbtxt", schema.GraphDef, Model.read_graph_def)
    assert caught.value.path == str(tmp_path / "x.pbtxt")


def test_path_that_is_known_stays():
    with pytest.raises(CorruptionError) as caught, locating("outer"):
        raise CorruptionError("bad", path="inner")
    assert caught.value.path == "inner"


class Huge:
    nbytes = MAX_MESSAGE_NBYTES

    def chunks(self, nbytes=0):
        raise AssertionError("read although it is too large")


def test_limit_is_said_before_anything_is_read():
    assert check_message_size("GraphDef", [Huge()]) == MAX_MESSAGE_NBYTES
    with pytest.raises(LimitError, match="GraphDef") as caught:
        check_message_size("GraphDef", [Huge(), b"x"])
    assert (caught.value.size, caught.value.limit) == (MAX_MESSAGE_NBYTES + 1, MAX_MESSAGE_NBYTES)
