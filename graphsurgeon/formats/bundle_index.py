"""Writing the index of a V2 checkpoint, which `graphsurgeon.formats.bundle_writer` draws."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import itemgetter

from graphsurgeon.formats.entry_table import Kind
from graphsurgeon.formats.table import TableWriter
from graphsurgeon.tensors.tensor import Extents
from proto_utils import schema
from proto_utils.sink import FileSink

#: The format's version, which readers compare with what they understand.
VERSION = 1
#: Entries go into the table so many at a time.
_BATCH = 1 << 14
#: To put so many in one by one takes as long as to import numpy, which more are given to.
_FEW = 1 << 16


def encode_entry(kind: Kind, shard_id: int = 0, offset: int = 0, nbytes: int = 0, checksum: int = 0) -> bytes:
    """Return the entry of a tensor of a dtype and a shape."""
    dtype, shape = kind
    place = schema.BundleEntryProto(shard_id=shard_id, offset=offset, size=nbytes, crc32c=checksum)
    return _encode_kind(dtype.number, tuple(shape)) + schema.serialize(place)


@lru_cache(maxsize=256)
def _encode_kind(number: int, shape: tuple[int, ...]) -> bytes:
    """Return the fields with which an entry begins, and which many have in common."""
    entry = schema.BundleEntryProto(dtype=number)
    entry.shape.SetInParent()
    for dim in shape:
        entry.shape.dim.add(size=dim)
    return schema.serialize(entry)


def encode_partitioned(kind: Kind, slices: Sequence[Extents]) -> bytes:
    """Return the entry of a partitioned tensor, which lists its slices."""
    entry = schema.parse(schema.BundleEntryProto, encode_entry(kind))
    for extents in slices:
        extent = entry.slices.add().extent
        for start, length in extents:
            if length < 0:
                extent.add()
            else:
                extent.add(start=start, length=length)
    return schema.serialize(entry)


def write_index(
    sink: FileSink,
    entries: Sequence[tuple[bytes, bytes]],
    num_shards: int,
    *,
    is_big_endian: bool,
    batches: Iterable[tuple[list[bytes], list[bytes]]] = (),
) -> None:
    """Write the table: the header under the empty key, then one entry per tensor.

    Both `entries`, by their keys, and the keys and entries in `batches` are in order.
    """
    header = schema.BundleHeaderProto(num_shards=num_shards)
    if is_big_endian:
        header.endianness = schema.BundleHeaderProto.BIG
    header.version.producer = VERSION
    table = TableWriter(sink)
    table.add(b"", schema.serialize(header))
    first = 0
    for keys, values in batches:
        end = bisect_right(entries, keys[-1], first, key=itemgetter(0))
        if end > first:
            pairs = sorted([*zip(keys, values, strict=True), *entries[first:end]], key=itemgetter(0))
            keys, values = [key for key, _ in pairs], [value for _, value in pairs]  # noqa: PLW2901 -- with those between
        table.add_all(keys, values)
        first = end
    if len(entries) < _FEW:
        for key, value in entries[first:]:
            table.add(key, value)
    else:
        for start in range(first, len(entries), _BATCH):
            batch = entries[start : start + _BATCH]
            table.add_all([key for key, _ in batch], [value for _, value in batch])
    table.finish()
