"""Riegeli files and SavedModels in chunks, as TensorFlow writes them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import cramjam

from graphsurgeon.formats.highway_hash import highway_hash
from graphsurgeon.formats.riegeli import _KEY, _position_behind, _possible_boundary
from proto_utils import schema
from proto_utils.varint import encode_varint
from proto_utils.wire import VARINT, len_header, tag

BLOCK, BLOCK_HEADER = 1 << 16, 24
COMPRESSIONS: dict[str, Callable[[bytes], Any]] = {
    "": bytes,
    "b": cramjam.brotli.compress,
    "z": cramjam.zstd.compress,
    "s": cramjam.snappy.compress_raw,
}


class RiegeliFile:
    """A Riegeli file that grows in memory."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.position = 0
        self.add_chunk(b"s", b"")

    def add_chunk(self, kind: bytes, data: bytes, num_records: int = 0, nbytes: int = 0) -> int:
        """Add a chunk and return its position."""
        rest = struct.pack("<QQB7sQ", len(data), hashed(data), kind[0], num_records.to_bytes(7, "little"), nbytes)
        chunk = struct.pack("<Q", hashed(rest)) + rest + data
        begin, end = self.position, _position_behind(self.position, len(chunk))
        end = max(end, _possible_boundary(begin + num_records))
        at = 0
        while self.position < end:
            if self.position % BLOCK == 0:
                distances = struct.pack("<QQ", self.position - begin, end - self.position)
                self.data += struct.pack("<Q", hashed(distances)) + distances
                self.position += BLOCK_HEADER
            size = min(BLOCK - self.position % BLOCK, end - self.position)
            self.data += chunk[at : at + size].ljust(size, b"\0")
            at, self.position = at + size, self.position + size
        return begin

    def add_records(self, records: Sequence[bytes], compression: str = "") -> int:
        """Add a simple chunk of records and return the position of the first."""
        sizes, values = b"".join(map(encode_varint, map(len, records))), b"".join(records)
        code = compression.encode() or b"\0"
        sizes, stored = (compressed(each, compression) for each in (sizes, values))
        return self.add_chunk(b"r", code + encode_varint(len(sizes)) + sizes + stored, len(records), len(values))


def hashed(data: bytes) -> int:
    return highway_hash(data, _KEY)


def compressed(data: bytes, compression: str) -> bytes:
    packed = bytes(COMPRESSIONS[compression](data))
    return encode_varint(len(data)) + packed if compression else packed


def message_of(number: int, data: bytes) -> bytes:
    return len_header(number, len(data)) + data


def varint_of(number: int, value: int) -> bytes:
    return tag(number, VARINT) + encode_varint(value)


def chunked_field(path: Iterable[Any], chunk: int | None, inner: bytes = b"") -> bytes:
    """Return a ChunkedField: fields are ints, keys strings, indices lists of one."""
    tags = b""
    for step in path:
        if isinstance(step, str):
            index = message_of(2, message_of(1, step.encode()))
        else:
            index = varint_of(3, step[0]) if isinstance(step, list) else varint_of(1, step)
        tags += message_of(1, index)
    return tags + message_of(3, chunked_message(chunk, inner))


def chunked_message(chunk: int | None, inner: bytes = b"") -> bytes:
    return (b"" if chunk is None else varint_of(1, chunk)) + inner


def chunked_file(
    chunks: Sequence[bytes],
    tree: bytes,
    *,
    compression: str = "",
    together: int = 1,
    change: Callable[[int], int] = int,
) -> bytes:
    """Return a file of chunks whose places the tree, a ChunkedMessage, tells; so many of them in a Riegeli chunk."""
    file = RiegeliFile()
    metadata = message_of(1, varint_of(1, 1))
    for start in range(0, len(chunks), together):
        several = chunks[start : start + together]
        position = file.add_records(several, compression)
        for number, chunk in enumerate(several):
            facts = varint_of(1, 1) + varint_of(2, len(chunk)) + varint_of(3, change(position + number))
            metadata += message_of(2, facts)
    file.add_records([metadata + message_of(3, tree)], compression)
    return bytes(file.data)


def split(saved_model: schema.SavedModel, **how: Any) -> bytes:
    """Return a SavedModel in chunks: its graph, the graph's nodes in two, and each long value on its own."""
    base = type(saved_model).FromString(schema.serialize(saved_model))
    chunks, places = [b""], []
    for number, meta in enumerate(base.meta_graphs):
        way: list[Any] = [2, [number], 2]
        graph = schema.GraphDef()
        graph.CopyFrom(meta.graph_def)
        meta.ClearField("graph_def")
        for index, node in enumerate(graph.node):
            value = node.attr["value"].tensor if node.op == "Const" else None
            if value is not None and len(value.tensor_content) > 16:
                places.append(chunked_field([*way, 1, [index], 5, "value", 8, 4], len(chunks)))
                chunks.append(value.tensor_content)
                value.ClearField("tensor_content")
        halves = schema.GraphDef(), schema.GraphDef()
        for index, node in enumerate(graph.node):
            halves[2 * index >= len(graph.node)].node.append(node)
        graph.ClearField("node")
        for part in (graph, *halves):
            places.append(chunked_field(way, len(chunks)))
            chunks.append(schema.serialize(part))
    chunks[0] = schema.serialize(base)
    tree = chunked_message(0, b"".join(message_of(2, place) for place in places))
    return chunked_file(chunks, tree, **how)
