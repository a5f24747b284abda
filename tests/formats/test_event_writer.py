"""Events are framed and encoded as TensorFlow reads them; `read_events` finds the graph again."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from graphsurgeon.formats.event_writer import EventWriter
from graphsurgeon.formats.events import read_events
from graphsurgeon.tensors.statistics import statistics
from graphsurgeon.tensors.values import ArrayTensor
from proto_utils.wire import fields
from tests import notation


class Bytes:
    """A sink in memory."""

    def __init__(self) -> None:
        self.data = b""
        self.offset = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.data += data
        self.offset = len(self.data)


def records(data: bytes) -> list[bytes]:
    found = []
    while data:
        (nbytes,) = struct.unpack("<Q", data[:8])
        found.append(data[12 : 12 + nbytes])
        data = data[16 + nbytes :]
    return found


def test_events_of_a_log():
    sink = Bytes()
    writer = EventWriter(sink, 5.0)
    writer.histogram("w", statistics(ArrayTensor(np.array([1, 2], np.float32))), 300, 7.0)
    version, histogram = records(sink.data)
    assert version == b"\x09" + struct.pack("<d", 5.0) + b"\x1a\x0dbrain.Event:2"
    found = {field.number: histogram[field.start : field.end] for field in fields(histogram)}
    assert found[1] == struct.pack("<d", 7.0)
    assert found[2] == b"\xac\x02"
    value = found[5][found[5].index(b"\x0a\x01w") :]
    assert value[3:4] == b"\x2a"
    assert struct.pack("<5d", 1, 2, 2, 3, 5)[:8] in value


def test_an_empty_tensor_has_one_bucket():
    sink = Bytes()
    EventWriter(sink, 1.0).histogram("t", statistics(ArrayTensor(np.zeros([0], np.float32))), 0, 1.0)
    wanted = "0a01742a2609ffffffffffffef7f11ffffffffffffefff3208ffffffffffffef7f3a080000000000000000"
    assert records(sink.data)[1].endswith(bytes.fromhex(wanted))


def test_the_graph_is_read_again(tmp_path: Path):
    sink = Bytes()
    model = notation.model("x = Placeholder {dtype: f32}; y = Relu(x)")
    EventWriter(sink, 1.0).graph(model.graph_def_pieces(), 1.0)
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(sink.data)
    assert [node.name for node in read_events(str(path)).graph] == ["x", "y"]
