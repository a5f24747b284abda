"""Safetensors files: a header in JSON, then the values.

::

    length in 8 bytes | {"w": {"dtype": "F32", "shape": [3, 64], "data_offsets": [0, 768]}, ...} | values

========================================= ======================================================================
dtype                                     stored as
========================================= ======================================================================
bool, plain integers, float16/32/64       ``BOOL``, ``U8`` ... ``I64``, ``F16``, ``F32``, ``F64``
bfloat16, float8 e4m3fn and e5m2          ``BF16``, ``F8_E4M3``, ``F8_E5M2``
float8 e4m3fnuz and e5m2fnuz              ``F8_E4M3FNUZ``, ``F8_E5M2FNUZ``, which libraries before 0.8 do not know
complex64                                 ``C64``
complex128                                ``F64`` of one more dimension, ``[..., 2]``: real and imaginary
quantized, 4 and 2 bits, other float8     the integer of their size: ``I8``, ``U8``, ``U16`` ...
string                                    ``U8`` of one more dimension: length in 8 bytes, bytes, zeros
========================================= ======================================================================

What the format has no word for is told by ``__metadata__``: under ``graphsurgeon.dtypes`` a JSON object of names and
dtypes. Without such tensors there is no metadata, and the file is byte for byte the one that the safetensors library
writes: sorted by dtype, the widest first so that values are aligned, then by name.

The library is not needed. Its writer takes all values in memory, and its reader for numpy knows neither bfloat16 nor
float8; here both stream. It is the judge in the tests. Sizes and offsets are checked as strictly as there: offsets
tile the file without gaps. Source: the format's README and ``safetensors/src/tensor.rs``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from graphsurgeon.formats.arrays.escapes import is_encodable, quote, unquote
from graphsurgeon.formats.arrays.forms import FormTensor, counted_form, form_chunks, string_form
from graphsurgeon.formats.arrays.plan import Member, encode_names, naming
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import MAX_RANK, MAX_SIZE, Tensor
from graphsurgeon.tensors.values import RawTensor
from proto_utils.errors import CorruptionError, LimitError, NotFoundError, UnsupportedError
from proto_utils.files import FileSource, Span
from proto_utils.opening import open_source
from proto_utils.output import Transaction

#: The library refuses longer headers too.
MAX_HEADER_NBYTES = 100_000_000
_METADATA = "__metadata__"
_RECORD = "graphsurgeon.dtypes"
_KEYS = {"dtype", "shape", "data_offsets"}
_ALIGNMENT = 8

#: In the order of the library's, by which tensors are sorted, last ones first.
_WORDS = {
    "BOOL": dtypes.BOOL,
    "U8": dtypes.UINT8,
    "I8": dtypes.INT8,
    "F8_E5M2": dtypes.FLOAT8_E5M2,
    "F8_E4M3": dtypes.FLOAT8_E4M3FN,
    "F8_E4M3FNUZ": dtypes.FLOAT8_E4M3FNUZ,
    "F8_E5M2FNUZ": dtypes.FLOAT8_E5M2FNUZ,
    "I16": dtypes.INT16,
    "U16": dtypes.UINT16,
    "F16": dtypes.HALF,
    "BF16": dtypes.BFLOAT16,
    "I32": dtypes.INT32,
    "U32": dtypes.UINT32,
    "F32": dtypes.FLOAT,
    "C64": dtypes.COMPLEX64,
    "F64": dtypes.DOUBLE,
    "I64": dtypes.INT64,
    "U64": dtypes.UINT64,
}
_ORDER = {word: position for position, word in enumerate(_WORDS)}
_WORD_OF = {dtype: word for word, dtype in _WORDS.items()}
#: Earlier versions wrote these as bytes.
_ONCE_AS_BYTES = (dtypes.FLOAT8_E4M3FNUZ, dtypes.FLOAT8_E5M2FNUZ)
_PACKED = "F4"
_AGAIN = "download it again"
_MAX_SHOWN = 20
#: Before the bytes of a string stands how many they are.
_LENGTH_NBYTES = 8


@dataclass(frozen=True)
class StoredMember(Member):
    """One tensor of a file.

    Attributes
    ----------
    word : str
        The format's dtype.
    stored_shape : tuple of int
    """

    word: str
    stored_shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Length of the values."""
        return math.prod(self.stored_shape) * _WORDS[self.word].itemsize


def plan(tensors: Mapping[str, Tensor]) -> list[StoredMember]:
    """Return what `write` is to write, in the order of the file.

    Raises
    ------
    UnsupportedError, LimitError
        A name or a value that the format cannot hold.
    """
    members = []
    for name, path in encode_names(tensors, _encode).items():
        with naming(name):
            members.append(_plan_member(name, path, tensors[name]))
    return sorted(members, key=lambda member: (-_ORDER[member.word], member.path.encode()))


