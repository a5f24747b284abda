"""File type detection by the structure of the first records, which tells the graph formats apart.

Only heads of records are read, a few dozen at most, and of strings the short ones;
a file that ends in the middle of a record is judged by what is there, so that it is
called a damaged graph and not an unknown file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from proto_utils.errors import CorruptionError
from proto_utils.files import Source, Window
from proto_utils.skeleton import Record
from proto_utils.varint import decode_varint
from proto_utils.wire import I32, I64, LEN, VARINT

#: This much of a file's beginning is looked at to tell what it is.
HEAD_NBYTES = 4096

#: What a Riegeli file begins with, in which TensorFlow writes a SavedModel in chunks: a block header, an empty chunk.
RIEGELI_SIGNATURE = bytes.fromhex(
    "83af70d10d884a3f 0000000000000000 4000000000000000"
    "91bac23c9287e1a9 0000000000000000 e19f13c0e9b1c372 7300000000000000 0000000000000000"
)

_MAX_HEADS = 24
_MAX_STRING_NBYTES = 1 << 14
_RECORD_HEAD_NBYTES = 20
_GRAPH_TYPES = {1: LEN, 2: LEN, 3: VARINT, 4: LEN, 5: LEN}
_META_GRAPH_TYPES = dict.fromkeys(range(1, 8), LEN)
_META_INFO_TYPES = {1: LEN, 2: LEN, 3: LEN, 4: LEN, 5: LEN, 6: LEN, 7: VARINT, 8: LEN}
_CONTROL = rb"[\x00-\x08\x0b\x0e-\x1f\x7f]"
_OP = rb"[A-Za-z_][A-Za-z0-9_.>/-]*"
_FIRST_FIELD = rb"(?:\xef\xbb\xbf)?(?:\s|#[^\n]*\n)*([A-Za-z_][A-Za-z0-9_]*)\s*[:{<]"


def is_text(head: bytes) -> bool:
    """Return whether the first bytes of a file are text: UTF-8 without control characters."""
    if not head or re.search(_CONTROL, head):
        return False
    # The last character may be cut.
    for cut in range(min(4, len(head))):
        try:
            head[: len(head) - cut].decode()
        except UnicodeDecodeError:
            continue
        return True
    return False


def first_field(head: bytes) -> str:
    """Return the first field's name of a protobuf text, behind comments; empty when it does not look like one."""
    match = re.match(_FIRST_FIELD, head)
    return match.group(1).decode() if match else ""


def is_riegeli(source: Source) -> bool:
    """Return whether a file is a Riegeli file."""
    nbytes = len(RIEGELI_SIGNATURE)
    return source.size >= nbytes and source.read(0, nbytes) == RIEGELI_SIGNATURE


def is_saved_model(source: Source) -> bool:
    """Return whether a binary file begins like a SavedModel."""
    heads = list(_heads(source, 0, source.size))
    types = {(head.number, head.wire_type) for head in heads}
    # Fields of later versions are let pass behind a schema version, which no other of the formats has.
    later = {each for each in types if each[0] > 2 and (1, VARINT) in types}
    if not types or not types - later <= {(1, VARINT), (2, LEN)}:
        return False
    return any(head.number == 2 and is_meta_graph(source, head.start, head.end) for head in heads)


def is_graph_def(source: Source, start: int = 0, end: int | None = None) -> bool:
    """Return whether a binary file, or a part of it, begins like a GraphDef."""
    heads = list(_heads(source, start, end))
    if not heads or not _fits(heads, _GRAPH_TYPES):
        return False
    nodes = [head for head in heads if head.number == 1]
    if nodes:
        return _is_node(source, nodes[0].start, nodes[0].end)
    return any(_GRAPH_PARTS[head.number](source, head.start, head.end) for head in heads if head.number in _GRAPH_PARTS)


