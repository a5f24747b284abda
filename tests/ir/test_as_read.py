"""Messages as they were read: told by a hash, written as the bytes they came as."""

from __future__ import annotations

from graphsurgeon.ir.as_read import AsRead
from proto_utils import schema

# The producer in front of the consumer, which is not how we write it.
ODD = b"\x22\x04\x10\x01\x08\x02"
USUAL = b"\x22\x04\x08\x02\x10\x01"


def test_a_message_is_written_as_it_was_read_until_it_is_edited():
    message = schema.GraphDef.FromString(ODD)
    as_read = AsRead(message, ODD)
    assert as_read.is_of(message)
    assert as_read.bytes_of(message) == ODD
    message.versions.producer = 3
    assert not as_read.is_of(message)
    assert as_read.bytes_of(message) == b"\x22\x04\x08\x03\x10\x01"
    message.versions.producer = 2
    assert as_read.bytes_of(message) == ODD


def test_a_message_that_is_written_as_it_was_read():
    message = schema.GraphDef.FromString(USUAL)
    as_read = AsRead(message, USUAL)
    assert as_read.is_of(message)
    assert as_read.bytes_of(message) == USUAL
    message.versions.producer = 3
    assert not as_read.is_of(message)


def test_what_was_never_read():
    assert AsRead(None, None).bytes_of(None) == b""
    assert not AsRead(None, None).is_of(schema.GraphDef())
    assert not AsRead(schema.GraphDef(), b"").is_of(None)
    assert AsRead(None, None).source_of(None) is None


def test_a_copy_knows_the_same():
    for read in (ODD, USUAL):
        message = schema.GraphDef.FromString(read)
        again = AsRead(message, AsRead(message, read).source_of(message))
        assert again.is_of(message)
        assert again.bytes_of(message) == read
    edited = AsRead(schema.GraphDef.FromString(USUAL), USUAL)
    assert not AsRead(schema.GraphDef(), edited.source_of(schema.GraphDef())).is_of(schema.GraphDef())
