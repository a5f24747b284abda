"""Payloads go back to where they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proto_utils import schema
from proto_utils.files import BytesSource, Span
from proto_utils.skeleton import Layout, strip
from proto_utils.splice import Insertion, Piece, Records, insert, join, total_nbytes
from proto_utils.wire import len_header


def record(number: int, payload: bytes) -> bytes:
    return len_header(number, len(payload)) + payload


def joined(pieces: list[Piece]) -> bytes:
    return b"".join(piece if isinstance(piece, bytes) else b"".join(map(bytes, piece.chunks())) for piece in pieces)


def span(data: bytes) -> Span:
    return Span(BytesSource(data), 0, len(data))


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        (b"", record(4, b"pay")),
        (record(3, b"a"), record(3, b"a") + record(4, b"pay")),
        (record(5, b"a"), record(4, b"pay") + record(5, b"a")),
        (record(4, b"a") + record(7, b"b"), record(4, b"a") + record(4, b"pay") + record(7, b"b")),
        (record(9, b"a") + record(1, b"b"), record(4, b"pay") + record(9, b"a") + record(1, b"b")),
    ],
    ids=["alone", "last", "first", "between", "before the first higher"],
)
def test_a_payload_stands_before_the_first_higher_field(message: bytes, wanted: bytes):
    pieces = insert(message, [Insertion((), 4, [span(b"pay")])])
    assert joined(pieces) == wanted
    assert total_nbytes(pieces) == len(wanted)


def test_several_of_one_field_keep_their_order_and_parts_are_one_record():
    pieces = insert(
        b"", [Insertion((), 4, [span(b"a")]), Insertion((), 2, [b"x", span(b"y")]), Insertion((), 4, [b"b"])]
    )
    assert joined(pieces) == record(2, b"xy") + record(4, b"a") + record(4, b"b")


def test_the_way_leads_through_map_keys():
    entries = [record(5, record(1, key) + record(2, record(3, b"v"))) for key in (b"a", b"b", b"c")]
    pieces = insert(b"".join(entries), [Insertion([(5, "b"), (2, None)], 4, [span(b"pay")])])
    entries[1] = record(5, record(1, b"b") + record(2, record(3, b"v") + record(4, b"pay")))
    assert joined(pieces) == b"".join(entries)


def test_payloads_are_not_copied():
    payload = span(bytes(5_000_000))
    pieces = insert(record(1, b"head"), [Insertion((), 4, [payload])])
    assert payload in pieces
    assert sum(len(piece) for piece in pieces if isinstance(piece, bytes)) < 20


@given(st.binary(max_size=20), st.integers(0, 3000), st.integers(0, 3000), st.booleans())
def test_insert_undoes_strip(head: bytes, first: int, second: int, twice: bool):
    layout = Layout({2: Layout(payloads=(4, 6))}, is_entry=True)
    child = record(3, head) + record(4, b"p" * first) + record(4, b"r" * first) * twice + record(6, b"q" * second)
    raw = record(1, b"key") + record(2, child + record(7, b"end"))
    skeleton, payloads = strip(BytesSource(raw), 0, len(raw), layout)
    insertions = [Insertion([(2, None)], p.number, [p.span]) for p in payloads]
    assert joined(insert(skeleton, insertions)) == raw


def test_the_result_is_protobufs_own():
    whole = schema.TensorProto(dtype=1, tensor_content=b"p" * 2000, version_number=3)
    skeleton = schema.TensorProto(dtype=1, version_number=3)
    pieces = insert(schema.serialize(skeleton), [Insertion((), 4, [span(b"p" * 2000)])])
    assert joined(pieces) == schema.serialize(whole)


@given(st.integers(1, 20), st.lists(st.binary(max_size=200)))
def test_records_are_headers_and_payloads(number: int, payloads: list[bytes]):
    records = Records(number, payloads)
    assert b"".join(records.chunks()) == b"".join(record(number, payload) for payload in payloads)
    assert records.nbytes == sum(map(len, records.chunks()))


def test_records_come_some_at_a_time():
    assert [chunk.count(b"x") for chunk in Records(1, [b"x"] * 2500).chunks()] == [1024, 1024, 452]


def test_records_of_a_field_are_left_out_for_others():
    message = schema.serialize(schema.NodeDef(name="n", op="Add", input=["a", "b"], device="d"))
    made = join(insert(message, [Insertion((), 3, [b"c"])], without=3))
    assert made == schema.serialize(schema.NodeDef(name="n", op="Add", input=["c"], device="d"))
    assert join(insert(message, [], without=9)) == message
