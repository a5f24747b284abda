"""Every way a TensorProto may hold its values, as bytes: what writers do, and what the wire format also allows."""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterable, Sequence

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor_proto import value_field
from proto_utils import schema
from proto_utils.varint import encode_varint
from proto_utils.wire import I32, I64, VARINT, len_header, tag

SHAPES = {"scalar": (), "2x3": (2, 3), "empty": (0, 3), "40x40": (40, 40)}
NUMERIC = [DType.from_number(n) for n in range(1, 34) if n not in (7, 20, 21)]


def reference_to(dtype: DType) -> DType:
    """The type of a reference to a value of that type."""
    return DType.from_number(dtype.number + 100)


def length_delimited(number: int, payload: bytes) -> bytes:
    """One LEN record."""
    return len_header(number, len(payload)) + payload


def head(dtype: DType, shape: Sequence[int]) -> bytes:
    """A TensorProto with dtype and shape."""
    proto = schema.TensorProto(dtype=dtype.number)
    proto.tensor_shape.SetInParent()
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return schema.serialize(proto)


def element(dtype: DType, number: int) -> bytes:
    """Element `number` of a typed list, as on the wire; values run over each type's width and past it."""
    field = value_field(dtype)
    if field in (5, 9):
        return struct.pack("<f", number * 1.5 - 2)
    if field in (6, 12):
        return struct.pack("<d", number * 1.5 - 2)
    if field == 18:
        return bytes([(number * 37 + 3) & 0xFF])
    if field == 11:
        return encode_varint(number % 3)
    value = [number, -number, number * 1003, -number * 70001, number << 30][number % 5]
    return encode_varint(value & 0xFFFFFFFFFFFFFFFF)


def packed(dtype: DType, count: int) -> bytes:
    """A typed list of `count` elements in one record."""
    return length_delimited(value_field(dtype), b"".join(element(dtype, n) for n in range(count)))


def unpacked(dtype: DType, count: int) -> bytes:
    """The same with a record for each element."""
    field = value_field(dtype)
    kind = {5: I32, 9: I32, 6: I64, 12: I64}.get(field, VARINT)
    return b"".join(tag(field, kind) + element(dtype, n) for n in range(count))


def split(dtype: DType, count: int, at: int) -> bytes:
    """The same in two packed records."""
    elements = [element(dtype, n) for n in range(count)]
    field = value_field(dtype)
    return length_delimited(field, b"".join(elements[:at])) + length_delimited(field, b"".join(elements[at:]))


def content(nbytes: int) -> bytes:
    """A tensor_content record; every byte is 0 or 1, which every dtype can hold."""
    return length_delimited(4, bytes((n * n // 3) % 2 for n in range(nbytes)))


def numeric_cases(dtype: DType) -> Iterable[tuple[str, bytes]]:
    """Yield (what it is, TensorProto) for one dtype."""
    per = 2 if dtype.is_complex else 1
    for name, shape in SHAPES.items():
        size = 1
        for dim in shape:
            size *= dim
        start = head(dtype, shape)
        yield f"{name} content", start + content(size * dtype.itemsize)
        yield f"{name} content, a byte more", start + content(size * dtype.itemsize + 1)
        yield f"{name} list", start + packed(dtype, size * per)
        yield f"{name} list with surplus", start + packed(dtype, size * per + 3)
        yield f"{name} nothing", start
        yield f"{name} short list", start + packed(dtype, size * per * 2 // 3)
        yield f"{name} odd list", start + packed(dtype, size * per * 2 // 3 // 2 * 2 + 1)
        yield f"{name} one value", start + packed(dtype, per)
        if dtype.name.startswith("float8") or dtype.name.startswith("float4"):
            continue
        yield f"{name} unpacked", start + unpacked(dtype, size * per)
        yield f"{name} split", start + split(dtype, size * per, size * per // 2)
        yield f"{name} split, short", start + split(dtype, size * per * 2 // 3, size * per // 3)
        yield f"{name} packed and unpacked", start + packed(dtype, size) + unpacked(dtype, 1)
    six = head(dtype, (2, 3))
    yield "content and list", six + content(6 * dtype.itemsize) + packed(dtype, 6 * per)
    yield "short content and list", six + content(dtype.itemsize) + packed(dtype, 6 * per)
    yield "content twice", six + content(8 * dtype.itemsize) + length_delimited(4, bytes([1]) * 6 * dtype.itemsize)
    yield "list of another field", six + length_delimited(8, b"text") + length_delimited(99, b"unknown")
    yield "unknown rank flag", head(dtype, ()) + length_delimited(2, b"\x18\x01") + packed(dtype, per)
    yield "negative dimension", head(dtype, (2, -1)) + packed(dtype, 6 * per)
    yield "values before the header", packed(dtype, 6 * per) + six


def string_cases() -> Iterable[tuple[str, bytes]]:
    """Yield (what it is, TensorProto) for strings."""

    def values(*elements: bytes) -> bytes:
        return b"".join(length_delimited(8, one) for one in elements)

    for name, shape in (("scalar", ()), ("3", (3,)), ("empty", (0,)), ("20x20", (20, 20))):
        start = head(dtypes.STRING, shape)
        yield f"{name} nothing", start
        yield f"{name} one", start + values(b"a\0\xff")
        yield f"{name} two", start + values(b"a", b"")
        yield f"{name} many", start + values(*[b"%d" % n * (n % 7) for n in range(500)])
        yield f"{name} long ones", start + values(b"x" * 2000, b"y" * 3000)
    three = head(dtypes.STRING, (3,))
    for name, raw in {
        "exact": b"\1\0\2abc", "short": b"\1\0\2ab", "long": b"\1\0\2abcd", "lengths only": b"\0\0\0",
        "cut in the lengths": b"\1\x80", "huge length": b"\xff\xff\xff\xff\x7f\0\0abc",
    }.items():  # fmt: skip
        yield f"content, {name}", three + length_delimited(4, raw)
    yield "content and list", three + length_delimited(4, b"\1\0\2abc") + values(b"q")
    yield "long content", three + length_delimited(4, b"\xd0\x0f\0\1" + b"z" * 2001)


@functools.cache
def cases() -> dict[str, bytes]:
    """All of them by name."""
    found = {f"{dtype.name}: {name}": raw for dtype in NUMERIC for name, raw in numeric_cases(dtype)}
    found.update((f"string: {name}", raw) for name, raw in string_cases())
    return found
