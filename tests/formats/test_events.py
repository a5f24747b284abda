"""Graphs in event files."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.events import is_events, read_events
from graphsurgeon.formats.load import load
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.files import BytesSource
from tests.encodings import length_delimited as field
from tests.models import frozen


def record(*fields: bytes, time: bytes = b"\x09" + bytes(8)) -> bytes:
    """One record of an event."""
    event = time + b"".join(fields)
    length = len(event).to_bytes(8, "little")
    return length + masked(length) + event + masked(event)


def masked(data: bytes) -> bytes:
    return mask(crc32c(data)).to_bytes(4, "little")


GRAPH = frozen().SerializeToString()
META = field(1, field(5, b"1.15.0")) + field(2, GRAPH)
VERSION = record(field(3, b"brain.Event:2"))


@pytest.fixture
def written(tmp_path: Path):
    def write(*records: bytes) -> str:
        path = tmp_path / "events.out.tfevents.1.host"
        path.write_bytes(b"".join(records))
        return str(path)

    return write


def test_a_meta_graph_comes_before_a_graph(written):
    path = written(VERSION, record(field(9, META)), record(field(4, GRAPH)))
    assert (detect(path).kind, detect(path).prefix) == ("events", None)
    model = load(path)
    assert model.meta is not None
    assert model.meta.meta_info_def.tensorflow_version == "1.15.0"
    assert len(model.graph) == len(frozen().node)


def test_the_last_graph_counts_and_scalars_do_not(written):
    path = written(VERSION, record(field(4, GRAPH)), record(field(5, b"\x0a\x00")), record(field(4, b"")))
    assert len(load(path).graph) == 0
    assert len(load(written(VERSION, record(field(4, GRAPH)))).graph) == len(frozen().node)


def test_a_record_that_is_being_written_is_left_out(written):
    whole = VERSION + record(field(4, GRAPH))
    for cut in (1, 3, 20):
        assert len(load(written(whole, VERSION[:-cut])).graph) == len(frozen().node)


def test_no_graph(written):
    with pytest.raises(UnsupportedError, match="none of which holds a graph"):
        load(written(VERSION))


def test_damage(written):
    path = written(VERSION, record(field(4, GRAPH)))
    data = bytearray(Path(path).read_bytes())
    for position, reason in ((len(data) - 10, "an event's bytes"), (len(VERSION), "the length of a record")):
        damaged = bytearray(data)
        damaged[position] ^= 1
        with pytest.raises(CorruptionError, match=reason):
            read_events(written(bytes(damaged)))


def test_what_is_no_event(written):
    assert is_events(BytesSource(VERSION))
    assert not is_events(BytesSource(record(b"example", time=b"\x0a\x07")))
    assert not is_events(BytesSource(VERSION[:12]))
    assert not is_events(BytesSource(b"\x3e" + VERSION[1:]))


def test_a_directory_with_one_such_file(written, tmp_path):
    path = written(VERSION, record(field(4, GRAPH)))
    assert detect(tmp_path).graph == path
    (tmp_path / "events.out.tfevents.2.host").write_bytes(VERSION)
    with pytest.raises(UnsupportedError, match="2 files of events"):
        detect(tmp_path)
