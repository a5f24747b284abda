"""The fields of messages as text names them: how the value of each is encoded.

What text says in an uncommon way (an integer in hexadecimal, an enum by its number, a text in pieces) is not understood
here but said to be so, `OtherTextError`; protobuf's own parser takes it then.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from proto_utils.varint import encode_varint
from proto_utils.wire import I32, I64, VARINT, tag

#: What stands behind the name of a field: a message, a text in quotes, a number or a word.
OPENS, QUOTED, BARE = 1, 2, 3

_INTEGER = rb"-?(?:0|[1-9][0-9]*)"
_NUMBER = rb"-?(?:inf|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?)|nan"
#: The numbers that descriptor.proto gives to types of integers, and their ranges.
_INTEGERS = {3: (-(1 << 63), 1 << 63), 4: (0, 1 << 64), 5: (-(1 << 31), 1 << 31), 13: (0, 1 << 32)}
_DOUBLE, _FLOAT, _BOOL, _STRING, _MESSAGE, _BYTES, _ENUM = 1, 2, 8, 9, 11, 12, 14
_FLOATS = {_DOUBLE: ("d", I64), _FLOAT: ("f", I32)}
_WORDS = {b"false": 0, b"true": 1}
#: So many records of a field are kept for the next time; numbers of steps or sizes are often the same.
_MAX_KEPT = 1024
_UINT64 = (1 << 64) - 1


class OtherTextError(Exception):
    """The text says something in a way that is not understood here, or that is wrong."""


class TextField:
    """One field of a message.

    Attributes
    ----------
    wants : int
        What must stand behind its name: `OPENS`, `QUOTED` or `BARE`.
    number : int
    bit : int
        Shared by the fields of which a message has one at most; 0 of a repeated field.
    is_packed : bool
        Whether its values stand in one record.
    is_text, is_map, is_key : bool
        Whether its bytes must be UTF-8, whether it is a map, whether it is the key of an entry of one.
    keeps_default : bool
        Whether a value that is the default is written.
    """

    def __init__(self, field: Any, bit: int, *, is_entry: bool, is_repeated: bool) -> None:
        kind = field.type
        self.number: int = field.number
        self.wants = OPENS if kind == _MESSAGE else QUOTED if kind in (_STRING, _BYTES) else BARE
        self.bit = bit
        # As in all files of syntax 3 that do not say otherwise.
        self.is_packed = is_repeated and self.wants == BARE
        self.is_text = kind == _STRING
        self.is_key = is_entry and self.number == 1
        self.keeps_default = is_entry or is_repeated or bool(field.has_presence)
        self.message_type: Any = field.message_type
        self.is_map = self.message_type is not None and bool(self.message_type.GetOptions().map_entry)
        self.name: str = field.name
        self._numbers = _numbers_of(field) if self.wants == BARE else None
        self._kept: dict[bytes, bytes] = {}

    def record(self, value: bytes) -> bytes:
        """Return the record of a number or a word; empty when it is the default, which need not be written."""
        kept = self._kept.get(value)
        if kept is None:
            kept = self._record(value)
            if len(self._kept) < _MAX_KEPT:
                self._kept[value] = kept
        return kept

    def pack(self, values: Iterable[bytes]) -> bytes:
        """Return numbers or words as they are in a packed record."""
        numbers = self._numbers
        if numbers is None:
            raise OtherTextError
        return numbers.pack([numbers.parse(value) for value in values])

    @cached_property
    def run_pattern(self) -> re.Pattern[bytes]:
        """What matches more values of a packed field, each behind its name."""
        value = b"" if self._numbers is None else self._numbers.pattern
        return re.compile(rb"(?:\s+" + self.name.encode() + rb":\s+(?:" + value + rb")(?=\s))*")

    def _record(self, value: bytes) -> bytes:
        encoded = self.pack([value])
        if not self.keeps_default and not any(encoded):
            return b""
        assert self._numbers is not None
        return tag(self.number, self._numbers.wire_type) + encoded


class _Numbers:
    """How the numbers of one type are read from text and encoded."""

    def __init__(
        self, pattern: bytes, parse: Callable[[bytes], Any], pack: Callable[[list[Any]], bytes], wire_type: int = VARINT
    ) -> None:
        self.pattern = pattern
        self.wire_type = wire_type
        self.pack = pack
        self._parse = parse
        self._matches = re.compile(pattern).fullmatch

    def parse(self, value: bytes) -> Any:
        if self._matches(value) is None:
            raise OtherTextError
        return self._parse(value)


def _numbers_of(field: Any) -> _Numbers | None:
    kind = field.type
    if kind in _INTEGERS:
        first, end = _INTEGERS[kind]
        return _Numbers(_INTEGER, int, lambda numbers: _pack_integers(numbers, first, end))
    if kind in _FLOATS:
        letter, wire_type = _FLOATS[kind]
        return _Numbers(_NUMBER, float, lambda numbers: _pack_floats(numbers, letter), wire_type)
    if kind == _BOOL:
        return _words(_WORDS)
    if kind == _ENUM:
        return _words({name.encode(): value.number for name, value in field.enum_type.values_by_name.items()})
    return None


def _words(words: dict[bytes, int]) -> _Numbers:
    pattern = b"|".join(sorted(map(re.escape, words), reverse=True))
    return _Numbers(pattern, words.__getitem__, lambda numbers: _pack_integers(numbers, -(1 << 31), 1 << 31))


def _pack_integers(numbers: list[int], first: int, end: int) -> bytes:
    if not (first <= min(numbers) and max(numbers) < end):
        raise OtherTextError
    return b"".join([encode_varint(number & _UINT64) for number in numbers])


def _pack_floats(numbers: list[float], letter: str) -> bytes:
    try:
        return struct.pack(f"<{len(numbers)}{letter}", *numbers)
    except OverflowError:
        raise OtherTextError from None


def fields_of(descriptor: Any) -> dict[bytes, TextField]:
    """Return the fields of a message by their names in text, without those of types that no message of ours has."""
    is_entry = bool(descriptor.GetOptions().map_entry)
    bits: dict[str, int] = {}
    found = {}
    for field in descriptor.fields:
        is_repeated = _is_repeated(field)
        shared = field.containing_oneof
        name = field.name if shared is None else f"oneof {shared.name}"
        bit = 0 if is_repeated else bits.setdefault(name, 1 << len(bits))
        one = TextField(field, bit, is_entry=is_entry, is_repeated=is_repeated)
        if one.wants != BARE or one._numbers is not None:
            found[field.name.encode()] = one
    return found


def _is_repeated(field: Any) -> bool:
    repeated = getattr(field, "is_repeated", None)
    return bool(repeated) if repeated is not None else bool(field.label == field.LABEL_REPEATED)
