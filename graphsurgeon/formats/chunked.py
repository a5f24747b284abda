"""SavedModels in chunks: ``saved_model.cpb``, which TensorFlow's proto_splitter writes of a message past 2 GiB.

A Riegeli file (see `riegeli`) whose last record says where the others belong::

    ChunkMetadata  = version(1) ChunkInfo(2)* ChunkedMessage(3)
    ChunkInfo      = type(1) size(2) offset(3)           offset: the record's position
    ChunkedMessage = chunk_index(1) ChunkedField(2)*     the message begins with that chunk
    ChunkedField   = FieldIndex(1)* ChunkedMessage(3)    without a path: one more part of the message itself
    FieldIndex     = field(1) | map_key(2) { string(1) } | index(3)

A path such as ``meta_graphs [0] graph_def node [7] attr ["value"] tensor tensor_content`` is walked in the records of
the message, which are taken apart only along it: no protobuf message holds more than 2 GiB, so none is made. Parts of a
message that repeat fields are merged by writing them one behind the other. Source: TensorFlow's
``tools/proto_splitter/merge.cc`` and ``chunk.proto``.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any

from graphsurgeon.formats.message import locating
from graphsurgeon.formats.riegeli import read_records
from graphsurgeon.formats.sniff import is_saved_model
from proto_utils import schema
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.files import BytesSource, Source
from proto_utils.named_tuple import NamedTuple
from proto_utils.varint import decode_varint
from proto_utils.wire import LEN, VARINT, Field, fields, len_header

#: Messages are nested as deep as protobuf allows.
_MAX_DEPTH = 100
_BYTES_TYPES, _MESSAGE_TYPE = (9, 12), 11

#: One step of a path: a field's number, and which of a repeated field's or a map's elements.
_Step = tuple[int, "int | bytes | None"]


class _Field(NamedTuple):
    """Where a chunk belongs in its parent."""

    path: tuple[_Step, ...]
    message: _Tree


class _Tree(NamedTuple):
    """A message in chunks: the chunk that it begins with, and what else belongs into it."""

    chunk: int | None
    fields: tuple[_Field, ...]


def merge_chunks(source: Source) -> BytesSource:
    """Put a SavedModel in chunks together.

    Parameters
    ----------
    source : Source
        The Riegeli file.

    Returns
    -------
    BytesSource
        The message, in memory, under the name of the file.

    Raises
    ------
    CorruptionError
        The file is damaged, or a chunk belongs where the message has no place for it.
    UnsupportedError
        It is not a SavedModel.
    LimitError
        Decompressed, it would be out of all proportion to the file.
    """
    path = source.path
    with locating(path or "<memory>"):
        records = read_records(source)
        if not records:
            raise CorruptionError("a file of chunks without any chunk", path=path)
        _, metadata = records.popitem()
        chunks, tree = _metadata(metadata, records)
        message = _Message(b"")
        _merge(message, tree, schema.SavedModel.DESCRIPTOR, chunks)
        merged = BytesSource(b"".join(message.pieces()), path)
        if not is_saved_model(merged):
            raise UnsupportedError("a message in chunks, but no SavedModel", path=path)
        return merged


class _Message:
    """A message of which some fields are taken apart: a list of records, whole or messages themselves."""

    def __init__(self, data: bytes | memoryview) -> None:
        self._unseen: list[bytes | memoryview] = [data]
        self._records: list[tuple[int, bytes | memoryview | _Message]] = []
        self._places: dict[int, list[int]] = {}

    def append(self, data: bytes | memoryview) -> None:
        """Merge more fields into the message, as protobuf does of what is written behind it."""
        self._unseen.append(data)

    def put(self, number: int, value: bytes | memoryview) -> None:
        """Set a field of bytes."""
        for place in self._look(number):
            self._records[place] = (0, b"")
        self._places[number] = []
        self._add(number, len_header(number, len(value)))
        self._records.append((0, value))

    def child(self, number: int, index: int | None = None) -> _Message:
        """Return a field that is a message, of a repeated one an element; made when it is the first or the next."""
        places = self._look(number)
        if index is None:
            index = 0
            for place in places[1:]:
                self._child_at(places[0]).append(b"".join(self._child_at(place).pieces()))
                self._records[place] = (0, b"")
            del places[1:]
        if index > len(places):
            raise CorruptionError(f"a chunk belongs into element {index} of field {number}, which has {len(places)}")
        if index == len(places):
            self._add(number, _Message(b""))
        return self._child_at(self._places[number][index])

    def entry(self, number: int, key: bytes) -> _Message:
        """Return the value under a key of a map whose values are messages; made when it is not there."""
        for place in self._look(number):
            entry = self._child_at(place)
            if entry.bytes_of(1) == key:
                return entry.child(2)
        entry = _Message(len_header(1, len(key)) + key)
        self._add(number, entry)
        return entry.child(2)

    def bytes_of(self, number: int) -> bytes:
        """Return the last value of a field of bytes, empty when it is not there."""
        places = self._look(number)
        return b"".join(self._child_at(places[-1]).pieces()) if places else b""

    def pieces(self) -> Iterator[bytes | memoryview]:
        """Yield the bytes of the message."""
        for number, record in self._records:
            if isinstance(record, _Message):
                inner = list(record.pieces())
                yield len_header(number, sum(map(len, inner)))
                yield from inner
            else:
                yield record
        yield from self._unseen

    def _look(self, number: int) -> list[int]:
        """Return the places of a field's records."""
        for data in self._unseen:
            for field in fields(data):
                whole = data[field.record : field.end]
                self._add(field.number if field.wire_type == LEN else 0, whole)
        self._unseen = []
        return self._places.setdefault(number, [])

    def _add(self, number: int, record: bytes | memoryview | _Message) -> None:
        self._places.setdefault(number, []).append(len(self._records))
        self._records.append((number, record))

    def _child_at(self, place: int) -> _Message:
        number, record = self._records[place]
        if isinstance(record, _Message):
            return record
        (field,) = fields(record)
        child = _Message(record[field.start : field.end])
        self._records[place] = number, child
        return child


