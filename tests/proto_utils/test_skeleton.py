"""Payloads stay in the file, and what is irregular is left to protobuf."""

from __future__ import annotations

import pytest

from proto_utils import schema
from proto_utils.errors import CorruptionError
from proto_utils.files import BytesSource, Window
from proto_utils.skeleton import LONG_NBYTES, Layout, next_record, strip
from proto_utils.wire import END_GROUP, START_GROUP, VARINT, len_header, tag

# message { 1: key or name, 2: child message with payloads in 4 and 5, 7: plain }
CHILD = Layout(payloads=(4, 5))
PLAIN = Layout({2: CHILD})
ENTRY = Layout({2: CHILD}, is_entry=True)
LONG = b"p" * 3000


def record(number: int, payload: bytes) -> bytes:
    return len_header(number, len(payload)) + payload


class CountingSource(BytesSource):
    """Remembers which bytes were read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data, "file.pb")
        self.touched = bytearray(len(data))

    def read(self, start: int, end: int) -> bytes:
        self.touched[start:end] = b"\1" * (end - start)
        return super().read(start, end)


def test_a_short_message_is_kept_whole():
    raw = record(2, record(4, b"x" * (LONG_NBYTES - 20)))
    assert strip(BytesSource(raw), 0, len(raw), PLAIN) == (raw, [])


def test_payloads_are_left_out_and_lengths_made_anew():
    raw = record(1, b"key") + record(2, record(3, b"a") + record(4, LONG) + record(6, b"b")) + record(7, b"z")
    skeleton, payloads = strip(BytesSource(b"??" + raw), 2, 2 + len(raw), PLAIN)
    assert skeleton == record(1, b"key") + record(2, record(3, b"a") + record(6, b"b")) + record(7, b"z")
    assert [(p.keys, p.number, p.span.read()) for p in payloads] == [((), 4, LONG)]


def test_a_map_entry_gives_its_key_wherever_it_stands():
    value = record(2, record(4, LONG))
    for raw in (record(1, "clé".encode()) + value, value + record(1, "clé".encode())):
        _, payloads = strip(BytesSource(raw), 0, len(raw), ENTRY)
        assert [p.keys for p in payloads] == [("clé",)]


def test_a_map_entry_without_key_has_the_empty_one():
    raw = record(2, record(4, LONG))
    assert strip(BytesSource(raw), 0, len(raw), ENTRY)[1][0].keys == ("",)


def test_payloads_are_not_touched():
    huge = bytes(10_000_000)
    raw = record(1, b"key") + record(2, record(3, b"a") + record(4, huge) + record(5, huge)) + record(7, b"z")
    source = CountingSource(raw)
    _, payloads = strip(source, 0, len(raw), ENTRY)
    assert [p.span.nbytes for p in payloads] == [len(huge)] * 2
    assert sum(source.touched) < 20_000


@pytest.mark.parametrize(
    "raw",
    [
        record(1, b"k") + record(2, record(4, LONG)) + record(2, record(3, b"more")),
        record(1, b"k") + record(2, record(4, LONG)) + record(1, b"other"),
        record(1, b"k") + record(2, record(4, LONG) + tag(5, VARINT) + b"\x01"),
        record(1, b"k") + record(2, record(4, LONG) + b"\x38\x01" * 5000),
    ],
    ids=["value twice", "key twice", "unpacked numbers", "many records"],
)
def test_what_no_writer_writes_is_kept_whole(raw: bytes):
    assert strip(BytesSource(raw), 0, len(raw), ENTRY) == (raw, [])


@pytest.mark.parametrize("bad", [b"\x00\x00", b"\x0f", b"\x0c", b"\x0b\x08\x01", tag(3, START_GROUP) * 500])
def test_impossible_records_are_corruption_and_say_where(bad: bytes):
    raw = record(1, b"key") + record(2, record(3, LONG)) + bad
    with pytest.raises(CorruptionError) as caught:
        strip(BytesSource(raw, "f.pb"), 0, len(raw), ENTRY)
    assert (caught.value.path, caught.value.offset) == ("f.pb", len(raw) - len(bad))


def test_a_record_past_its_message_is_corruption():
    raw = record(1, b"k") + record(2, len_header(4, 5000) + LONG)
    with pytest.raises(CorruptionError, match="its message ends at"):
        strip(BytesSource(raw + bytes(9000)), 0, len(raw), ENTRY)


def test_a_key_that_is_not_utf_8_is_corruption():
    raw = record(1, b"\xff") + record(2, record(4, LONG))
    with pytest.raises(CorruptionError, match="not UTF-8"):
        strip(BytesSource(raw), 0, len(raw), ENTRY)


def test_groups_are_skipped_without_reading_on():
    group = tag(9, START_GROUP) + tag(8, START_GROUP) + record(1, b"x") + tag(8, END_GROUP) + tag(9, END_GROUP)
    source = CountingSource(group + record(4, bytes(5_000_000)))
    window = Window(source, 64)
    first = next_record(window, 0, source.size)
    assert (first.number, first.end) == (9, len(group))
    assert next_record(window, first.end, source.size).number == 4
    assert sum(source.touched) < 200


def test_every_truncation_is_corruption_or_a_shorter_message():
    value = record(1, b"key") + record(2, record(3, b"a") + record(4, b"p" * 1200) + tag(6, VARINT) + b"\x96\x01")
    ends = {0, len(record(1, b"key")), len(value)}
    for length in range(len(value) + 1):
        source = BytesSource(value[:length])
        try:
            strip(source, 0, length, ENTRY)
        except CorruptionError:
            assert length not in ends
        else:
            # Short messages are not looked into: protobuf does that.
            assert length in ends or length < LONG_NBYTES


def test_the_skeleton_is_what_protobuf_parses():
    proto = schema.TensorProto(dtype=1, tensor_content=LONG, version_number=3)
    proto.tensor_shape.dim.add(size=750)
    raw = schema.serialize(proto)
    skeleton, payloads = strip(BytesSource(raw), 0, len(raw), CHILD)
    proto.ClearField("tensor_content")
    assert schema.parse(schema.TensorProto, skeleton) == proto
    assert payloads[0].span.read() == LONG
