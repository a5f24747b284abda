"""Writing a message whose long payloads are not in it: the inverse of `skeleton.strip`.

The result is a list of pieces, bytes and things with bytes (spans, tensors), that
a writer sends to a file one after the other; the payloads pass through no message.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Protocol

from proto_utils.wire import LEN, fields, len_header

# Records that are written together.
_BATCH = 1024


class Chunked(Protocol):
    """Something with a known number of bytes that yields them in chunks."""

    @property
    def nbytes(self) -> int:
        """Length in bytes."""
        ...

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Yield the bytes in order."""
        ...


Piece = bytes | Chunked


class Records:
    """Records of one field, whose payloads are in memory; their headers are made when they are written.

    Many small pieces in one: nothing here costs a step of Python for each.
    """

    __slots__ = ("_header", "_payloads", "nbytes")

    def __init__(self, number: int, payloads: Sequence[bytes]) -> None:
        self._payloads = payloads
        self._header = partial(len_header, number)
        sizes = list(map(len, payloads))
        self.nbytes = sum(sizes) + sum(map(len, map(self._header, sizes)))

    def chunks(self) -> Iterator[bytes]:
        """Yield the records, some at a time."""
        for start in range(0, len(self._payloads), _BATCH):
            payloads = self._payloads[start : start + _BATCH]
            headers = map(self._header, map(len, payloads))
            yield b"".join(chain.from_iterable(zip(headers, payloads, strict=True)))


class Insertion:
    """A payload to be put into a message.

    Parameters
    ----------
    path : sequence of (int, str or None)
        The fields to descend through; for an entry of a map, with its key.
    number : int
        The payload's field number.
    parts : sequence of Piece
        Its bytes, in one LEN record.
    """

    def __init__(self, path: Sequence[tuple[int, str | None]], number: int, parts: Sequence[Piece]) -> None:
        self.path = tuple(path)
        self.number = number
        self.parts = list(parts)


def join(pieces: Iterable[Piece]) -> bytes:
    """Return pieces as the bytes they are, payloads included."""
    return b"".join(p if isinstance(p, bytes) else b"".join(map(bytes, p.chunks())) for p in pieces)


def insert(message: bytes, insertions: Sequence[Insertion], *, without: int | None = None) -> list[Piece]:
    """Put payloads into a serialized skeleton.

    Parameters
    ----------
    message : bytes
    insertions : sequence of Insertion
        Those that share a path and number are written as several records, in order.
    without : int, optional
        The number of a field whose records in the message are left out.

    Returns
    -------
    list of Piece
        Records stay in order; a payload stands before the first field with a higher number.
    """
    # Ends with the lowest number, so that taking one off costs nothing.
    here = sorted((i for i in insertions if not i.path), key=lambda i: i.number)
    here.reverse()
    deeper = [i for i in insertions if i.path]
    pieces: list[Piece] = []
    for field in fields(message):
        while here and here[-1].number < field.number:
            pieces += _record(here.pop())
        if field.number == without:
            continue
        below = [i for i in deeper if _leads_into(i, message, field.number, field.wire_type, field.start, field.end)]
        if not below:
            pieces.append(message[field.record : field.end])
            continue
        children = [Insertion(i.path[1:], i.number, i.parts) for i in below]
        child = insert(message[field.start : field.end], children)
        pieces += [len_header(field.number, total_nbytes(child)), *child]
    while here:
        pieces += _record(here.pop())
    return pieces


def total_nbytes(pieces: Iterable[Piece]) -> int:
    """Return the length of all pieces together, in bytes."""
    return sum([len(p) if isinstance(p, bytes) else p.nbytes for p in pieces])


def _record(insertion: Insertion) -> list[Piece]:
    return [len_header(insertion.number, total_nbytes(insertion.parts)), *insertion.parts]


def _leads_into(insertion: Insertion, message: bytes, number: int, wire_type: int, start: int, end: int) -> bool:
    wanted, key = insertion.path[0]
    if number != wanted or wire_type != LEN:
        return False
    if key is None:
        return True
    encoded = key.encode()
    return any(f.number == 1 and message[f.start : f.end] == encoded for f in fields(message, start, end))