def _merge(message: _Message, tree: _Tree, descriptor: Any, chunks: _Chunks, depth: int = 0) -> None:
    """Merge the chunks of a tree into a message."""
    if depth > _MAX_DEPTH:
        raise CorruptionError(f"messages in chunks are nested deeper than {_MAX_DEPTH}")
    if tree.chunk is not None:
        message.append(chunks.take(tree.chunk))
    for field in sorted(tree.fields, key=functools.cmp_to_key(_order)):
        *way, (number, which) = field.path or ((0, None),)
        if not number:
            _merge(message, field.message, descriptor, chunks, depth + 1)
            continue
        parent, parent_type = message, descriptor
        for step in way:
            parent, parent_type = _entered(parent, parent_type, step)
        if _field_of(parent_type, number).type in _BYTES_TYPES and which is None and field.message.chunk is not None:
            parent.put(number, chunks.take(field.message.chunk))
        else:
            target, target_type = _entered(parent, parent_type, (number, which))
            _merge(target, field.message, target_type, chunks, depth + 1)


def _entered(message: _Message, descriptor: Any, step: _Step) -> tuple[_Message, Any]:
    """Return the message that a step of a path leads to, and its descriptor."""
    number, which = step
    field = _field_of(descriptor, number)
    if field.type != _MESSAGE_TYPE:
        raise UnsupportedError(f"a chunk is for a part of {field.full_name}, which is no message")
    if not isinstance(which, bytes):
        return message.child(number, which), field.message_type
    value = field.message_type.fields_by_number.get(2)
    if not field.message_type.GetOptions().map_entry or value is None or value.type != _MESSAGE_TYPE:
        raise CorruptionError(f"a chunk is for a key of {field.full_name}, which is no map of messages")
    return message.entry(number, which), value.message_type


def _field_of(descriptor: Any, number: int) -> Any:
    field = descriptor.fields_by_number.get(number)
    if field is None:
        raise UnsupportedError(f"a chunk is for field {number} of {descriptor.full_name}, which is not known here")
    return field


