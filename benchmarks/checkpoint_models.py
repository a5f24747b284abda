"""Write checkpoints that are large in one way and cost nothing to make: many tensors, or holes for values.

Usage: python -m benchmarks.checkpoint_models NUM_TENSORS NBYTES_EACH PREFIX
"""

from __future__ import annotations

import os
import sys

from graphsurgeon.formats.bundle_writer import VERSION, index_path, shard_path
from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.formats.table import TableWriter
from proto_utils import schema
from proto_utils.sink import FileSink

_CHUNK = bytes(1 << 20)


def checksum_of_zeros(nbytes: int) -> int:
    """Return the masked CRC32C of that many zeros."""
    crc = 0
    for start in range(0, nbytes, len(_CHUNK)):
        crc = crc32c(memoryview(_CHUNK)[: nbytes - start], crc)
    return mask(crc)


def write(count: int, nbytes: int, prefix: str) -> None:
    """Write `count` float32 tensors of zeros, `nbytes` each, which the data file has as holes."""
    with open(shard_path(prefix, 0, 1), "wb") as data:
        data.truncate(count * nbytes)
    checksum = checksum_of_zeros(nbytes)
    sink = FileSink(os.open(index_path(prefix), os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o666))
    table = TableWriter(sink)
    header = schema.BundleHeaderProto(num_shards=1)
    header.version.producer = VERSION
    table.add(b"", schema.serialize(header))
    entry = schema.BundleEntryProto(dtype=1, size=nbytes, crc32c=checksum)
    entry.shape.dim.add(size=nbytes // 4)
    for number in range(count):
        entry.offset = number * nbytes
        table.add(f"model/block_{number // 10:06d}/layer_{number % 10}/kernel".encode(), schema.serialize(entry))
    table.finish()
    sink.finish(sync=False)


if __name__ == "__main__":
    write(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
