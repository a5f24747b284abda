"""TensorProto: every encoding TensorFlow reads, decoded as its C++ `Tensor::FromProto` does.

A TensorProto holds its values either raw in ``tensor_content`` or in the typed list
of its dtype. The list may be shorter than the shape asks for: the last value then
repeats, and an empty list means zeros (or empty strings); surplus values are ignored.

=================================== ================ ===========================
dtype                               field            wire form of one element
=================================== ================ ===========================
float32, complex64                  5, 9             4 bytes; complex has two
float64, complex128                 6, 12            8 bytes; complex has two
half, bfloat16                      13 half_val      varint of the 16 bits
(u)int8 (u)int16 int32, 2/4-bit,    7 int_val        varint
quantized types
int64 / uint32 / uint64             10 / 16 / 17     varint
bool                                11 bool_val      varint 0 or 1
float8 types                        18 float8_val    bytes, one an element
string                              8 string_val     one LEN record an element
=================================== ================ ===========================

Long packed lists stay in the file. Fixed-width ones are already the raw values;
varint ones are decoded while they stream.

Source: tensorflow/core/framework/tensor.cc and tensor.proto; for `encode`,
`make_tensor_proto` in tensorflow/python/framework/tensor_util.py.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import FillTensor, OpaqueTensor, RawTensor, StringTensor, repeat
from proto_utils import schema
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.files import CHUNK_NBYTES, BytesSource, Span
from proto_utils.varint import decode_varint
from proto_utils.wire import len_header

TENSOR_CONTENT = 4
FLOAT8_VAL = 18

#: Fields that may hold a long payload.
PAYLOAD_FIELDS = (4, 5, 6, 7, 9, 10, 11, 12, 13, 16, 17, 18)

_FIXED_FIELDS = {5: "f", 6: "d", 9: "f", 12: "d"}
_INTEGER_FIELDS = {7: "i", 10: "q", 11: "B", 13: "i", 16: "I", 17: "Q"}
_FIELD_NAMES = {
    5: "float_val", 6: "double_val", 7: "int_val", 8: "string_val", 9: "scomplex_val", 10: "int64_val",
    11: "bool_val", 12: "dcomplex_val", 13: "half_val", 16: "uint32_val", 17: "uint64_val", 18: "float8_val",
}  # fmt: skip
_FIELD_OF = {
    "float32": 5, "float64": 6, "complex64": 9, "complex128": 12, "int64": 10, "bool": 11, "float16": 13,
    "bfloat16": 13, "uint32": 16, "uint64": 17, "string": 8,
}  # fmt: skip
# Of these `make_tensor_proto` (2.21) puts more than one value into tensor_content.
_CONTENT_DTYPES = frozenset(
    {
        "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint32", "uint64",
        "qint8", "quint8", "qint16", "quint16", "qint32", "bfloat16",
    }
)  # fmt: skip
# Of these the packed typed list is, byte for byte, the raw values.
_RAW_FIELDS = {"bool": 11, "complex64": 9, "complex128": 12}
# Elements of varint fields, cut to the width of the dtype: array type codes by itemsize.
_UNSIGNED = {1: "B", 2: "H", 4: "I", 8: "Q"}


def value_field(dtype: DType) -> int:
    """Return the number of the typed field that holds values of `dtype`."""
    if dtype.name.startswith("float8") or dtype.name.startswith("float4"):
        return FLOAT8_VAL
    return _FIELD_OF.get(dtype.name, 7)


def decode(proto: schema.TensorProto, payloads: Mapping[int, Sequence[Span]] | None = None) -> Tensor:
    """Make a tensor of a TensorProto.

    Parameters
    ----------
    proto : TensorProto
        Possibly a skeleton; not modified.
    payloads : mapping of int to sequence of Span, optional
        The payloads that were left in the file, by field number.

    Returns
    -------
    Tensor
        Lazy where the payload is in a file. Resource and variant tensors come back
        as `OpaqueTensor`, which knows dtype and shape and refuses its values.

    Raises
    ------
    CorruptionError
        `tensor_content` does not fit dtype and shape, or the shape is impossible.
    UnsupportedError
        The dtype is unknown.
    """
    dtype = DType.from_number(proto.dtype).base
    if dtype is dtypes.INVALID:
        raise UnsupportedError("a tensor value without a dtype")
    # A value's shape counts as it stands; like TensorFlow, this pays no attention to the unknown_rank flag.
    shape = [dim.size for dim in proto.tensor_shape.dim]
    if dtype is dtypes.RESOURCE or dtype is dtypes.VARIANT:
        return OpaqueTensor(dtype, shape)
    content = payloads.get(TENSOR_CONTENT) if payloads else None
    if content:
        span = content[-1]
    else:
        raw = proto.tensor_content
        span = Span(BytesSource(raw), 0, len(raw))
    if 0 in shape:
        return StringTensor(shape, ()) if dtype is dtypes.STRING else FillTensor(dtype, shape)
    if dtype is dtypes.STRING:
        return StringTensor(shape, _string_content(span, shape) if span.nbytes else list(proto.string_val))
    if span.nbytes:
        return RawTensor(dtype, shape, span)
    field = value_field(dtype)
    if payloads and field in payloads:
        # A bytes field given twice keeps the last; a list keeps all.
        return _from_spans(dtype, shape, field, payloads[field][-1 if field == FLOAT8_VAL else 0 :])
    values = getattr(proto, _FIELD_NAMES[field])
    if field == FLOAT8_VAL:
        return FillTensor(dtype, shape, values)
    return FillTensor(dtype, shape, _raw(values, field, dtype))


class PackedTensor(Tensor):
    """Values in packed records of a file, decoded while they stream; a short list repeats its last value."""

    __slots__ = ("_field", "_spans")

    def __init__(self, dtype: DType, shape: Sequence[int], field: int, spans: Sequence[Span]) -> None:
        super().__init__(dtype, shape)
        self._field = field
        self._spans = tuple(spans)

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[bytes | memoryview]:
        """Yield the raw values, spelled out to the full size.

        Raises
        ------
        CorruptionError
            A packed record ends inside an element.
        """
        itemsize = self.dtype.itemsize
        missing, last = self.nbytes, bytes(itemsize)
        for piece in packed_values(self.dtype, self._field, self._spans, nbytes):
            if missing == 0:
                return
            taken = piece[:missing]
            missing -= len(taken)
            last = taken[-itemsize:]
            yield taken
        yield from repeat(last, missing // itemsize, nbytes)


def packed_values(dtype: DType, field: int, spans: Iterable[Span], nbytes: int = CHUNK_NBYTES) -> Iterator[bytes]:
    """Yield the raw little-endian elements in payloads of a typed field, as many as there are.

    Parameters
    ----------
    dtype : DType
    field : int
        Its typed field; see `value_field`.
    spans : iterable of Span
        Packed records, or single values: their bytes are the same.
    nbytes : int
        About how much is yielded at a time.

    Raises
    ------
    CorruptionError
        A payload ends inside a varint.
    """
    return _whole(_unpacked(dtype, field, spans, nbytes), dtype.itemsize)


def is_fixed_width(field: int) -> bool:
    """Return whether the payload of a typed field is the raw values: of floats it is, integers are varints."""
    return field in _FIXED_FIELDS or field == FLOAT8_VAL


def _unpacked(dtype: DType, field: int, spans: Iterable[Span], nbytes: int) -> Iterator[bytes]:
    for span in spans:
        if is_fixed_width(field):
            yield from (bytes(chunk) for chunk in span.chunks(nbytes))
        else:
            yield from (_decode_packed(block, field, dtype) for block in _varint_blocks(span, nbytes // 8))


def encode(tensor: Tensor, *, num_typed: int = 0) -> schema.TensorProto:
    """Make a TensorProto as TensorFlow's `make_tensor_proto` does.

    Parameters
    ----------
    tensor : Tensor
        Small: its values are put into the message.
    num_typed : int
        Put so many values into the typed list, where the others repeat the last of them.

    Returns
    -------
    TensorProto
        ``tensor_content`` for more than one number of a common dtype, else the typed list.
    """
    proto = header(tensor)
    if tensor.dtype is dtypes.STRING:
        proto.string_val.extend(tensor.strings())
        return proto
    raw = b"".join(bytes(chunk) for chunk in tensor.chunks())
    is_float8 = value_field(tensor.dtype) == FLOAT8_VAL
    head = raw[: num_typed * tensor.dtype.itemsize]
    if head and not is_float8 and head + head[-tensor.dtype.itemsize :] * (tensor.size - num_typed) == raw:
        getattr(proto, _FIELD_NAMES[value_field(tensor.dtype)]).extend(_values(tensor.dtype, head))
    elif tensor.size > 1 and (is_float8 or tensor.dtype.name in _CONTENT_DTYPES):
        proto.tensor_content = raw
    elif is_float8:
        proto.float8_val = raw
    else:
        getattr(proto, _FIELD_NAMES[value_field(tensor.dtype)]).extend(_values(tensor.dtype, raw))
    return proto


def encode_fill(tensor: FillTensor) -> schema.TensorProto:
    """Make a TensorProto in whose typed list the value that repeats stands once, however often it does."""
    if value_field(tensor.dtype) == FLOAT8_VAL:
        return encode(tensor)
    proto = header(tensor)
    getattr(proto, _FIELD_NAMES[value_field(tensor.dtype)]).extend(_values(tensor.dtype, tensor.head))
    return proto


def count_typed(proto: schema.TensorProto) -> int:
    """Return how many values a TensorProto has in its typed list; 0 for strings and where they are raw."""
    if proto.tensor_content:
        return 0
    dtype = DType.from_number(proto.dtype).base
    field = value_field(dtype)
    if not dtype.itemsize or field == FLOAT8_VAL:
        return 0
    return len(getattr(proto, _FIELD_NAMES[field])) // (2 if dtype.is_complex else 1)


def raw_field(dtype: DType) -> int:
    """Return the field in which a long tensor's raw values are put.

    It is the one TensorFlow takes, except where that would mean to recode every value
    (uint16, 2 and 4 bits): those go into ``tensor_content``, which decodes to
    the same and is smaller.
    """
    return _RAW_FIELDS.get(dtype.name, TENSOR_CONTENT)


def header(tensor: Tensor) -> schema.TensorProto:
    """Make a TensorProto with dtype and shape and no values: zeros of that shape in a few bytes."""
    proto = schema.TensorProto(dtype=tensor.dtype.number)
    proto.tensor_shape.SetInParent()
    for dim in tensor.shape:
        proto.tensor_shape.dim.add(size=dim)
    return proto


def _from_spans(dtype: DType, shape: Sequence[int], field: int, spans: Sequence[Span]) -> Tensor:
    tensor = PackedTensor(dtype, shape, field, spans)
    width = 8 if field in (6, 12) else 4
    if field in _FIXED_FIELDS and any(span.nbytes % width for span in spans):
        raise CorruptionError(f"packed {_FIELD_NAMES[field]} ends inside an element", offset=spans[0].start)
    if field in _FIXED_FIELDS and len(spans) == 1 and spans[0].nbytes == tensor.nbytes:
        return RawTensor(dtype, shape, spans[0])
    return tensor


def _raw(values: Sequence[float] | Sequence[int], field: int, dtype: DType) -> bytes:
    """Return typed values as raw little-endian elements of `dtype`."""
    if field in _FIXED_FIELDS:
        return _whole_elements(array(_FIXED_FIELDS[field], values).tobytes(), dtype)
    wide = array(_INTEGER_FIELDS[field], values)
    raw, every = wide.tobytes(), wide.itemsize // dtype.itemsize
    # A narrower type keeps the low bytes, which come first.
    if every > 1:
        raw = raw[::every] if dtype.itemsize == 1 else memoryview(raw).cast("H")[::every].tobytes()
    return raw


def _whole_elements(raw: bytes, dtype: DType) -> bytes:
    """Drop half a complex number at the end, as TensorFlow does."""
    return raw[: len(raw) // dtype.itemsize * dtype.itemsize]


def _whole(pieces: Iterator[bytes], itemsize: int) -> Iterator[bytes]:
    """Cut the concatenated pieces at the ends of elements; a part of one at the very end is dropped."""
    rest = b""
    for piece in pieces:
        joined = rest + piece if rest else piece
        cut = len(joined) // itemsize * itemsize
        rest = joined[cut:]
        if cut:
            yield joined[:cut] if rest else joined


def _decode_packed(block: bytes, field: int, dtype: DType) -> bytes:
    message = schema.parse(schema.TensorProto, len_header(field, len(block)) + block)
    return _raw(getattr(message, _FIELD_NAMES[field]), field, dtype)


def _varint_blocks(span: Span, nbytes: int) -> Iterator[bytes]:
    """Cut a span of varints into blocks that end at the end of a varint."""
    rest = b""
    for chunk in span.chunks(nbytes):
        block = rest + bytes(chunk)
        cut = len(block)
        while cut and block[cut - 1] >= 0x80:
            cut -= 1
        rest = block[cut:]
        if len(rest) > 10:
            raise CorruptionError("varint longer than 10 bytes", path=span.source.path, offset=span.start)
        if cut:
            yield block[:cut]
    if rest:
        raise CorruptionError("packed values end inside a varint", path=span.source.path, offset=span.end)


def _string_content(span: Span, shape: Sequence[int]) -> list[bytes]:
    """Decode strings in `tensor_content`: the varint lengths of all, then their bytes."""
    data = span.read()
    size = StringTensor(shape, ()).size
    if size > len(data):
        raise CorruptionError(f"{size} strings cannot be in {len(data)} bytes", offset=span.start)
    lengths, position = [], 0
    for _ in range(size):
        length, position = decode_varint(data, position)
        lengths.append(length)
    if position + sum(lengths) != len(data):
        raise CorruptionError("the lengths of the strings do not add up to their bytes", offset=span.start)
    elements = []
    for length in lengths:
        elements.append(data[position : position + length])
        position += length
    return elements


def _values(dtype: DType, raw: bytes) -> Sequence[float] | Sequence[int]:
    """Return raw elements as the numbers of their typed field."""
    field = value_field(dtype)
    if field in _FIXED_FIELDS:
        return array(_FIXED_FIELDS[field], raw)
    code = _UNSIGNED[dtype.itemsize]
    return array(code.lower() if dtype.name.startswith(("int", "qint")) else code, raw)