def _order(first: _Field, second: _Field) -> int:
    """Compare by path, a parent before what is in it, then by chunk; of map keys nothing is said."""
    for (number, which), (other_number, other) in zip(first.path, second.path, strict=False):
        if number != other_number:
            return number - other_number
        if isinstance(which, bytes) and isinstance(other, bytes):
            return 0
        if isinstance(which, int) and isinstance(other, int) and which != other:
            return which - other
    depth = len(first.path) - len(second.path)
    return depth or (first.message.chunk or 0) - (second.message.chunk or 0)


class _Chunks:
    """The chunks of a file, each of which is used once."""

    def __init__(self, chunks: Sequence[memoryview]) -> None:
        self._chunks: list[memoryview | None] = list(chunks)

    def take(self, index: int) -> memoryview:
        """Return a chunk. CorruptionError when there is none, or it was taken before."""
        chunk = self._chunks[index] if index < len(self._chunks) else None
        if chunk is None:
            there_are = f"there are {len(self._chunks)}" if index >= len(self._chunks) else "it is used twice"
            raise CorruptionError(f"chunk {index} belongs into the message, and {there_are}")
        self._chunks[index] = None
        return chunk


def _metadata(data: memoryview, records: dict[int, memoryview]) -> tuple[_Chunks, _Tree]:
    """Read the last record: which record is which chunk, and where the chunks belong."""
    chunks: list[memoryview] = []
    tree = _Tree(None, ())
    for field in fields(data):
        if (field.number, field.wire_type) == (2, LEN):
            facts = _varints(data, field.start, field.end)
            record = records.get(facts.get(3, 0))
            if record is None or len(record) != facts.get(2, 0):
                found = "nothing" if record is None else f"{len(record)} bytes"
                reason = f"chunk {len(chunks)} has {facts.get(2, 0)} bytes at {facts.get(3, 0)}, where {found} is"
                raise CorruptionError(reason)
            chunks.append(record)
        elif (field.number, field.wire_type) == (3, LEN):
            tree = _tree(data, field.start, field.end)
    return _Chunks(chunks), tree


def _tree(data: memoryview, start: int, end: int, depth: int = 0) -> _Tree:
    if depth > _MAX_DEPTH:
        raise CorruptionError(f"messages in chunks are nested deeper than {_MAX_DEPTH}")
    found = []
    for field in fields(data, start, end):
        if (field.number, field.wire_type) == (2, LEN):
            parts = list(fields(data, field.start, field.end))
            inner = [part for part in parts if (part.number, part.wire_type) == (3, LEN)]
            tree = _tree(data, inner[-1].start, inner[-1].end, depth + 1) if inner else _Tree(None, ())
            found.append(_Field(_path(data, [p for p in parts if (p.number, p.wire_type) == (1, LEN)]), tree))
    return _Tree(_varints(data, start, end).get(1), tuple(found))


def _path(data: memoryview, parts: Sequence[Field]) -> tuple[_Step, ...]:
    """Return the steps of a path: numbers of fields, each with the index or the key behind it."""
    path: list[_Step] = []
    for part in parts:
        numbers = _varints(data, part.start, part.end)
        if 1 in numbers:
            path.append((numbers[1], None))
            continue
        if not path or path[-1][1] is not None:
            raise CorruptionError("an index or a key of a chunk's place belongs to no field")
        path[-1] = path[-1][0], numbers[3] if 3 in numbers else _key(data, part)
    return tuple(path)


def _key(data: memoryview, part: Field) -> bytes:
    """Return the text of a map's key."""
    for outer in fields(data, part.start, part.end):
        for inner in fields(data, outer.start, outer.end) if (outer.number, outer.wire_type) == (2, LEN) else ():
            if (inner.number, inner.wire_type) == (1, LEN):
                return bytes(data[inner.start : inner.end])
    raise UnsupportedError("a chunk is for an entry of a map whose key is no text")


def _varints(data: memoryview, start: int, end: int) -> dict[int, int]:
    """Return the numbers that a message holds by their fields' numbers; of several of one field the last counts."""
    found = fields(data, start, end)
    return {field.number: decode_varint(data, field.start)[0] for field in found if field.wire_type == VARINT}
