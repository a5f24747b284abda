"""Tensors: dtype, shape and a way to the bytes, wherever they are.

All kinds show one face. What is cheap and what is not:

============== =====================================================
dtype, shape   known when the tensor exists; no I/O
size, nbytes   arithmetic; no I/O
chunks()       streams the values once, in pieces of about 1 MiB or as asked for
numpy()        reads everything into one array
============== =====================================================

Values are little-endian and in C order, one element after the other, which is how
both `TensorProto.tensor_content` and checkpoint data files hold them. 4-bit and
2-bit types take a whole byte per element there.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.boxes import Box
from graphsurgeon.tensors.dtypes import DType
from proto_utils.errors import CorruptionError, LimitError, UnsupportedError
from proto_utils.files import CHUNK_NBYTES, FileSource, Span

if TYPE_CHECKING:
    import numpy as np

#: TensorFlow counts dimensions in a byte and elements in a signed 64-bit number.
MAX_RANK = 254
MAX_SIZE = (1 << 63) - 1

#: A value that is only described (a short list whose last element repeats) is not spelled out past this size.
MAX_EXPANDED_NBYTES = 1 << 36
MAX_REPEATED_STRINGS = 1 << 24

#: ``(start, length)`` per dimension, as the indexes of checkpoints write a box; a length of -1 takes all.
Extents = tuple[tuple[int, int], ...]


class Stored(NamedTuple):
    """Where a checkpoint's data file holds a tensor as it is, so that another index can point there too.

    Attributes
    ----------
    source : FileSource
        The data file, open.
    offset, nbytes : int
        The tensor's bytes in it.
    checksum : int or None
        Masked CRC32C of these bytes, as the index has it; None of a part of a tensor, which has none yet.
    is_big_endian : bool
    unknown : bytes
        Fields of the index entry that this version does not know.
    """

    source: FileSource
    offset: int
    nbytes: int
    checksum: int | None
    is_big_endian: bool
    unknown: bytes = b""


class Tensor:
    """A tensor whose bytes stay where they are until asked for.

    Attributes
    ----------
    dtype : DType
        Never a reference type.
    shape : tuple of int
        Fully known; ``()`` for a scalar.
    """

    __slots__ = ("dtype", "shape")

    def __init__(self, dtype: DType, shape: Sequence[int]) -> None:
        self.dtype = dtype.base
        self.shape = tuple(shape)
        if any(dim < 0 for dim in self.shape):
            raise CorruptionError(f"negative dimension in shape {list(self.shape)}")
        if len(self.shape) > MAX_RANK or self.size > MAX_SIZE:
            raise CorruptionError(f"a shape of rank {len(self.shape)} is past TensorFlow's limits")

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of all values; for strings, of their contents."""
        if self.dtype is dtypes.STRING:
            return sum(map(len, self.strings()))
        return self.size * self.dtype.itemsize

    @property
    def span(self) -> Span | None:
        """The values as one raw range of a file, when that is what they are."""
        return None

    @property
    def stored(self) -> Stored | None:
        """The values as a data file of a checkpoint holds them, when that is what they are.

        Raises
        ------
        NotFoundError
            That file is missing.
        """
        return None

    @property
    def parts(self) -> Sequence[tuple[Box, Tensor]] | None:
        """The slices of a partitioned tensor, which are stored one by one; None of others."""
        return None

    @property
    def slices(self) -> Sequence[Extents]:
        """The same slices as an index writes them."""
        return [tuple((start, stop - start) for start, stop in box) for box, _ in self.parts or ()]

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[bytes | memoryview]:  # noqa: ARG002 -- for those that have
        """Yield the raw little-endian values in order; each piece is valid until the next.

        Parameters
        ----------
        nbytes : int
            About how much a piece takes, a multiple of 16. It is what a tensor that reads a file holds in memory; one
            that has its values there already, or from another library, yields them as they come.

        Raises
        ------
        UnsupportedError
            The dtype has no raw form (string, resource, variant).
        """
        raise UnsupportedError(f"{self._label} has no raw values")

    def strings(self) -> Iterator[bytes]:
        """Yield the elements of a string tensor in order.

        Raises
        ------
        UnsupportedError
            It is not a string tensor.
        """
        raise UnsupportedError(f"{self._label} has no strings")

    def numpy(self) -> np.ndarray[Any, Any]:
        """Read all values into a new array; strings become an object array of bytes.

        Returns
        -------
        numpy.ndarray
            Owned by the caller. bfloat16, float8 and 4-bit types use ml_dtypes.

        Raises
        ------
        UnsupportedError
            The dtype has no values outside a session (resource, variant).
        """
        import numpy as np

        if self.dtype is dtypes.STRING:
            values = list(self.strings())
            elements = np.empty(len(values), dtype=object)
            elements[:] = values
            return elements.reshape(self.shape)
        # The first piece before the array: a tensor that only claims exabytes says so here, not by exhausting memory.
        chunks = self.chunks()
        first = next(chunks, b"")
        buffer = np.empty(self.nbytes, dtype=np.uint8)
        position = 0
        for chunk in itertools.chain([first], chunks):
            if position + len(chunk) <= len(buffer):
                buffer[position : position + len(chunk)] = np.frombuffer(chunk, dtype=np.uint8)
            position += len(chunk)
        if position != len(buffer):
            raise CorruptionError(f"{self!r} gives {position} bytes, its dtype and shape ask for {len(buffer)}")
        return buffer.view(self.dtype.numpy()).reshape(self.shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        """Give `numpy()` to numpy's functions, so that ``np.mean(tensor)`` means its values."""
        if copy is False:
            raise ValueError("values of a tensor are read into a new array; they cannot be shared")
        values = self.numpy()
        return values if dtype is None else values.astype(dtype, copy=False)

    @property
    def _label(self) -> str:
        """What errors call it."""
        return f"a tensor of dtype {self.dtype.name}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.dtype.name}, {list(self.shape)})"


class RawTensor(Tensor):
    """Raw values in a file or in memory.

    Raises
    ------
    CorruptionError
        The span's length is not what dtype and shape ask for.
    """

    __slots__ = ("_span",)

    def __init__(self, dtype: DType, shape: Sequence[int], span: Span) -> None:
        super().__init__(dtype, shape)
        require_raw(self.dtype)
        if span.nbytes != self.nbytes:
            raise CorruptionError(
                f"{span.nbytes} bytes of values, but {self.dtype.name} {list(self.shape)} takes {self.nbytes}",
                path=span.source.path,
                offset=span.start,
            )
        self._span = span

    @property
    def span(self) -> Span:
        """The range that holds the values."""
        return self._span

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
        """Yield the raw values through one reused buffer."""
        return self._span.chunks(nbytes)


class FillTensor(Tensor):
    """Some leading elements, the last of which repeats to the end; none at all means zeros.

    This is what TensorFlow's short ``*_val`` lists mean.

    Parameters
    ----------
    head : bytes
        Raw leading elements.
    """

    __slots__ = ("head",)

    def __init__(self, dtype: DType, shape: Sequence[int], head: bytes = b"") -> None:
        super().__init__(dtype, shape)
        require_raw(self.dtype)
        self.head = head[: self.nbytes]

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[bytes | memoryview]:
        """Yield the values, spelled out."""
        if self.head:
            yield self.head
        item = self.head[-self.dtype.itemsize :] or bytes(self.dtype.itemsize)
        yield from repeat(item, self.size - len(self.head) // self.dtype.itemsize, nbytes)


class ArrayTensor(Tensor):
    """A numpy array; shared, not copied, when it is contiguous and little-endian.

    Parameters
    ----------
    array : numpy.ndarray
    dtype : DType, optional
        What its elements stand for, when numpy has no word for it: int8 as qint8.

    Raises
    ------
    UnsupportedError
        Elements of that dtype have another size.
    """

    __slots__ = ("_array",)

    def __init__(self, array: np.ndarray[Any, Any], dtype: DType | None = None) -> None:
        import numpy as np

        dtype = dtype if dtype is not None else DType.of(array.dtype)
        super().__init__(dtype, array.shape)
        require_raw(self.dtype)
        held = self.dtype.numpy()
        if array.dtype.itemsize != held.itemsize:
            raise UnsupportedError(f"elements of numpy's {array.dtype} are not {self.dtype.name}")
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        self._array: np.ndarray[Any, Any] = np.ascontiguousarray(little).reshape(array.shape).view(held)

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
        """Yield views of the array."""
        import numpy as np

        data = self._array.reshape(-1).view(np.uint8).data
        for start in range(0, len(data), nbytes):
            yield data[start : start + nbytes]

    def numpy(self) -> np.ndarray[Any, Any]:
        """Return a copy of the array."""
        copy: np.ndarray[Any, Any] = self._array.copy()
        return copy


class StringTensor(Tensor):
    """Strings in memory; as with `FillTensor` the last one repeats and none means empty ones."""

    __slots__ = ("elements",)

    def __init__(self, shape: Sequence[int], elements: Sequence[bytes]) -> None:
        super().__init__(dtypes.STRING, shape)
        self.elements = tuple(elements[: self.size])

    @property
    def nbytes(self) -> int:
        """Bytes of the strings' contents."""
        return sum(map(len, self.elements)) + self._num_repeated * len(self._last)

    def strings(self) -> Iterator[bytes]:
        """Yield the elements.

        Raises
        ------
        LimitError
            More than `MAX_REPEATED_STRINGS` are only claimed to be there.
        """
        missing = self._num_repeated
        if missing > MAX_REPEATED_STRINGS:
            raise LimitError("number of repeated strings", missing, MAX_REPEATED_STRINGS)
        yield from self.elements
        yield from itertools.repeat(self._last, missing)

    @property
    def _num_repeated(self) -> int:
        return self.size - len(self.elements)

    @property
    def _last(self) -> bytes:
        return self.elements[-1] if self.elements else b""


class OpaqueTensor(Tensor):
    """A resource or a variant: it has a dtype and a shape, but no values outside a session."""

    @property
    def nbytes(self) -> int:
        """Zero: there are no values."""
        return 0

    def numpy(self) -> np.ndarray[Any, Any]:
        """Raise UnsupportedError, naming the dtype."""
        raise UnsupportedError(f"values of dtype {self.dtype.name} exist only inside a TensorFlow session")


def as_tensor(value: object) -> Tensor:
    """Make a tensor of what numpy can make an array of; a Tensor is returned as it is.

    Raises
    ------
    UnsupportedError
        TensorFlow has no dtype for it, or it is no array: lists of different lengths, text that is no Unicode.
    """
    if isinstance(value, Tensor):
        return value
    import numpy as np

    try:
        array = np.asarray(value)
    except ValueError as error:
        # Not always so: an old numpy makes an array of lists, which the elements tell below.
        raise UnsupportedError(f"numpy makes no array of it: {error}") from error
    if array.dtype.kind in "SU" and not isinstance(value, np.ndarray):
        # Strings of numpy's own end where their last bytes that are not zero do.
        array = np.asarray(value, dtype=object)
    if array.dtype.kind in "SUO":
        return StringTensor(array.shape, [_to_bytes(element) for element in array.reshape(-1).tolist()])
    return ArrayTensor(array)


def repeat(item: bytes, count: int, nbytes: int = CHUNK_NBYTES) -> Iterator[bytes | memoryview]:
    """Yield `count` times `item` in pieces of about `nbytes`.

    Raises
    ------
    LimitError
        The whole is past `MAX_EXPANDED_NBYTES`: a few bytes of file that claim exabytes.
    """
    total = count * len(item)
    if total > MAX_EXPANDED_NBYTES:
        raise LimitError("a constant that repeats one value, in bytes,", total, MAX_EXPANDED_NBYTES)
    per_chunk = max(1, min(nbytes // len(item), count))
    block = memoryview(item * per_chunk)
    while count > 0:
        yield block[: min(count, per_chunk) * len(item)]
        count -= per_chunk


def require_raw(dtype: DType) -> None:
    """Raise UnsupportedError for a dtype whose elements have no raw form (string, resource, variant)."""
    if dtype.itemsize == 0:
        raise UnsupportedError(f"a tensor of dtype {dtype.name} has no raw values")


def _to_bytes(element: object) -> bytes:
    if isinstance(element, bytes):
        return element
    if isinstance(element, str):
        try:
            return element.encode()
        except UnicodeEncodeError as error:
            raise UnsupportedError(f"a string that is no Unicode: {element[:40]!r}; give bytes") from error
    raise UnsupportedError(f"an element of type {type(element).__name__} is neither a number of 64 bits nor a string")
