"""V1 checkpoints made by hand: what TensorFlow's writer makes, and what no sound one does."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cramjam

from graphsurgeon.formats.slices import encode_slice_key
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Extents
from graphsurgeon.tensors.tensor_proto import value_field
from proto_utils import schema
from proto_utils.varint import encode_varint
from tests.formats.bundle_files import assemble, raw_block, table

FIELDS = {
    5: "float_val", 6: "double_val", 7: "int_val", 8: "string_val", 9: "scomplex_val", 10: "int64_val",
    11: "bool_val", 12: "dcomplex_val", 13: "half_val", 16: "uint32_val", 17: "uint64_val",
}  # fmt: skip

#: What TensorFlow's writer takes.
STORED = [
    dtypes.FLOAT, dtypes.DOUBLE, dtypes.INT32, dtypes.UINT8, dtypes.INT16, dtypes.INT8, dtypes.STRING,
    dtypes.COMPLEX64, dtypes.INT64, dtypes.BOOL, dtypes.QINT8, dtypes.QUINT8, dtypes.QINT32, dtypes.UINT16,
    dtypes.COMPLEX128, dtypes.HALF,
]  # fmt: skip

#: The extent that is all of a dimension.
ALL = (0, -1)


def numbers(dtype: DType, data: bytes) -> list[Any]:
    """Raw elements as the numbers of their typed field: half as bits, complex as pairs."""
    if dtype.kind == "c":
        return array("f" if dtype.itemsize == 8 else "d", data).tolist()
    if dtype is dtypes.FLOAT or dtype is dtypes.DOUBLE:
        return array("f" if dtype.itemsize == 4 else "d", data).tolist()
    code = {1: "B", 2: "H", 4: "I", 8: "Q"}[dtype.itemsize]
    signed = dtype.kind == "i" or dtype.name.startswith("qint")
    return array(code.lower() if signed else code, data).tolist()


def whole(shape: Sequence[int]) -> Extents:
    return (ALL,) * len(shape)


def data_entry(name: str, dtype: DType, extents: Extents, content: bytes | Sequence[bytes]) -> tuple[bytes, bytes]:
    """The key and value of one slice; content is raw bytes, or strings."""
    message = schema.SavedTensorSlices()
    message.data.name = name
    add_extents(message.data.slice, extents)
    values = numbers(dtype, content) if isinstance(content, bytes) else content
    getattr(message.data.data, FIELDS[value_field(dtype)]).extend(values)
    return encode_slice_key(name.encode(), extents), schema.serialize(message)


def add_extents(proto: Any, extents: Extents) -> None:
    proto.SetInParent()
    for start, length in extents:
        extent = proto.extent.add()
        if length >= 0:
            extent.start, extent.length = start, length


def one_block(entries: Sequence[tuple[bytes, bytes]], kind: int = 0) -> bytes:
    """A table of a single block, whatever its size, with one restart point; `kind` 1 compresses it."""
    parts = [bytes(1) + encode_varint(len(k)) + encode_varint(len(v)) + k + v for k, v in entries]
    content = b"".join(parts) + struct.pack("<2I", 0, 1)
    content = bytes(cramjam.snappy.compress_raw(content)) if kind else content
    return assemble([(entries[-1][0] + b"~", raw_block(content, kind))])


Tensors = Mapping[str, tuple[DType, Sequence[int], Mapping[Extents, bytes | Sequence[bytes]]]]


def meta(tensors: Iterable[tuple[str, int, Sequence[int], Sequence[Extents]]], min_consumer: int = 0) -> bytes:
    """The value under the empty key."""
    message = schema.SavedTensorSlices()
    message.meta.versions.producer = 1
    message.meta.versions.min_consumer = min_consumer
    for name, dtype, shape, slices in tensors:
        entry = message.meta.tensor.add(name=name, type=dtype)
        entry.shape.SetInParent()
        for size in shape:
            entry.shape.dim.add(size=size)
        for extents in slices:
            add_extents(entry.slice.add(), extents)
    return schema.serialize(message)


def v1_table(tensors: Tensors, make: Callable[[Sequence[tuple[bytes, bytes]]], bytes] = table, **options: Any) -> bytes:
    """A file of tensors: name to dtype, shape and the content of each slice."""
    listed = meta([(name, dtype.number, shape, list(parts)) for name, (dtype, shape, parts) in tensors.items()])
    entries = {b"": options.get("listed", listed)}
    for name, (dtype, _, parts) in tensors.items():
        for extents, content in parts.items():
            key, value = data_entry(name, dtype, extents, content)
            entries[key] = value
    return make(sorted((entries | options.get("entries", {})).items()))


def one(dtype: DType, shape: Sequence[int], content: bytes | Sequence[bytes]) -> Any:
    """A tensor that is stored whole."""
    return dtype, shape, {whole(shape): content}


def write_v1(path: Path, tensors: Tensors, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(v1_table(tensors, **options))
    return path
