"""Decoding the entries of a V2 checkpoint's index: a million of them in a second or two.

An entry is a BundleEntryProto, and writers put its fields in order::

    08 dtype | 12 n shape | 18 shard_id | 20 offset | 28 size | 35 crc32c, 4 bytes | 3A n slice ...

Zeros are left out. What begins an entry, dtype and shape, is the same for many tensors
and decoded once for all of them; so is the size, which follows from these. An entry that
is written in any other way, is of strings, partitioned, has fields this version does not
know, or is not sound goes the long way round, through protobuf, which says what is wrong
with it. A checkpoint without any is opened without protobuf, which takes longer to import.

Source: TensorFlow's ``core/protobuf/tensor_bundle.proto``.
"""

from __future__ import annotations

import math

from graphsurgeon.formats.entry_table import BundleEntry
from graphsurgeon.formats.slices import slice_of_proto
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import MAX_RANK, MAX_SIZE
from proto_utils import schema
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.named_tuple import NamedTuple
from proto_utils.varint import decode_varint, encode_varint
from proto_utils.wire import I32, LEN, VARINT, fields

_DTYPE, _SHAPE, _SHARD_ID, _OFFSET, _NBYTES, _CHECKSUM = 0x08, 0x12, 0x18, 0x20, 0x28, 0x35
_WIRE_TYPES = {1: VARINT, 2: LEN, 3: VARINT, 4: VARINT, 5: VARINT, 6: I32, 7: LEN}
#: In a TensorShapeProto, a dimension, and how its size begins.
_DIM, _SIZE = 2, b"\x08"
#: Heads that are remembered; real checkpoints have a few hundred.
_MAX_HEADS = 1 << 16


class EntryHead(NamedTuple):
    """The head of an entry: dtype and shape; the bytes that values take; how these are written behind the offset."""

    dtype: DType
    shape: tuple[int, ...]
    nbytes: int
    record: bytes