def write(members: Sequence[StoredMember], path: str, *, overwrite: bool, sync: bool = False) -> list[str]:
    """Write a file; it appears when it is complete. Each tensor is read once, in chunks.

    Raises
    ------
    LimitError
        The header is longer than readers take.
    """
    header = _encode_header(members)
    if len(header) > MAX_HEADER_NBYTES:
        raise LimitError("the header of a safetensors file, in bytes,", len(header), MAX_HEADER_NBYTES)
    with Transaction(path, overwrite=overwrite, sync=sync) as transaction:
        sink = transaction.create(path)
        sink.preallocate(8 + len(header) + sum(member.nbytes for member in members))
        sink.write(len(header).to_bytes(8, "little"))
        sink.write(header)
        for member in members:
            end = sink.offset + member.nbytes
            for chunk in _chunks(member):
                sink.write(chunk)
            if sink.offset != end:
                reason = (
                    f"{member.tensor.describe()} gave {member.nbytes + sink.offset - end} bytes, not {member.nbytes}"
                )
                raise CorruptionError(f"tensor {member.name!r}: {reason}")
    return [path]


def read(path: str) -> dict[str, Tensor]:
    """Open the tensors of a file; its header is read, no values.

    Raises
    ------
    CorruptionError
        It is damaged: sizes that do not fit, values that overlap or leave gaps, a name twice.
    UnsupportedError
        A dtype that TensorFlow lacks.
    """
    source = open_source(path)
    entries, metadata, start = _read_header(source)
    _check_offsets(entries, source, start)
    record = dtypes_in_metadata(metadata, path)
    if not record.keys() <= entries.keys():
        raise CorruptionError(f"{_RECORD} tells of tensors that are not there", path=path)
    tensors: dict[str, Tensor] = {}
    for stored_name, (dtype, shape, (first, last)) in entries.items():
        name = _decode(stored_name)
        if name in tensors:
            raise CorruptionError(f"two entries mean the tensor {name!r}", path=path)
        span = Span(source, start + first, start + last)
        tensors[name] = _tensor(stored_name, dtype, shape, span, record.get(stored_name))
    return tensors


Entry = tuple[DType, tuple[int, ...], tuple[int, int]]


def _plan_member(name: str, path: str, tensor: Tensor) -> StoredMember:
    word, inner = _WORD_OF.get(tensor.dtype), ()  # type: tuple[str | None, tuple[int, ...]]
    stored_as = word
    if tensor.dtype is dtypes.STRING:
        word, inner, stored_as = (
            "U8",
            (string_form(tensor, is_counted=True).itemsize,),
            "strings with their lengths as U8",
        )
    elif tensor.dtype is dtypes.COMPLEX128:
        word, inner, stored_as = "F64", (2,), "complex128 as F64"
    elif word is None:
        word = _word_of_bytes(tensor.dtype)
        stored_as = f"{tensor.dtype.name} as {word}"
    return StoredMember(name, path, tensor, str(stored_as), word, (*tensor.shape, *inner))


def _word_of_bytes(dtype: DType) -> str:
    """Return the integer that holds the bytes of a type which the format lacks."""
    if dtype.is_quantized:
        return _WORD_OF[DType.of(dtype.numpy())]
    if dtype.itemsize != 1:
        raise UnsupportedError(f"a {dtype.name} has no values to save")
    return "I8" if dtype.kind == "i" else "U8"


def _chunks(member: StoredMember) -> Iterator[bytes | memoryview]:
    if member.tensor.dtype is dtypes.STRING:
        return form_chunks(member.tensor, counted_form(member.stored_shape[-1] - _LENGTH_NBYTES))
    return member.tensor.chunks()


def _encode_header(members: Sequence[StoredMember]) -> bytes:
    header: dict[str, Any] = {}
    record = {m.path: m.tensor.dtype.name for m in members if m.tensor.dtype not in _WORD_OF}
    if record:
        header[_METADATA] = {_RECORD: json.dumps(record, ensure_ascii=False, separators=(",", ":"))}
    offset = 0
    for member in members:
        offsets = [offset, offset + member.nbytes]
        header[member.path] = {"dtype": member.word, "shape": member.stored_shape, "data_offsets": offsets}
        offset += member.nbytes
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % _ALIGNMENT)


