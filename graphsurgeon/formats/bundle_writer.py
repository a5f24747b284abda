"""Writing V2 checkpoints, byte for byte as ``tf.train.Saver`` does.

::

    prefix.data-00000-of-00001   the tensors' values, one after the other, without gaps, sorted by name
    prefix.index                 a table (`graphsurgeon.formats.table`):
                                   ""    -> BundleHeaderProto{num_shards, endianness, version}
                                   name  -> BundleEntryProto{dtype, shape, shard_id, offset, size, crc32c}

    numeric tensor = elements, little-endian, in C order
    string tensor  = varint length ... | masked CRC32C of the lengths | bytes ...

An entry's ``crc32c`` is masked and covers the tensor's bytes as they are in the file; in
a string tensor it covers each length as a uint32 (uint64 past 4 GiB) in place of the
varint. Source: TensorFlow's ``core/util/tensor_bundle/tensor_bundle.cc``.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter

from graphsurgeon import dtypes
from graphsurgeon.formats.checksum import crc32c, mask
from graphsurgeon.formats.table import TableWriter
from graphsurgeon.tensor import Tensor
from proto_utils import schema
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.output import FileSink, Transaction
from proto_utils.varint import encode_varint

#: The format's version, which readers compare with what they understand.
VERSION = 1

_Named = tuple[bytes, Tensor]
_UINT32_MAX = 0xFFFFFFFF
_BATCH_NBYTES = 1 << 16


def index_path(prefix: str) -> str:
    """Return the path of a checkpoint's index."""
    return f"{prefix}.index"


def shard_path(prefix: str, shard_id: int, num_shards: int) -> str:
    """Return the path of one data shard."""
    return f"{prefix}.data-{shard_id:05d}-of-{num_shards:05d}"


def encode_name(name: str) -> bytes:
    """Return a tensor's key. Names that are not UTF-8 are read with surrogate escapes, and go back as they were."""
    return name.encode("utf-8", "surrogateescape")


def write_bundle(
    prefix: str | os.PathLike[str],
    tensors: Mapping[str, Tensor],
    transaction: Transaction,
    *,
    shard_nbytes: int | None = None,
) -> list[str]:
    """Write a checkpoint; its files appear when the transaction ends.

    Each tensor is read once, in chunks, and its checksum computed on the way.

    Parameters
    ----------
    prefix : path
        Files are named by appending to it; it may end in a slash.
    tensors : Mapping of str to Tensor
        Written in the order of their names' bytes, whatever the mapping's.
    transaction : Transaction
        Creates the shards, then the index.
    shard_nbytes : int, optional
        Begin a new shard rather than let one grow past this. A tensor is never
        divided, so one that is larger has a shard of its own. All in one by default.

    Returns
    -------
    list of str
        The paths written, shards first.

    Raises
    ------
    UnsupportedError
        A tensor has values that no file can hold (resource, variant), or an empty name.
    """
    prefix = os.fspath(prefix)
    named = sorted(((encode_name(name), tensor) for name, tensor in tensors.items()), key=itemgetter(0))
    _check(prefix, named)
    shards = _plan(named, shard_nbytes)
    entries: list[tuple[bytes, bytes]] = []
    paths = []
    for shard_id, shard in enumerate(shards):
        paths.append(shard_path(prefix, shard_id, len(shards)))
        entries += _write_shard(transaction.create(paths[-1]), shard_id, shard)
    paths.append(index_path(prefix))
    _write_index(transaction.create(paths[-1], role="seal"), entries, len(shards))
    return paths


def _check(prefix: str, named: Sequence[_Named]) -> None:
    """Refuse what cannot be written before anything is."""
    previous = b""
    for name, tensor in named:
        if name == previous:
            reason = "a tensor without a name" if not name else f"two tensors are named {name!r}"
            raise UnsupportedError(reason, path=prefix)
        if tensor.dtype.itemsize == 0 and tensor.dtype is not dtypes.STRING:
            reason = f"tensor {name.decode(errors='replace')!r} is a {tensor.dtype.name}: it has no values to save"
            raise UnsupportedError(reason, path=prefix)
        previous = name


