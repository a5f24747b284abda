"""Fields encode what text says of them."""

from __future__ import annotations

import pytest

from proto_utils import schema
from proto_utils.text_fields import BARE, OPENS, QUOTED, OtherTextError, fields_of
from proto_utils.wire import fields

TENSOR = fields_of(schema.TensorProto.DESCRIPTOR)
ATTR = fields_of(schema.AttrValue.DESCRIPTOR)
VERSIONS = fields_of(schema.VersionDef.DESCRIPTOR)
NODE = fields_of(schema.NodeDef.DESCRIPTOR)
ENTRY = fields_of(schema.NodeDef.DESCRIPTOR.fields_by_name["attr"].message_type)


def test_what_stands_behind_a_name():
    assert (NODE[b"attr"].wants, NODE[b"name"].wants, VERSIONS[b"producer"].wants) == (OPENS, QUOTED, BARE)
    assert (TENSOR[b"float_val"].is_packed, TENSOR[b"string_val"].is_packed) == (True, False)
    assert (NODE[b"attr"].is_map, NODE[b"name"].is_text, TENSOR[b"tensor_content"].is_text) == (True, True, False)
    assert (ENTRY[b"key"].is_key, NODE[b"name"].is_key) == (True, False)


def test_fields_of_which_there_is_one_share_a_bit():
    assert ATTR[b"i"].bit == ATTR[b"tensor"].bit != 0
    assert NODE[b"name"].bit != NODE[b"op"].bit
    assert NODE[b"input"].bit == 0


@pytest.mark.parametrize(
    ("message", "name", "value", "record"),
    [
        (VERSIONS, b"producer", b"300", b"\x08\xac\x02"),
        (VERSIONS, b"producer", b"0", b""),
        (ATTR, b"i", b"0", b"\x18\x00"),
        (ATTR, b"i", b"-1", b"\x18" + b"\xff" * 9 + b"\x01"),
        (ATTR, b"b", b"true", b"\x28\x01"),
        (ATTR, b"type", b"DT_INT32", b"\x30\x03"),
        (ATTR, b"f", b"1.5", b"\x25\x00\x00\xc0\x3f"),
        (TENSOR, b"dtype", b"DT_INVALID", b""),
    ],
)
def test_records(message, name, value, record):
    for _ in range(2):
        assert message[name].record(value) == record


@pytest.mark.parametrize("value", [b"0x1", b"01", b"1.5", b"2147483648", b"-2147483649", b"true", b"", b"+1", b"1_0"])
def test_integers_that_are_not_understood(value):
    with pytest.raises(OtherTextError):
        VERSIONS[b"producer"].record(value)


@pytest.mark.parametrize("value", [b"1e39", b"-1e39", b"infinity", b"-nan", b"1.5f", b"01.5", b".5", b"e5"])
def test_floats_that_are_not_understood(value):
    with pytest.raises(OtherTextError):
        ATTR[b"f"].record(value)


def test_a_run_is_matched_as_far_as_it_goes():
    pattern = TENSOR[b"int_val"].run_pattern
    text = b"\n  int_val: 3\n  int_val: -4\n  int_val: 5.5\n"
    found = pattern.match(text)
    assert found is not None
    assert found.end() == text.index(b"\n  int_val: 5")
    assert TENSOR[b"int_val"].pack([b"3", b"4"]) == b"\x03\x04"


def test_numbers_are_packed_as_their_class_packs_them():
    cls = schema.TensorProto
    for field in cls.DESCRIPTOR.fields:
        if (one := fields_of(cls.DESCRIPTOR).get(field.name.encode())) is not None and one.is_packed:
            message = cls()
            getattr(message, field.name).extend([1, 1])
            (record,) = fields(message.SerializeToString())
            assert record.number == one.number