def _read_header(source: FileSource) -> tuple[dict[str, Entry], Any, int]:
    """Return the entries by name, the metadata, and where the values begin."""
    length = int.from_bytes(source.read(0, min(8, source.size)), "little")
    if source.size < 8 or length > source.size - 8:
        hint = _AGAIN if length <= MAX_HEADER_NBYTES else None
        raise CorruptionError(f"a header of {length} bytes in a file of {source.size}", path=source.path, hint=hint)
    if length > MAX_HEADER_NBYTES:
        raise LimitError(f"{source.path}: the header of a safetensors file, in bytes,", length, MAX_HEADER_NBYTES)
    try:
        header = json.loads(
            source.read(8, 8 + length).decode(), object_pairs_hook=_without_repeats, parse_constant=_refuse_constant
        )
        if not isinstance(header, dict):
            raise ValueError("it is a list or a single value, not an object")
        metadata = header.pop(_METADATA, None)
        return {name: _entry(name, value) for name, value in header.items()}, metadata, 8 + length
    except UnsupportedError as error:
        raise UnsupportedError(error.reason, path=source.path) from error
    except UnicodeDecodeError as error:
        reason = f"a header that is no text in UTF-8: {error.object[error.start : error.start + 1]!r}"
        raise CorruptionError(reason, path=source.path, offset=8 + error.start) from error
    except json.JSONDecodeError as error:
        begun = len(error.doc[: error.pos].encode())
        reason = f"a header that is no JSON: {error.doc[error.pos : error.pos + _MAX_SHOWN]!r} begins nothing"
        raise CorruptionError(reason, path=source.path, offset=8 + begun) from error
    except (ValueError, TypeError, RecursionError) as error:
        reason = "lists within lists without end" if isinstance(error, RecursionError) else str(error)
        raise CorruptionError(f"a header that makes no sense: {reason}", path=source.path, offset=8) from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def _entry(name: str, value: Any) -> Entry:
    """Return dtype, shape and offsets of an entry; ValueError or TypeError for anything else."""
    if not all(map(is_encodable, name)) or not isinstance(value, dict) or not value.keys() >= _KEYS:
        raise ValueError(f"entry {name!r} lacks dtype, shape or data_offsets, or its name is no text")
    word, shape, offsets = (value[key] for key in ("dtype", "shape", "data_offsets"))
    if not isinstance(shape, list) or not isinstance(offsets, list):
        raise ValueError(f"shape or offsets of {name!r} are no lists")
    numbers = [*shape, *offsets]
    if len(offsets) != 2 or len(shape) > MAX_RANK or not all(type(n) is int and 0 <= n <= MAX_SIZE for n in numbers):
        raise ValueError(f"shape or offsets of {name!r} are no sizes")
    if not isinstance(word, str) or word not in _WORDS:
        lacks = "which is packed two to a byte and not read" if word == _PACKED else "which TensorFlow lacks"
        raise UnsupportedError(f"tensor {name!r} is a {word!r}, {lacks}")
    dtype = _WORDS[word]
    if math.prod(shape) * dtype.itemsize != offsets[1] - offsets[0]:
        raise ValueError(f"{name!r} is a {word} {shape} in {offsets[1] - offsets[0]} bytes")
    return dtype, tuple(shape), (offsets[0], offsets[1])


def _check_offsets(entries: Mapping[str, Entry], source: FileSource, start: int) -> None:
    """Check that the values follow one another to the end of the file."""
    position = 0
    for first, last in sorted(map(itemgetter(2), entries.values())):
        if first != position:
            reason = "overlap" if first < position else "leave a gap"
            raise CorruptionError(f"values {reason}", path=source.path, offset=start + first)
        position = last
    if start + position > source.size:
        reason = f"truncated: {source.size} of {start + position} bytes"
        raise CorruptionError(reason, path=source.path, offset=source.size, hint=_AGAIN)
    if start + position != source.size:
        raise CorruptionError(f"values end at byte {start + position} of {source.size}", path=source.path)


def dtypes_in_metadata(metadata: Any, path: str) -> dict[str, str]:
    """Return what is told of dtypes that the format lacks."""
    if metadata is None:
        return {}
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise CorruptionError(f"a {_METADATA} that is not all texts", path=path)
    try:
        record = json.loads(metadata.get(_RECORD, "{}"))
    except (ValueError, RecursionError) as error:
        raise CorruptionError(f"a {_RECORD} that is no JSON: {error}", path=path) from error
    if not isinstance(record, dict) or not all(isinstance(value, str) for value in record.values()):
        raise CorruptionError(f"a {_RECORD} that is not all texts", path=path)
    return record


def _tensor(name: str, dtype: DType, shape: tuple[int, ...], span: Span, meant: str | None) -> Tensor:
    if meant is None:
        return RawTensor(dtype, shape, span)
    path = str(span.source.path)
    found = f"tensor {name!r} is said to be a {meant}, and stored as {dtype.name} {list(shape)}"
    try:
        wanted = DType.from_name(meant).base
    except NotFoundError as error:
        raise UnsupportedError(found, path=path) from error
    inner = shape[-1] if shape else 0
    if wanted is dtypes.STRING and dtype is dtypes.UINT8 and inner > _LENGTH_NBYTES:
        form = counted_form(inner - _LENGTH_NBYTES)
        return FormTensor(f"tensor {name!r}", form, shape[:-1], span.chunks, path=path)
    if wanted is dtypes.COMPLEX128 and dtype is dtypes.DOUBLE and inner == 2:
        return RawTensor(wanted, shape[:-1], span)
    is_ours = wanted in _ONCE_AS_BYTES or (wanted.itemsize and wanted not in (*_WORD_OF, dtypes.COMPLEX128))
    if not is_ours or _WORDS[_word_of_bytes(wanted)] is not dtype:
        raise CorruptionError(found, path=path)
    return RawTensor(wanted, shape, span)


def _encode(name: str) -> str:
    return "%5F_metadata__" if name == _METADATA else quote(name, is_encodable)


def _decode(path: str) -> str:
    plain = unquote(path)
    return plain if _encode(plain) == path else path
