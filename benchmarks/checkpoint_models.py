"""Write checkpoints that are large in one way and cost nothing to make: many tensors, or holes for values.

Usage: python -m benchmarks.checkpoint_models NUM_TENSORS NBYTES_EACH PREFIX [adam]

With ``adam`` the names are those of a transformer's variables with the slots of their optimizer.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from graphsurgeon.formats.bundle_index import VERSION
from graphsurgeon.formats.bundle_names import index_path, shard_path
from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.formats.table import TableWriter
from proto_utils import schema
from proto_utils.sink import FileSink

_CHUNK = bytes(1 << 20)
_VARIABLES = (
    "attention/query/kernel", "attention/query/bias", "attention/output/dense/kernel", "intermediate/dense/kernel",
    "intermediate/dense/bias", "LayerNorm/gamma", "LayerNorm/beta",
)  # fmt: skip
_SLOTS = ("", "/Adam", "/Adam_1")


def checksum_of_zeros(nbytes: int) -> int:
    """Return the masked CRC32C of that many zeros."""
    crc = 0
    for start in range(0, nbytes, len(_CHUNK)):
        crc = crc32c(memoryview(_CHUNK)[: nbytes - start], crc)
    return mask(crc)


def plain_names(count: int) -> list[str]:
    """Return names of ten layers a block."""
    return [f"model/block_{number // 10:06d}/layer_{number % 10}/kernel" for number in range(count)]


def adam_names(count: int) -> list[str]:
    """Return the names of a transformer's variables, a hundred layers a tower, each with two slots."""
    names = [
        f"tower_{layer // 100}/encoder/layer_{layer % 100}/{variable}{slot}"
        for layer in range(count // len(_VARIABLES) // len(_SLOTS) + 1)
        for variable in _VARIABLES
        for slot in _SLOTS
    ]
    return sorted(names[:count])


def write(count: int, nbytes: int, prefix: str, names_of: Callable[[int], list[str]] = plain_names) -> None:
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
    for number, name in enumerate(names_of(count)):
        entry.offset = number * nbytes
        table.add(name.encode(), schema.serialize(entry))
    table.finish()
    sink.finish(sync=False)


if __name__ == "__main__":
    write(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], adam_names if sys.argv[4:] == ["adam"] else plain_names)
