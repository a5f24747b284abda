"""Riegeli files: records of any size in compressed chunks, through which block headers run.

::

    file         = signature chunk*               the first 64 bytes are the same in every file
    chunk        = header data padding            interrupted at every multiple of 65,536 by a block header of 24 bytes
    header       = hash(8) data_size(8) data_hash(8) chunk_type(1) num_records(7) decoded_data_size(8)
    simple chunk = compression(1) varint(n) sizes(n) values
    sizes, values, when they are compressed = varint(decompressed size) compressed bytes

Numbers are little-endian, hashes HighwayHash-64. A record's position is its chunk's plus its place among the chunk's
records; padding keeps positions apart. Source: riegeli's ``doc/riegeli_records_file_format.md``.

Records are decompressed into memory. That the hashes fit is checked up to 16 MiB of a file, which takes five seconds in
Python; behind that, damage shows in what cannot be decompressed or is no message.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from graphsurgeon.formats.highway_hash import highway_hash
from proto_utils.errors import CorruptionError, LimitError, UnsupportedError
from proto_utils.files import Source
from proto_utils.named_tuple import NamedTuple
from proto_utils.varint import decode_varint

_KEY = (0x2F696C6567656952, 0x0A7364726F636572, 0x2F696C6567656952, 0x0A7364726F636572)
_BLOCK, _BLOCK_HEADER, _HEADER = 1 << 16, 24, 40
_USABLE = _BLOCK - _BLOCK_HEADER
_MAX_HASHED_NBYTES = 16 << 20
_NONE, _BROTLI, _ZSTD, _SNAPPY = 0, ord("b"), ord("z"), ord("s")
_SIMPLE, _TRANSPOSED, _WITHOUT_RECORDS = ord("r"), ord("t"), b"smp"
#: More than this much, and this many times the file, is no model, but a bomb.
_MAX_DECODED_NBYTES, _MAX_RATIO = 64 << 20, 20


class _Chunk(NamedTuple):
    """A chunk: where it begins, what its header says, and its data, still encoded."""

    position: int
    kind: int
    num_records: int
    nbytes: int
    data: bytes


def read_records(source: Source) -> dict[int, memoryview]:
    """Read every record of a Riegeli file.

    Parameters
    ----------
    source : Source
        It begins as `sniff.is_riegeli` wants it.

    Returns
    -------
    dict of int to memoryview
        By position, in their order.

    Raises
    ------
    CorruptionError
        A hash, a size or what was compressed is not right, or the file ends too early.
    UnsupportedError
        Records are transposed, or compressed in an unknown way.
    LimitError
        Decompressed, it would be out of all proportion to the file.
    """
    records: dict[int, memoryview] = {}
    budget = _MAX_DECODED_NBYTES + _MAX_RATIO * source.size
    for chunk in _chunks(source):
        if chunk.kind == _SIMPLE:
            budget -= chunk.nbytes
            if budget < 0:
                limit = _MAX_DECODED_NBYTES + _MAX_RATIO * source.size
                raise LimitError(f"the size of {source.path}, decompressed", limit - budget, limit)
            records.update(_decoded(chunk, source))
        elif chunk.kind == _TRANSPOSED:
            reason = "its records are stored transposed, by fields, which is not read here"
            raise UnsupportedError(reason, path=source.path, offset=chunk.position)
        elif chunk.kind not in _WITHOUT_RECORDS:
            raise UnsupportedError(f"a chunk of type {chunk.kind}", path=source.path, offset=chunk.position)
    return records


def _chunks(source: Source) -> Iterator[_Chunk]:
    position, hashable = 0, _MAX_HASHED_NBYTES
    while position < source.size:
        header = _unblocked(source, position, 0, _HEADER)
        header_hash, data_size, data_hash, kind, low, decoded = struct.unpack("<QQQB7sQ", header)
        if highway_hash(header[8:], _KEY) != header_hash:
            raise CorruptionError("the hash of a chunk's header does not fit it", path=source.path, offset=position)
        num_records = int.from_bytes(low, "little")
        data = _unblocked(source, position, _HEADER, data_size)
        hashable -= data_size
        if hashable >= 0 and highway_hash(data, _KEY) != data_hash:
            raise CorruptionError("the hash of a chunk does not fit its data", path=source.path, offset=position)
        yield _Chunk(position, kind, num_records, decoded, data)
        end = _position_behind(position, _HEADER + data_size)
        position = max(end, _possible_boundary(position + num_records))


def _position_behind(position: int, nbytes: int) -> int:
    """Return where bytes of a chunk end that begins at a position, block headers included."""
    num_headers = (nbytes + (position + _USABLE - 1) % _BLOCK) // _USABLE
    return position + nbytes + num_headers * _BLOCK_HEADER


def _possible_boundary(position: int) -> int:
    """Return the next position at which a chunk may end: not within a block header, nor just behind it."""
    return position + max(0, -position % _BLOCK - (_USABLE - 1))


def _unblocked(source: Source, position: int, skipped: int, nbytes: int) -> bytes:
    """Read bytes of a chunk, without the block headers between them."""
    start = _position_behind(position, skipped) if skipped else position
    if start + nbytes > source.size or _position_behind(position, skipped + nbytes) > source.size:
        reason = f"truncated: a chunk goes on to byte {start + nbytes} or more, the file ends at {source.size}"
        raise CorruptionError(reason, path=source.path, offset=position, hint="download it again")
    raw = source.read(start, _position_behind(position, skipped + nbytes))
    pieces, at = [], 0
    while at < len(raw):
        within = (start + at) % _BLOCK
        if within < _BLOCK_HEADER:
            at += _BLOCK_HEADER - within
            within = _BLOCK_HEADER
        pieces.append(raw[at : at + _BLOCK - within])
        at += _BLOCK - within
    return b"".join(pieces)


def _decoded(chunk: _Chunk, source: Source) -> Iterator[tuple[int, memoryview]]:
    """Yield the position and the bytes of each record of a simple chunk."""
    data = memoryview(chunk.data)
    if not data:
        raise CorruptionError("a chunk of records without data", path=source.path, offset=chunk.position)
    compression = data[0]
    nbytes, start = decode_varint(data, 1)
    if start + nbytes > len(data):
        raise CorruptionError("sizes of records run past their chunk", path=source.path, offset=chunk.position)
    # A size takes at least one byte, and at most ten.
    sizes = _decompressed(data[start : start + nbytes], compression, chunk, source, 10 * chunk.num_records)
    values = _decompressed(data[start + nbytes :], compression, chunk, source, chunk.nbytes)
    at = end = 0
    for number in range(min(chunk.num_records, len(sizes) + 1)):
        size, at = decode_varint(sizes, at)
        if end + size > len(values):
            raise CorruptionError("a record runs past its chunk", path=source.path, offset=chunk.position)
        yield chunk.position + number, values[end : end + size]
        end += size
    if end != len(values) or at != len(sizes) or end != chunk.nbytes:
        reason = f"records of {end} bytes in a chunk of {len(values)}, of which its header says {chunk.nbytes}"
        raise CorruptionError(reason, path=source.path, offset=chunk.position)


def _decompressed(data: memoryview, compression: int, chunk: _Chunk, source: Source, limit: int) -> memoryview:
    if compression == _NONE:
        return data
    names = {_BROTLI: "brotli", _ZSTD: "zstd", _SNAPPY: "snappy"}
    if compression not in names:
        reason = f"records compressed in a way that is not known here: {compression}"
        raise UnsupportedError(reason, path=source.path, offset=chunk.position)
    nbytes, start = decode_varint(data, 0)
    if nbytes > limit:
        reason = f"what is compressed has {nbytes} bytes by its own account, and {limit} at most by its chunk's"
        raise CorruptionError(reason, path=source.path, offset=chunk.position)
    import cramjam

    codec, target = getattr(cramjam, names[compression]), bytearray(nbytes)
    into = codec.decompress_raw_into if compression == _SNAPPY else codec.decompress_into
    try:
        written = into(bytes(data[start:]), target) if nbytes else 0
    except cramjam.DecompressionError as error:
        reason = f"what {names[compression]} compressed cannot be decompressed: it is damaged"
        raise CorruptionError(reason, path=source.path, offset=chunk.position) from error
    if written != nbytes:
        reason = f"what {names[compression]} compressed has {written} bytes, and {nbytes} by its own account"
        raise CorruptionError(reason, path=source.path, offset=chunk.position)
    return memoryview(target).toreadonly()