def is_meta_graph(source: Source, start: int = 0, end: int | None = None) -> bool:
    """Return whether a binary file, or a part of it, begins like a MetaGraphDef."""
    heads = list(_heads(source, start, end))
    if not heads or not _fits(heads, _META_GRAPH_TYPES):
        return False
    info = [head for head in heads if head.number == 1]
    graph = [head for head in heads if head.number == 2]
    if info and not _is_meta_info(source, info[0].start, info[0].end):
        return False
    if graph and graph[0].end > graph[0].start:
        return is_graph_def(source, graph[0].start, graph[0].end)
    return bool(info)


def _fits(heads: Sequence[Record], types: Mapping[int, int]) -> bool:
    """Return whether records can be of a message: known fields have their wire types, later ones higher numbers."""
    known = [head for head in heads if head.number in types]
    later = [head for head in heads if head.number > max(types)]
    return bool(known) and len(known) + len(later) == len(heads) and all(types[h.number] == h.wire_type for h in known)


def _is_meta_info(source: Source, start: int, end: int) -> bool:
    heads = list(_heads(source, start, end))
    if not _fits(heads, _META_INFO_TYPES):
        return False
    return all(_string(source, head) is not None for head in heads if head.number in (1, 4, 5, 6))


def _is_node(source: Source, start: int, end: int) -> bool:
    """Return whether a message has a node's name and op, and nothing that no node has."""
    strings: dict[int, bytes] = {}
    for head in _heads(source, start, end):
        if head.wire_type != LEN:
            return False
        if head.number in (1, 2):
            text = _string(source, head)
            if text is None:
                return False
            strings[head.number] = text
        if len(strings) == 2:
            break
    return bool(strings.get(1)) and re.fullmatch(_OP, strings.get(2, b"")) is not None


def _is_library(source: Source, start: int, end: int) -> bool:
    """Return whether it begins with a function, and that with a signature that has a name."""
    for depth in range(2):
        first = next(_heads(source, start, end), None)
        if first is None or first.number != 1 or first.wire_type != LEN:
            return first is None and depth == 0
        start, end = first.start, first.end
    first = next(_heads(source, start, end), None)
    return first is not None and first.number == 1 and first.wire_type == LEN and bool(_string(source, first))


def _is_versions(source: Source, start: int, end: int) -> bool:
    heads = list(_heads(source, start, end))
    return bool(heads) and all(head.number <= 3 and (head.number == 3 or head.wire_type == VARINT) for head in heads)


_GRAPH_PARTS: dict[int, Callable[[Source, int, int], bool]] = {2: _is_library, 4: _is_versions}


def _heads(source: Source, start: int, end: int | None) -> Iterator[Record]:
    """Yield the heads of a message's first records; ends early where the bytes make no sense."""
    window = Window(source, 512)
    end = source.size if end is None else min(end, source.size)
    for _ in range(_MAX_HEADS):
        if start >= end:
            return
        record = _head(window, start, end)
        if record is None:
            if start + _RECORD_HEAD_NBYTES < source.size:
                # No head at all, and field 0 is never right: it makes the caller refuse.
                yield Record(0, 0, start, start, end)
            return
        yield record
        start = record.end


def _head(window: Window, position: int, end: int) -> Record | None:
    index = window.ensure(position, min(_RECORD_HEAD_NBYTES, end - position))
    try:
        key, after = decode_varint(window.buffer, index)
        number, wire_type = key >> 3, key & 7
        start = window.base + after
        if wire_type == LEN:
            nbytes, after = decode_varint(window.buffer, after)
            start = window.base + after
            return Record(number, wire_type, position, start, start + nbytes)
        if wire_type == VARINT:
            return Record(number, wire_type, position, start, window.base + decode_varint(window.buffer, after)[1])
    except CorruptionError:
        return None
    if wire_type in (I32, I64):
        return Record(number, wire_type, position, start, start + (4 if wire_type == I32 else 8))
    return None


def _string(source: Source, record: Record) -> bytes | None:
    """Return a string field, of a long one the beginning; None when it is no text."""
    if record.end > source.size:
        return None
    text = source.read(record.start, min(record.end, record.start + _MAX_STRING_NBYTES))
    return text if not text or is_text(text) else None
