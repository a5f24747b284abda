"""Tensors: dtype, shape and a way to the bytes, wherever they are.

All kinds show one face. What is cheap and what is not:

============== =====================================================
dtype, shape   known when the tensor exists; no I/O
size, nbytes   arithmetic; no I/O
chunks()       streams the values once, in pieces of about 1 MiB or as asked for
tensor[2:5]    a part of it; no I/O until somebody reads that
numpy()        reads everything into one array
============== =====================================================

Values are little-endian and in C order, one element after the other, which is how
both `TensorProto.tensor_content` and checkpoint data files hold them. 4-bit and
2-bit types take a whole byte per element there.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from proto_utils.errors import CorruptionError, GraphSurgeonError, UnsupportedError
from proto_utils.files import CHUNK_NBYTES, FileSource, Span
from proto_utils.named_tuple import NamedTuple

if TYPE_CHECKING:
    import numpy as np

    from graphsurgeon.tensors.boxes import Box

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

    numpy's functions take it for the array of its values. Nobody changes one, so whatever makes a tensor of another
    one shares its bytes.

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
        if min(self.shape, default=0) < 0:
            raise CorruptionError(f"negative dimension in shape {list(self.shape)}")
        if len(self.shape) > MAX_RANK or self.size > MAX_SIZE:
            raise CorruptionError(f"a shape of rank {len(self.shape)} is past TensorFlow's limits")

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

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

    def read_through(self) -> None:
        """Read all values and keep none: what is wrong with them is raised, such as a checksum that differs."""
        if self.dtype.itemsize or self.dtype is dtypes.STRING:
            deque(self.chunks() if self.dtype.itemsize else self.strings(), maxlen=0)
        else:
            deque(() if self.stored is None else self.encoded(), maxlen=0)

    def numpy(self, out: np.ndarray[Any, Any] | None = None) -> np.ndarray[Any, Any]:
        """Read all values into an array; strings become an object array of bytes.

        Parameters
        ----------
        out : numpy.ndarray, optional
            Where to put them, of the tensor's shape and the dtype that its arrays have. When reading fails, some are
            there. By default a new array is made.

        Returns
        -------
        numpy.ndarray
            `out`, or an array that the caller owns. bfloat16, float8 and 4-bit types use ml_dtypes.

        Raises
        ------
        UnsupportedError
            The dtype has no values outside a session (resource, variant), or arrays have fewer dimensions.
        TypeError
            `out` is no such array.
        """
        if out is None:
            return self._array()
        filled: np.ndarray[Any, Any] = _made_of_tensors("as_array").fill(self, out)
        return filled

    def _array(self) -> np.ndarray[Any, Any]:
        """Return all values as a new array."""
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
        self._copy(itertools.chain([first], chunks), buffer)
        return buffer.view(self.dtype.numpy()).reshape(self.shape)

    def _copy(self, chunks: Iterator[bytes | memoryview], buffer: np.ndarray[Any, Any]) -> None:
        """Put the values into an array of bytes."""
        import numpy as np

        position = 0
        for chunk in chunks:
            if position + len(chunk) <= len(buffer):
                buffer[position : position + len(chunk)] = np.frombuffer(chunk, dtype=np.uint8)
            position += len(chunk)
        if position != len(buffer):
            raise CorruptionError(
                f"{self.describe()} gives {position} bytes, its dtype and shape ask for {len(buffer)}"
            )

    def astype(self, dtype: Any, *, saturate: bool = False) -> Tensor:
        """Return the tensor with its values in another dtype, as ``tf.cast`` gives them; they are cast when read.

        Parameters
        ----------
        dtype : DType or what `DType.of` takes
        saturate : bool
            Clamp values to the range of `dtype`. By default one that is out of range is a PassError while it is read.

        Raises
        ------
        UnsupportedError
            One of the dtypes has no numbers, or the cast would drop imaginary parts.
        """
        wanted = DType.of(dtype).base
        if wanted is self.dtype:
            return self
        made: Tensor = _made_of_tensors("cast").CastTensor(self, wanted, saturate=saturate)
        return made

    def item(self) -> Any:
        """Return the value of a tensor of one element: a number, a bool, or bytes; a TypeError for others."""
        return self._only("item() gives").item()

    def tolist(self) -> Any:
        """Return the values as numbers, bools or bytes in nested lists; of a scalar, its value."""
        return self.numpy().tolist()

    def __getitem__(self, index: Any) -> Tensor:
        """Return a part of it, as numpy indexes by integers, slices, ``...`` and None; read when that is.

        Of a tensor that lies raw in a file, only what the part needs is read, and no checksum vouches for it: that is
        of the whole tensor. Strings, compressed and packed values are read whole.

        Raises
        ------
        IndexError
            There is no such part.
        TypeError
            It is another kind of index.
        """
        part: Tensor = _made_of_tensors("indexing").part_of(self, index)
        return part

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a tensor of shape [] has no length: it is one value, tensor.item()")
        return self.shape[0]

    def __iter__(self) -> NoReturn:
        raise TypeError(
            f"{self.describe()} is not iterated over, for each part would be read from its file by itself: "
            "numpy() reads all of it, tensor[i] is a part"
        )

    __reversed__ = __iter__

    def __contains__(self, value: object) -> NoReturn:
        raise TypeError(f"{self.describe()} is not searched: `value in tensor.numpy()` reads it")

    def __bool__(self) -> bool:
        return bool(self._only("bool()"))

    def __int__(self) -> int:
        return int(self._only("int()"))

    def __float__(self) -> float:
        return float(self._only("float()"))

    def __index__(self) -> int:
        if self.shape or not self.dtype.is_integer:
            raise TypeError(f"an index is an integer without dimensions, not {self.describe()}")
        return int(self)

    def __complex__(self) -> complex:
        return complex(self._only("complex()"))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, (Tensor, int, float, complex, str, bytes, list, tuple)):
            # An array compares itself, element by element.
            return NotImplemented
        raise TypeError(
            "tensors are not compared by ==, which would have to read them: "
            "numpy.array_equal(a, b) tells whether values are equal, `a is b` whether it is the same tensor"
        )

    __hash__ = object.__hash__

    def _only(self, what: str) -> np.ndarray[Any, Any]:
        """Return the one value as an array of no dimensions; a TypeError when there are more or none."""
        if self.size != 1:
            raise TypeError(
                f"{what} takes a tensor of one element, and {self.describe()} has {self.size:,}: numpy() has all"
            )
        return self.numpy().reshape(())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        """Give the values to numpy's functions, so that ``np.mean(tensor)`` means them; as `numpy`, a new array.

        Raises
        ------
        ValueError
            Without a copy (``copy=False``) there are only those of an array that is in memory already, to be read.
        """
        values: np.ndarray[Any, Any] = _made_of_tensors("as_array").as_array(self, dtype, copy)
        return values

    def _shared(self) -> np.ndarray[Any, Any] | None:
        """Return the array that holds the values, where one does."""
        return None

    @property
    def _label(self) -> str:
        return f"a tensor of dtype {self.dtype.name}"

    def describe(self) -> str:
        """Return its kind, dtype and shape for errors; reads nothing."""
        return f"{type(self).__name__}({self.dtype.name}, {list(self.shape)})"

    def __repr__(self) -> str:
        values = _made_of_tensors("shown").first_values(self)
        return self.describe() if values is None else f"{self.describe()[:-1]}, {values})"

    def _repr_html_(self) -> str:
        return str(_made_of_tensors("shown").as_html(self))


def _made_of_tensors(module: str) -> Any:
    """Return a module of this room that knows this one, for what a tensor can be asked to become."""
    return import_module(f"graphsurgeon.tensors.{module}")


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