def _plan(named: Sequence[_Named], shard_nbytes: int | None) -> list[list[_Named]]:
    """Divide the tensors among shards: their number is part of every shard's name."""
    if shard_nbytes is None:
        return [list(named)]
    shards: list[list[_Named]] = [[]]
    total = 0
    for name, tensor in named:
        nbytes = _stored_nbytes(tensor)
        if total and nbytes and total + nbytes > shard_nbytes:
            shards.append([])
            total = 0
        shards[-1].append((name, tensor))
        total += nbytes
    return shards


def _stored_nbytes(tensor: Tensor) -> int:
    if tensor.dtype is not dtypes.STRING:
        return tensor.nbytes
    return 4 + sum(len(encode_varint(len(element))) + len(element) for element in tensor.strings())


def _write_shard(sink: FileSink, shard_id: int, shard: Sequence[_Named]) -> Iterator[tuple[bytes, bytes]]:
    """Write a shard's tensors; yield their index entries."""
    sink.preallocate(sum(tensor.nbytes for _, tensor in shard if tensor.dtype is not dtypes.STRING))
    for name, tensor in shard:
        offset = sink.offset
        crc = _write_strings(sink, tensor) if tensor.dtype is dtypes.STRING else _write_values(sink, tensor)
        yield name, _entry(tensor, shard_id, offset, sink.offset - offset, crc)


def _write_values(sink: FileSink, tensor: Tensor) -> int:
    """Copy the values; return their CRC."""
    crc = 0
    end = sink.offset + tensor.nbytes
    for chunk in tensor.chunks():
        crc = crc32c(chunk, crc)
        sink.write(chunk)
    if sink.offset != end:
        raise CorruptionError(f"{tensor!r} gave {tensor.nbytes + sink.offset - end} bytes, not {tensor.nbytes}")
    return crc


def _write_strings(sink: FileSink, tensor: Tensor) -> int:
    """Write lengths, their checksum and the strings, in two passes; return the CRC."""
    crc = 0
    for varints, fixed in _lengths(tensor):
        sink.write(varints)
        crc = crc32c(fixed, crc)
    checksum = struct.pack("<I", mask(crc))
    sink.write(checksum)
    crc = crc32c(checksum, crc)
    for element in tensor.strings():
        sink.write(element)
        crc = crc32c(element, crc)
    return crc


def _lengths(tensor: Tensor) -> Iterator[tuple[bytearray, bytearray]]:
    """Yield the lengths as they are stored and as they are summed, in batches."""
    varints, fixed = bytearray(), bytearray()
    for element in tensor.strings():
        nbytes = len(element)
        varints += encode_varint(nbytes)
        fixed += nbytes.to_bytes(4 if nbytes <= _UINT32_MAX else 8, "little")
        if len(fixed) >= _BATCH_NBYTES:
            yield varints, fixed
            varints, fixed = bytearray(), bytearray()
    yield varints, fixed


def _entry(tensor: Tensor, shard_id: int, offset: int, nbytes: int, crc: int) -> bytes:
    entry = schema.BundleEntryProto(
        dtype=tensor.dtype.number, shard_id=shard_id, offset=offset, size=nbytes, crc32c=mask(crc)
    )
    entry.shape.SetInParent()
    for dim in tensor.shape:
        entry.shape.dim.add(size=dim)
    return schema.serialize(entry)


def _write_index(sink: FileSink, entries: Sequence[tuple[bytes, bytes]], num_shards: int) -> None:
    """Write the table: the header under the empty key, then one entry per tensor."""
    header = schema.BundleHeaderProto(num_shards=num_shards)
    header.version.producer = VERSION
    table = TableWriter(sink)
    table.add(b"", schema.serialize(header))
    for name, entry in entries:
        table.add(name, entry)
    table.finish()
