r"""Values of a protobuf text that stay in its file: where they are, and how they are decoded when they are read.

::

    tensor_content: "\000\000\200?..."       a text in quotes, decoded to bytes
    float_val: 1.5                            a run of numbers, each behind the name of their field,
    float_val: 2.5                            decoded to a packed record

A value is cut into parts, so that any range of it can be decoded without what is before it.
"""

from __future__ import annotations

import codecs
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate

from proto_utils.errors import ChangedError
from proto_utils.files import FileSource
from proto_utils.named_tuple import NamedTuple

#: Decodes a part of the text.
Decode = Callable[[bytes], bytes]


class TextPart(NamedTuple):
    """A part of a value: where it is in the text, and how many bytes it is when it is decoded."""

    start: int
    end: int
    nbytes: int


class TextValue:
    """A value that is decoded from the text whenever it is read.

    Parameters
    ----------
    source : FileSource
        The text.
    decode : callable
    parts : list of TextPart
        In order.
    """

    __slots__ = ("_decode", "_ends", "_parts", "_source", "nbytes")

    def __init__(self, source: FileSource, decode: Decode, parts: list[TextPart]) -> None:
        self._source = source
        self._decode = decode
        self._parts = parts
        self._ends = list(accumulate(part.nbytes for part in parts))
        self.nbytes = self._ends[-1]

    def chunks(self) -> Iterator[bytes]:
        """Yield all decoded bytes in order, a part at a time."""
        return self.ranges(0, self.nbytes)

    def ranges(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the decoded bytes of ``[start, end)`` in order, a part at a time.

        Raises
        ------
        ChangedError
            The text was written to since it was parsed.
        """
        for index in range(bisect_right(self._ends, start), len(self._parts)):
            part, last = self._parts[index], self._ends[index]
            first = last - part.nbytes
            if first >= end:
                break
            data = self._decode(self._source.read(part.start, part.end))
            self._source.require_unchanged()
            if len(data) != part.nbytes:
                raise ChangedError("was written to since it was read", path=self._source.path, offset=part.start)
            yield data[max(start - first, 0) : end - first]


def unescape(text: bytes) -> bytes:
    """Decode a text between quotes whose escapes have been looked at."""
    return codecs.escape_decode(text)[0] if b"\\" in text else text


def packed_by(pack: Callable[[list[bytes]], bytes]) -> Decode:
    """Return what decodes a run of numbers, each behind a name, given what packs them."""
    return lambda text: pack(text.split()[1::2])
