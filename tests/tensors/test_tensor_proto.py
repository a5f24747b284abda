"""TensorProtos: what TensorFlow makes of them is judged in tests/tf; here, that reading is lazy and writing sound."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.tensor_proto import (
    TENSOR_CONTENT,
    PackedTensor,
    decode,
    encode,
    encode_fill,
    header,
    value_field,
)
from graphsurgeon.tensors.values import ArrayTensor, FillTensor, RawTensor, StringTensor, as_tensor
from proto_utils import schema
from proto_utils.errors import CorruptionError, FileFormatError, UnsupportedError
from proto_utils.files import BytesSource, Source, Span
from proto_utils.varint import encode_varint
from tests import encodings, strategies

CASES = encodings.cases()


def span(data: bytes, name: str | None = None) -> Span:
    return Span(BytesSource(data, name), 0, len(data))


def raw(tensor: Tensor) -> bytes:
    return b"".join(map(bytes, tensor.chunks()))


def values(tensor: Tensor) -> object:
    return list(tensor.strings()) if tensor.dtype is dtypes.STRING else raw(tensor)


@pytest.mark.parametrize("dtype", encodings.NUMERIC, ids=lambda dtype: dtype.name)
def test_lists_left_in_the_file_decode_as_those_in_memory(dtype: DType):
    """Packed records of any cut: each element across a boundary too."""
    for count in (0, 1, 2, 5, 12, 40):
        whole = schema.parse(schema.TensorProto, encodings.head(dtype, (3, 4)) + encodings.packed(dtype, count))
        packed = b"".join(encodings.element(dtype, n) for n in range(count))
        skeleton = schema.parse(schema.TensorProto, encodings.head(dtype, (3, 4)))
        lazy = decode(skeleton, {value_field(dtype): [span(packed)]})
        assert raw(lazy) == raw(decode(whole))
        assert raw(lazy) == raw(lazy)


def test_fixed_width_lists_in_the_file_are_raw_values():
    where = span(np.arange(300, dtype=np.float32).tobytes())
    tensor = decode(header(FillTensor(dtypes.FLOAT, [300])), {5: [where]})
    assert isinstance(tensor, RawTensor)
    assert tensor.span is where


def test_varints_stream_in_blocks_however_they_are_cut(monkeypatch: pytest.MonkeyPatch):
    wanted = np.array([n * 7919 - 500_000 for n in range(40_000)], np.int64)
    packed = b"".join(encode_varint(int(value) & (1 << 64) - 1) for value in wanted)
    tensor = decode(header(FillTensor(dtypes.INT64, [40_000])), {10: [span(packed)]})
    for nbytes in (8 * 7, 8 * 1000, 1 << 20):
        monkeypatch.setattr("graphsurgeon.tensors.tensor_proto.CHUNK_NBYTES", nbytes)
        assert raw(tensor) == wanted.tobytes()


class OneByte:
    """A source that gives a byte at a time."""

    def __init__(self, data: bytes) -> None:
        self.path: str | None = None
        self.size = len(data)
        self._data = data

    def read(self, start: int, end: int) -> bytes:
        return self._data[start:end]

    def chunks(self, start: int, end: int, nbytes: int = 0):
        del nbytes
        for position in range(start, end):
            yield memoryview(self._data[position : position + 1])


@pytest.mark.parametrize("dtype", encodings.NUMERIC, ids=lambda dtype: dtype.name)
def test_any_cut_of_the_stream_gives_the_same(dtype: DType):
    packed = b"".join(encodings.element(dtype, n) for n in range(9))
    source: Source = OneByte(packed)
    slow = PackedTensor(dtype, [12], value_field(dtype), [Span(source, 0, len(packed))])
    assert raw(slow) == raw(PackedTensor(dtype, [12], value_field(dtype), [span(packed)]))


def test_complex_numbers_across_records():
    floats = np.arange(7, dtype=np.float32).tobytes()
    tensor = decode(header(FillTensor(dtypes.COMPLEX64, [5])), {9: [span(floats[:4]), span(floats[4:])]})
    assert tensor.numpy().tolist() == [1j, 2 + 3j, 4 + 5j, 4 + 5j, 4 + 5j]


@pytest.mark.parametrize(
    ("field", "dtype", "packed"),
    [(5, dtypes.FLOAT, b"12345"), (6, dtypes.DOUBLE, b"1234"), (9, dtypes.COMPLEX64, b"123")],
)
def test_a_list_that_ends_inside_a_number_is_corruption_before_it_is_read(field: int, dtype: DType, packed: bytes):
    with pytest.raises(CorruptionError, match="ends inside an element"):
        decode(header(FillTensor(dtype, [2])), {field: [span(packed, "f.pb")]})


@pytest.mark.parametrize("packed", [b"\x01\x80", b"\x80" * 30, b"\x01" + b"\xff" * 11 + b"\x01"])
def test_bad_varints_are_corruption_when_they_are_read(packed: bytes):
    tensor = decode(header(FillTensor(dtypes.INT32, [5])), {7: [span(packed)]})
    with pytest.raises(CorruptionError):
        raw(tensor)


@pytest.mark.parametrize("dtype", [dtypes.RESOURCE, dtypes.VARIANT], ids=lambda dtype: dtype.name)
def test_resources_and_variants_are_refused_by_name(dtype: DType):
    tensor = decode(schema.TensorProto(dtype=dtype.number))
    with pytest.raises(UnsupportedError, match=dtype.name):
        tensor.numpy()


@pytest.mark.parametrize("number", [0, 34, 77, 255])
def test_dtypes_that_there_are_not_are_refused(number: int):
    with pytest.raises(UnsupportedError):
        decode(schema.TensorProto(dtype=number))


@pytest.mark.parametrize("name", [name for name in CASES if "2x3" in name or name.startswith("string")])
def test_encoding_what_was_decoded_decodes_to_the_same(name: str):
    try:
        first = decode(schema.parse(schema.TensorProto, CASES[name]))
    except FileFormatError:
        return
    again = decode(schema.parse(schema.TensorProto, schema.serialize(encode(first))))
    assert (again.dtype, again.shape, values(again)) == (first.dtype, first.shape, values(first))


@given(strategies.tensors())
def test_decoding_leaves_the_message_alone(proto: schema.TensorProto):
    before = schema.serialize(proto)
    tensor = decode(proto)
    assert tensor.size == (proto.tensor_shape.dim[0].size)
    raw(tensor)
    assert schema.serialize(proto) == before


@given(st.lists(st.integers(0, 9), max_size=4))
def test_a_header_is_zeros(shape: list[int]):
    proto = header(FillTensor(dtypes.INT16, shape))
    assert proto.ByteSize() < 40
    assert not np.any(decode(proto).numpy())
    assert decode(proto).shape == tuple(shape)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (np.float32(2), "float_val"),
        (np.ones(2, np.float32), "tensor_content"),
        (np.int8(-3), "int_val"),
        (np.uint64(2**63), "uint64_val"),
        (np.float16(2), "half_val"),
        (ml_dtypes.bfloat16(2), "half_val"),
        (ml_dtypes.float8_e5m2(2), "float8_val"),
        (np.bool_(True), "bool_val"),
        (np.complex64(1j), "scomplex_val"),
        (np.array([b"a", b"b"], object), "string_val"),
    ],
)
def test_values_stand_where_tensorflow_puts_them(value: object, field: str):
    proto = encode(as_tensor(value))
    assert [found.name for found, _ in proto.ListFields()] == sorted(
        ["dtype", "tensor_shape", field], key=lambda name: proto.DESCRIPTOR.fields_by_name[name].number
    )


def test_strings_of_megabytes_in_tensor_content():
    strings = [bytes([n % 256]) * n for n in range(700)]
    lengths = b"".join(encode_varint(len(one)) for one in strings)
    where = span(lengths + b"".join(strings))
    tensor = decode(header(StringTensor([700], ())), {TENSOR_CONTENT: [where]})
    assert list(tensor.strings()) == strings


def test_arrays_are_encoded_little_endian():
    assert encode(ArrayTensor(np.array([1, 2], ">i4"))).tensor_content == b"\1\0\0\0\2\0\0\0"


@pytest.mark.parametrize("head", [b"", np.float32(3).tobytes(), np.array([1, 2], np.float32).tobytes()])
def test_a_value_that_repeats_stands_once(head: bytes):
    tensor = FillTensor(dtypes.FLOAT, (5000, 2), head)
    proto = encode_fill(tensor)
    assert len(proto.float_val) == len(head) // 4
    assert np.array_equal(decode(proto).numpy(), tensor.numpy())


def test_a_float8_that_repeats_is_spelled_out():
    tensor = FillTensor(dtypes.FLOAT8_E5M2, (3,), b"\1")
    assert np.array_equal(decode(encode_fill(tensor)).numpy(), tensor.numpy())
