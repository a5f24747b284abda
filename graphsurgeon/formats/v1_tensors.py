"""The slices of a V1 checkpoint: values that stay in its table until asked for.

::

    value = SavedTensorSlices { data(2): SavedSlice { name(1) slice(2) data(3): TensorProto } }

The TensorProto has its values in the typed field of the dtype, every element of them, and
nothing else: dtype and shape are in the checkpoint's list of tensors. Floats are packed as
they are, integers as varints, strings one record each. Of each message only the heads of
records are read before the values, whatever their length.

Source: TensorFlow's ``core/util/saved_tensor_slice_util.h`` and ``saved_tensor_slice.proto``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.tensor_proto import is_fixed_width, packed_values, value_field
from proto_utils import meter
from proto_utils.errors import CorruptionError
from proto_utils.files import CHUNK_NBYTES, Span, Window
from proto_utils.skeleton import next_record
from proto_utils.wire import I32, I64, LEN, VARINT

_DATA, _TENSOR_PROTO, _STRING_VAL = 2, 3, 8
_WINDOW_NBYTES = 4096
_MAX_VARINT_NBYTES = 10
#: How a single number of a typed field is written that is not packed; all others are varints.
_SINGLE = {5: I32, 9: I32, 6: I64, 12: I64}


class _StoredSlice(Tensor):
    """The base of both kinds: a name for errors, and the way to the stored message."""

    __slots__ = ("_find", "_name")

    def __init__(self, name: str, dtype: DType, shape: Sequence[int], find: Callable[[], Span]) -> None:
        super().__init__(dtype, shape)
        self._name = name
        self._find = find

    @property
    def _label(self) -> str:
        return f"tensor {self._name!r} of dtype {self.dtype.name}"

    def _corrupt(self, message: Span, reason: str) -> CorruptionError:
        return CorruptionError(f"tensor {self._name!r}: {reason}", path=message.source.path)


class V1Slice(_StoredSlice):
    """One slice of numbers, which may be a whole tensor."""

    __slots__ = ()

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[bytes | memoryview]:
        """Yield the values, little-endian; each piece is valid until the next.

        Raises
        ------
        NotFoundError
            The file is gone.
        CorruptionError
            A checksum differs, or there are more or fewer values than the shape asks for: said before the last
            piece is yielded.
        """
        meter.at(self._name)
        message, field = self._find(), value_field(self.dtype)
        # One payload is what writers make; a second says that there are more.
        lengths = [payload.nbytes for payload in islice(_payloads(message, field), 2)]
        if is_fixed_width(field) and lengths == [self.nbytes]:
            for payload in _payloads(message, field):
                yield from payload.chunks(nbytes)
            return
        self._check_length(message, field)
        pieces = packed_values(self.dtype, field, _payloads(message, field), nbytes)
        yield from self._exactly(pieces, message)

    def _check_length(self, message: Span, field: int) -> None:
        """Refuse what cannot be right before the first value is decoded."""
        total = sum(payload.nbytes for payload in _payloads(message, field))
        least = most = self.nbytes
        if not is_fixed_width(field):
            least, most = self.size, self.size * _MAX_VARINT_NBYTES
        if not least <= total <= most:
            raise self._corrupt(message, f"{total} bytes cannot be {self.size} values of {self.dtype.name}")

    def _exactly(self, pieces: Iterator[bytes], message: Span) -> Iterator[bytes]:
        """Pass on values, the last piece only when their number is right."""
        missing, held = self.nbytes, b""
        for piece in pieces:
            missing -= len(piece)
            if missing < 0:
                raise self._corrupt(message, f"more than the {self.size} values of its shape")
            if held:
                yield held
            held = piece
        if missing:
            raise self._corrupt(message, f"{self.size - missing // self.dtype.itemsize} of {self.size} values")
        if held:
            yield held


class V1StringSlice(_StoredSlice):
    """One slice of strings."""

    __slots__ = ()

    def strings(self) -> Iterator[bytes]:
        """Yield the elements; one is in memory at a time.

        Raises
        ------
        NotFoundError
            The file is gone.
        CorruptionError
            A checksum differs, or there are more or fewer strings than the shape asks for: said before the first.
        """
        message = self._find()
        count = sum(1 for _ in _payloads(message, _STRING_VAL))
        if count != self.size:
            raise self._corrupt(message, f"{count} of {self.size} strings")
        for payload in _payloads(message, _STRING_VAL):
            yield payload.read()


def v1_slice(name: str, dtype: DType, shape: Sequence[int], find: Callable[[], Span]) -> Tensor:
    """Make the tensor of a slice.

    Parameters
    ----------
    name : str
        What errors call it.
    dtype : DType
    shape : sequence of int
        Of the slice.
    find : callable
        Gives the range of the stored message, in a block whose checksum is verified.
    """
    kind = V1StringSlice if dtype is dtypes.STRING else V1Slice
    return kind(name, dtype, shape, find)


def least_nbytes(dtype: DType, size: int) -> int:
    """Return what so many values take at least in a V1 checkpoint, uncompressed."""
    if dtype is dtypes.STRING:
        return 2 * size
    return size * dtype.itemsize if is_fixed_width(value_field(dtype)) else size


def _payloads(message: Span, field: int) -> Iterator[Span]:
    """Yield the payloads of a typed field; messages that are given in parts are one, as protobuf has it."""
    wire_type = _SINGLE.get(field, LEN if field == _STRING_VAL else VARINT)
    for slices in _records(message, _DATA):
        for tensor in _records(slices, _TENSOR_PROTO):
            yield from _records(tensor, field, wire_type)


def _records(message: Span, number: int, other: int = LEN) -> Iterator[Span]:
    """Yield the payloads of a field's records, LEN or of one other wire type."""
    window = Window(message.source, _WINDOW_NBYTES)
    position = message.start
    while position < message.end:
        record = next_record(window, position, message.end)
        position = record.end
        if record.number == number and record.wire_type in (LEN, other):
            yield Span(message.source, record.start, record.end)
