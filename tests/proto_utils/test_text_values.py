"""Long values of a text are decoded a part at a time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proto_utils.errors import ChangedError
from proto_utils.files import FileSource
from proto_utils.text_values import TextPart, TextValue, packed_by, unescape

TEXT = b'x: "ab\\001\\002" "cd\\n"'


@pytest.mark.parametrize(
    ("text", "data"), [(b"plain", b"plain"), (b"\\000\\377\\7", b"\x00\xff\x07"), (b"\\x41\\\\\\\"\\'\\n", b"A\\\"'\n")]
)
def test_unescape(text, data):
    assert unescape(text) == data


def test_packed_by_takes_what_stands_behind_names():
    assert packed_by(b"|".join)(b"\n  a: 1\n  a: -2.5") == b"1|-2.5"


@given(start=st.integers(0, 7), end=st.integers(0, 7))
def test_every_range(tmp_path_factory, start, end):
    path = tmp_path_factory.getbasetemp() / "values"
    path.write_bytes(TEXT)
    value = TextValue(FileSource(path), unescape, [TextPart(4, 10, 3), TextPart(10, 14, 1), TextPart(17, 21, 3)])
    assert value.nbytes == 7
    assert b"".join(value.chunks()) == b"ab\x01\x02cd\n"
    assert b"".join(value.ranges(start, end)) == b"ab\x01\x02cd\n"[start:end]


def test_only_the_parts_of_a_range_are_read(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_bytes(TEXT)
    source = FileSource(path)
    value = TextValue(source, unescape, [TextPart(4, 10, 3), TextPart(10, 14, 1), TextPart(17, 21, 3)])
    read = []

    def part(start: int, end: int) -> bytes:
        read.append((start, end))
        return TEXT[start:end]

    monkeypatch.setattr(source, "read", part)
    assert list(value.ranges(3, 4)) == [b"\x02"]
    assert read == [(10, 14)]


@pytest.mark.parametrize("text", [TEXT + b" ", TEXT.replace(b"\\001", b"0001")])
def test_text_that_changes_is_noticed(tmp_path, text):
    path = tmp_path / "x"
    path.write_bytes(TEXT)
    value = TextValue(FileSource(path), unescape, [TextPart(4, 10, 3)])
    path.write_bytes(text)
    with pytest.raises(ChangedError):
        list(value.chunks())