class EntryDecoder:
    """Decodes the entries of one index, each of them sound in itself or an error.

    Parameters
    ----------
    num_shards : int
        How many the header says there are.
    path : str
        Of the index, for errors.
    """

    def __init__(self, num_shards: int, path: str) -> None:
        self.num_shards = num_shards
        self._path = path
        self._heads: dict[bytes, EntryHead] = {}

    def decode(self, name: str, value: bytes) -> BundleEntry:
        """Decode one entry.

        Parameters
        ----------
        name : str
            Of the tensor, for errors.
        value : bytes
            The serialized BundleEntryProto.

        Raises
        ------
        CorruptionError
            It does not parse, or says what cannot be.
        UnsupportedError
            Its dtype is unknown.
        """
        end = 4 + value[3] if len(value) > 4 else 0
        start = value[:end]
        head = self._heads.get(start) or self.learn(start)
        if head is not None:
            entry = self._behind(head, value, end)
            if entry is not None:
                return entry
        return self._parse(name, value)

    def _behind(self, head: EntryHead, value: bytes, position: int) -> BundleEntry | None:
        """Decode the numbers behind a head; None when they are unusual or not sound."""
        shard_id = offset = 0
        try:
            if value[position] == _SHARD_ID:
                shard_id, position = decode_varint(value, position + 1)
            if value[position] == _OFFSET:
                offset, position = decode_varint(value, position + 1)
        except (IndexError, CorruptionError):
            return None
        if value[position:-4] != head.record or shard_id >= self.num_shards or offset > MAX_SIZE:
            return None
        return BundleEntry(head.dtype, head.shape, shard_id, offset, head.nbytes, int.from_bytes(value[-4:], "little"))

    def learn(self, start: bytes) -> EntryHead | None:
        """Decode a head, and remember it; None when it is unusual, of strings, or not sound."""
        if len(start) < 4 or start[0] != _DTYPE or start[2] != _SHAPE or max(start[1], start[3]) >= 0x80:
            return None
        try:
            dtype, shape = self._kind("", start[1], _usual_shape(start[4:]))
        except (CorruptionError, UnsupportedError):
            return None
        nbytes = math.prod(shape) * dtype.itemsize
        if not dtype.itemsize or nbytes > MAX_SIZE:
            return None
        size = bytes([_NBYTES]) + encode_varint(nbytes) if nbytes else b""
        head = EntryHead(dtype, shape, nbytes, size + bytes([_CHECKSUM]))
        if len(self._heads) < _MAX_HEADS:
            self._heads[start] = head
        return head

    def _parse(self, name: str, value: bytes) -> BundleEntry:
        """Decode an entry of any form."""
        try:
            message = schema.parse(schema.BundleEntryProto, value)
        except CorruptionError as error:
            raise self._corrupt(f"tensor {name!r}: its entry is {error.reason}") from error
        dims = None if message.shape.unknown_rank else tuple([dim.size for dim in message.shape.dim])
        dtype, shape = self._kind(name, message.dtype, dims)
        slices = tuple(map(slice_of_proto, message.slices)) if message.slices else ()
        if len(slices) == 1 and all(length < 0 for _, length in slices[0]):
            # One slice that is everything is stored under the tensor's own name.
            slices = ()
        place = (message.shard_id, message.offset, message.size)
        if not slices:
            self._check_place(name, dtype, shape, *place)
        return BundleEntry(dtype, shape, *place, message.crc32c, slices, _unknown(value))

    def _kind(self, name: str, number: int, shape: tuple[int, ...] | None) -> tuple[DType, tuple[int, ...]]:
        """Return dtype and shape, which are possible ones."""
        try:
            dtype = DType.from_number(number)
        except UnsupportedError as error:
            raise UnsupportedError(f"tensor {name!r}: {error.reason}", path=self._path) from None
        if shape is None or dtype.is_ref or dtype is dtypes.INVALID:
            raise self._corrupt(f"tensor {name!r}: stored with dtype {dtype.name} or without a shape")
        if (shape and min(shape) < 0) or len(shape) > MAX_RANK or math.prod(shape) > MAX_SIZE:
            raise self._corrupt(f"tensor {name!r}: impossible shape {list(shape)[:16]}")
        return dtype, shape

    def _check_place(
        self, name: str, dtype: DType, shape: tuple[int, ...], shard_id: int, offset: int, nbytes: int
    ) -> None:
        if not 0 <= shard_id < self.num_shards or offset < 0 or nbytes < 0:
            place = f"{nbytes} bytes at {offset} of shard {shard_id} of {self.num_shards}"
            raise self._corrupt(f"tensor {name!r}: impossible place, {place}")
        least, most = _bounds(dtype, shape)
        if least <= nbytes <= most:
            return
        if dtype.itemsize:
            wanted = f"{dtype.name} {list(shape)} takes {least}"
            raise self._corrupt(f"tensor {name!r}: stored in {nbytes} bytes, {wanted}")
        size = math.prod(shape)
        raise self._corrupt(f"tensor {name!r}: {nbytes} bytes cannot hold {size} elements of {dtype.name}")

    def _corrupt(self, reason: str) -> CorruptionError:
        return CorruptionError(reason, path=self._path)


def _usual_shape(data: bytes) -> tuple[int, ...] | None:
    """Decode a TensorShapeProto, each of whose records is ``12 n 08 size`` or, of size 0, ``12 00``; None of others."""
    shape = []
    for field in fields(data):
        dim = data[field.start : field.end]
        if field.number != _DIM or field.wire_type != LEN or dim[:1] not in (b"", _SIZE):
            return None
        size, end = decode_varint(dim, 1) if dim else (0, 0)
        if end != len(dim) or size > MAX_SIZE:
            return None
        shape.append(size)
    return tuple(shape)


def _bounds(dtype: DType, shape: tuple[int, ...]) -> tuple[int, int]:
    """Return how many bytes values take, at least and at most: strings have a length each, and a checksum of those."""
    size = math.prod(shape)
    if dtype.itemsize:
        return size * dtype.itemsize, size * dtype.itemsize
    return size + 4 if size else 0, MAX_SIZE


def _unknown(value: bytes) -> bytes:
    """Return the records that this version has no field for, as they are."""
    unknown = [field for field in fields(value) if _WIRE_TYPES.get(field.number) != field.wire_type]
    return b"".join(value[field.record : field.end] for field in unknown)
