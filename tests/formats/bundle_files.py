"""Checkpoint files made by hand: what no sound writer makes, or none on this machine."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cramjam
import pytest

from graphsurgeon.formats.bundle_names import encode_name
from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.bundle_writer import write_bundle
from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.formats.slices import encode_slice_key
from graphsurgeon.formats.table import MAGIC, BlockHandle, TableWriter
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import RawTensor, StringTensor
from proto_utils import schema
from proto_utils.errors import CorruptionError, FileFormatError
from proto_utils.files import BytesSource, Span
from proto_utils.output import Transaction


class MemorySink:
    """A sink whose bytes can be had."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.offset = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._parts.append(bytes(data))
        self.offset += len(data)

    def value(self) -> bytes:
        return b"".join(self._parts)


def table(entries: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A table as our writer makes it."""
    sink = MemorySink()
    writer = TableWriter(sink)
    for key, value in entries:
        writer.add(key, value)
    writer.finish()
    return sink.value()


def raw_block(content: bytes, kind: int = 0) -> bytes:
    """A block's bytes with type and checksum."""
    content += bytes([kind])
    return content + struct.pack("<I", mask(crc32c(content)))


def block(entries: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The content of a block without prefix compression."""
    parts = [bytes([0, len(key), len(value)]) + key + value for key, value in entries]
    return b"".join(parts) + struct.pack("<2I", 0, 1)


def assemble(blocks: Sequence[tuple[bytes, bytes]], index: bytes | None = None) -> bytes:
    """A file of finished blocks, each with its index key; `index` replaces the content of the index block."""
    out = b""
    handles = []
    for key, content in blocks:
        handles.append((key, BlockHandle(len(out), len(content) - 5).encode()))
        out += content
    content = block(handles) if index is None else index
    footer = BlockHandle(0, 0).encode() + BlockHandle(len(out), len(content)).encode()
    return out + raw_block(content) + footer.ljust(40, b"\0") + struct.pack("<Q", MAGIC)


def snappy_table(entries: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A table whose blocks are compressed, as TensorFlow wrote them for a while."""
    content = bytes(cramjam.snappy.compress_raw(block(entries)))
    return assemble([(entries[-1][0] + b"~", raw_block(content, kind=1))])


def refusal(read: Callable[[], object]) -> FileFormatError | None:
    """The error of a reading that may be refused."""
    try:
        read()
    except FileFormatError as error:
        return error
    return None


def header(num_shards: int = 1, *, big_endian: bool = False, producer: int = 1, min_consumer: int = 0) -> bytes:
    message = schema.BundleHeaderProto(num_shards=num_shards, endianness=int(big_endian))
    message.version.producer = producer
    message.version.min_consumer = min_consumer
    return schema.serialize(message)


def entry(dtype: DType, shape: Sequence[int], offset: int = 0, nbytes: int | None = None, **more: Any) -> bytes:
    """An entry's bytes; size as dtype and shape ask for unless given."""
    message = schema.BundleEntryProto(dtype=dtype.number, offset=offset)
    message.shape.SetInParent()
    size = 1
    for dim in shape:
        message.shape.dim.add(size=dim)
        size *= dim
    message.size = size * dtype.itemsize if nbytes is None else nbytes
    for extents in more.pop("slices", ()):
        proto = message.slices.add()
        for start, length in extents:
            extent = proto.extent.add(start=start)
            if length >= 0:
                extent.length = length
    for name, value in more.items():
        setattr(message, name, value)
    return schema.serialize(message)


def write_files(
    prefix: Path,
    entries: Mapping[bytes, bytes],
    data: bytes | Sequence[bytes] = b"",
    head: bytes | None = None,
    make: Callable[[Sequence[tuple[bytes, bytes]]], bytes] = table,
) -> Path:
    """Write an index of these entries and shards of these bytes; return the prefix."""
    shards = [data] if isinstance(data, bytes) else list(data)
    head = header(len(shards)) if head is None else head
    Path(f"{prefix}.index").write_bytes(make([(b"", head), *sorted(entries.items())]))
    for shard_id, content in enumerate(shards):
        Path(f"{prefix}.data-{shard_id:05d}-of-{len(shards):05d}").write_bytes(content)
    return prefix


def raw(dtype: DType, shape: Sequence[int], data: bytes) -> RawTensor:
    return RawTensor(dtype, shape, Span(BytesSource(data), 0, len(data)))


def strings(*elements: bytes) -> StringTensor:
    return StringTensor([len(elements)], elements)


def save(prefix: Path, tensors: Mapping[str, Tensor], **options: Any) -> Path:
    """Write a checkpoint as users do; return the prefix."""
    with Transaction(overwrite=True) as transaction:
        write_bundle(prefix, tensors, transaction, **options)
    return prefix


def write_slices(
    prefix: Path, name: str, dtype: DType, shape: Sequence[int], parts: Mapping[Any, bytes], **more: Any
) -> Path:
    """Write a partitioned tensor: the raw bytes of each of its slices."""
    entries = {encode_name(name): entry(dtype, shape, nbytes=0, slices=list(parts))}
    data = b""
    for extents, content in parts.items():
        dims = [dim if length < 0 else length for (_, length), dim in zip(extents, shape, strict=True)]
        place = {"offset": len(data), "crc32c": mask(crc32c(content))}
        entries[encode_slice_key(encode_name(name), extents)] = entry(dtype, dims, **place)
        data += content
    return write_files(prefix, entries | more.get("entries", {}), data)


def values(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """The bytes of every tensor, of strings the elements."""
    return {
        name: list(tensor.strings()) if tensor.dtype is dtypes.STRING else b"".join(map(bytes, tensor.chunks()))
        for name, tensor in tensors.items()
    }


def refused(prefix: Path, kind: type[Exception] = CorruptionError) -> str:
    """What is said of a checkpoint that is refused on opening."""
    with pytest.raises(kind) as caught:
        Bundle(prefix)
    return str(caught.value)
