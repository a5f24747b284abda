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
from proto_utils.errors import CorruptionError, GraphSurgeonError, UnsupportedError
from proto_utils.files import CHUNK_NBYTES, FileSource, Span

if TYPE_CHECKING:
    import numpy as np

#: TensorFlow counts dimensions in a byte and elements in a signed 64-bit number.
MAX_RANK = 254
MAX_SIZE = (1 << 63) - 1
#: Of arrays, in numpy 1 and 2.
_NUMPY_RANKS = (32, 64)

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
    def bases(self) -> Sequence[Tensor]:
        """The tensors that it is made of when it is read; none of one that has its values itself."""
        return ()

    @property
    def fault(self) -> GraphSurgeonError | None:
        """What reading it would raise, as far as the sizes of files tell: its data file is truncated or missing.

        Touches no payload.
        """
        return next((fault for base in self.bases if (fault := base.fault) is not None), None)

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

    def encoded(self) -> Iterator[bytes | memoryview]:
        """Yield the elements of a variant tensor as the data file of a checkpoint holds them, verified.

        Raises
        ------
        UnsupportedError
            No data file holds it.
        """
        raise UnsupportedError(f"{self._label} is in no checkpoint")

    def numpy(self) -> np.ndarray[Any, Any]:
        """Read all values into a new array; strings become an object array of bytes.

        Returns
        -------
        numpy.ndarray
            Owned by the caller. bfloat16, float8 and 4-bit types use ml_dtypes.

        Raises
        ------
        UnsupportedError
            The dtype has no values outside a session (resource, variant), or arrays have fewer dimensions.
        """
        import numpy as np

        array_shape(self.shape)
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


def array_shape(shape: Sequence[int]) -> tuple[int, ...]:
    """Return the shape of an array; UnsupportedError for one of more dimensions than numpy's have, as tensors may."""
    import numpy as np

    limit = _NUMPY_RANKS[not np.__version__.startswith("1.")]
    if len(shape) > limit:
        reason = f"elements in {len(shape)} dimensions, where numpy's arrays have at most {limit}"
        raise UnsupportedError(reason, hint="reshape gives a tensor fewer, over the same values")
    return tuple(shape)


def require_raw(dtype: DType) -> None:
    """Raise UnsupportedError for a dtype whose elements have no raw form (string, resource, variant)."""
    if dtype.itemsize == 0:
        raise UnsupportedError(f"a tensor of dtype {dtype.name} has no raw values")
