"""The list of tensors in a shard of a V1 checkpoint, which is one long message under the empty key.

::

    SavedTensorSlices { meta(1): SavedTensorSliceMeta { tensor(1)* versions(2) } }
    tensor = 0A n name | 12 n shape | 18 dtype | 22 n slice ...

It is taken apart record by record, never parsed whole. What follows a tensor's name is the
same for all tensors of one kind that are stored whole, and decoded once for all of them.

Source: TensorFlow's ``core/util/saved_tensor_slice.proto``.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from typing import Any

from graphsurgeon.formats.slices import box_of, format_slice, slice_of_proto
from graphsurgeon.formats.table import SNAPPY_MAX_RATIO
from graphsurgeon.formats.v1_tensors import least_nbytes
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.boxes import Box, num_elements
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import MAX_RANK, MAX_SIZE, Extents
from proto_utils import schema
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.named_tuple import NamedTuple
from proto_utils.varint import decode_varint
from proto_utils.wire import LEN, fields

VERSION = 1

_NAME = 0x0A
_TENSOR, _VERSIONS = 1, 2
#: Kinds that are remembered; real checkpoints have a few hundred.
_MAX_KINDS = 1 << 16


class V1Entry(NamedTuple):
    """The entry of a V1 checkpoint's list for one tensor.

    Attributes
    ----------
    dtype : DType
    shape : tuple of int
    slices : tuple of Extents
        Of a partitioned tensor; none of one that is stored whole.
    """

    dtype: DType
    shape: tuple[int, ...]
    slices: tuple[Extents, ...] = ()


class StoredSlice(NamedTuple):
    """A slice: as listed, its bounds, and the shard that holds it."""

    extents: Extents
    box: Box
    shard_id: int


class Listed(NamedTuple):
    """A tensor as one shard lists it: without its slices in the entry, which may have more in other shards."""

    entry: V1Entry
    parts: tuple[StoredSlice, ...]


class TensorList:
    """The list of one shard.

    Parameters
    ----------
    value : bytes
        The serialized SavedTensorSlices.
    shard_id : int
    nbytes : int
        Size of the shard's file.
    path : str
        Of the shard, for errors.

    Raises
    ------
    CorruptionError
        It does not parse.
    UnsupportedError
        It is of a newer kind.
    """

    def __init__(self, value: bytes, shard_id: int, nbytes: int, path: str) -> None:
        self._value = value
        self._shard_id = shard_id
        self._nbytes = nbytes
        self._path = path
        self._kinds: dict[bytes, Listed] = {}
        self._bounds = array("q")
        versions = rest = b""
        try:
            for field in fields(value):
                if field.number == 1 and field.wire_type == LEN:
                    versions += self._find_tensors(field.start, field.end)
                else:
                    rest += value[field.record : field.end]
        except CorruptionError as error:
            raise self._corrupt(f"its list of tensors: {error.reason}") from None
        # What is beside the list means nothing, but TensorFlow refuses it all when it is no message.
        schema.parse(schema.SavedTensorSlices, rest, path=path)
        _check_version(schema.parse(schema.VersionDef, versions, path=path), path)

    def __iter__(self) -> Iterator[tuple[str, Listed]]:
        """Yield the tensors that have slices here, each sound in itself.

        Raises
        ------
        CorruptionError
            One does not parse, or says what cannot be.
        UnsupportedError
            A dtype is unknown.
        """
        bounds = iter(self._bounds)
        for start, end in zip(bounds, bounds, strict=True):
            name, listed = self._decode(self._value[start:end])
            # TensorFlow registers slices: a tensor without any does not exist.
            if listed.parts:
                yield name, listed

    def _find_tensors(self, position: int, end: int) -> bytes:
        """Note where the records of tensors are; return those of the version."""
        value, versions = self._value, b""
        while position < end:
            if value[position] == _TENSOR << 3 | LEN:
                nbytes, start = decode_varint(value, position + 1)
                position = start + nbytes
                if position > end:
                    raise CorruptionError("a tensor runs past the end")
                self._bounds.extend((start, position))
                continue
            field = next(fields(value, position, end))
            if field.number == _VERSIONS and field.wire_type == LEN:
                versions += value[field.start : field.end]
            position = field.end
        return versions

    def _decode(self, record: bytes) -> tuple[str, Listed]:
        end = 2 + record[1] if len(record) > 1 else 0
        if not end or record[0] != _NAME or record[1] >= 0x80 or end > len(record):
            return self._parse(record)
        kind = record[end:]
        listed = self._kinds.get(kind) or self._learn(kind)
        try:
            name = record[2:end].decode()
        except UnicodeDecodeError:
            listed = None
        return self._parse(record) if listed is None else (name, listed)

    def _learn(self, kind: bytes) -> Listed | None:
        """Decode what follows a name, and remember it; None when it is unusual or not sound."""
        try:
            message = schema.parse(schema.SavedSliceMeta, kind)
            listed = None if message.name else self._listed(message)
        except (CorruptionError, UnsupportedError):
            return None
        if listed is not None and len(self._kinds) < _MAX_KINDS and len(listed.parts) == 1:
            self._kinds[kind] = listed
        return listed

    def _parse(self, record: bytes) -> tuple[str, Listed]:
        message = schema.parse(schema.SavedSliceMeta, record, path=self._path)
        return message.name, self._listed(message)

    def _listed(self, message: Any) -> Listed:
        name = message.name
        if not message.slice:
            return Listed(V1Entry(dtypes.INVALID, ()), ())
        entry = _entry(message, self._path)
        parts = []
        for extents in map(slice_of_proto, message.slice):
            try:
                box = box_of(extents, entry.shape)
            except CorruptionError as error:
                raise self._corrupt(f"tensor {name!r}: {error.reason}") from None
            least = least_nbytes(entry.dtype, num_elements(box))
            if least > self._nbytes * SNAPPY_MAX_RATIO:
                size = f"takes {least} bytes, which a file of {self._nbytes} cannot hold"
                raise self._corrupt(f"tensor {name!r}: slice {format_slice(extents)!r} {size}")
            parts.append(StoredSlice(extents, box, self._shard_id))
        return Listed(entry, tuple(parts))

    def _corrupt(self, reason: str) -> CorruptionError:
        return CorruptionError(reason, path=self._path)


def _entry(message: Any, path: str) -> V1Entry:
    try:
        dtype = DType.from_number(message.type)
    except UnsupportedError as error:
        raise UnsupportedError(f"tensor {message.name!r}: {error.reason}", path=path) from None
    shape = tuple([dim.size for dim in message.shape.dim])
    if message.shape.unknown_rank or dtype.is_ref or dtype is dtypes.INVALID:
        raise CorruptionError(f"tensor {message.name!r}: of dtype {dtype.name} or without a shape", path=path)
    if (shape and min(shape) < 0) or len(shape) > MAX_RANK or math.prod(shape) > MAX_SIZE:
        raise CorruptionError(f"tensor {message.name!r}: impossible shape {list(shape)[:16]}", path=path)
    return V1Entry(dtype, shape)


def _check_version(version: Any, path: str) -> None:
    if version.min_consumer > VERSION or VERSION in version.bad_consumers:
        wanted = f"a reader of version {version.min_consumer}, this one is of {VERSION}"
        raise UnsupportedError(f"the checkpoint wants {wanted}", path=path)
