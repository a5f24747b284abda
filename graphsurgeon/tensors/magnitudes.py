"""Magnitudes of a tensor's elements: how large they are, as integers in the same order, and the k-th largest of them.

The bits of a floating-point number without its sign are an integer that grows as the magnitude does. The k-th largest
is selected 16 bits at a time, from the highest on: what is counted in each of two passes over float32 is 65536 numbers,
however large a tensor is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.pieces import ElementReader
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import UnsupportedError
from proto_utils.files import CHUNK_NBYTES

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_DIGIT: Final = 16
_EXPONENTS: Final = {dtypes.HALF: 0x7C00, dtypes.BFLOAT16: 0x7F80, dtypes.FLOAT: 0x7F80_0000,
                     dtypes.DOUBLE: 0x7FF0_0000_0000_0000}  # fmt: skip


def require_magnitudes(dtype: DType) -> None:
    """Raise UnsupportedError for elements that have no magnitudes here: those that are no floats of 16 to 64 bits."""
    if dtype not in _EXPONENTS:
        raise UnsupportedError(f"elements of dtype {dtype.name}; floating-point numbers of 16 to 64 bits are pruned")


def magnitudes(bits: Array) -> Array:
    """Return the magnitudes of floats whose bits are given as unsigned integers."""
    return bits & ((1 << (bits.itemsize * 8 - 1)) - 1)


def magnitude_chunks(tensor: Tensor, nbytes: int = CHUNK_NBYTES) -> Iterator[Array]:
    """Yield the magnitudes of a tensor's elements; UnsupportedError when one is no number."""
    reader, step = ElementReader(tensor, nbytes=nbytes), max(1, nbytes // tensor.dtype.itemsize)
    for start in range(0, tensor.size, step):
        found = magnitudes(reader.read(min(step, tensor.size - start)))
        if (found > _EXPONENTS[tensor.dtype]).any():
            raise UnsupportedError("an element is no number (NaN), which has no magnitude")
        yield found
    reader.end()


def kth_largest(chunks: Callable[[], Iterable[Array]], k: int, num_bits: int) -> int:
    """Return the k-th largest of unsigned integers, counted from 1, by radix selection.

    Parameters
    ----------
    chunks : callable
        Gives all of them, as often as it is called: once for 16 bits.
    k : int
    num_bits : int
        How many bits they have.
    """
    import numpy as np

    found = 0
    for shift in range(num_bits - _DIGIT, -1, -_DIGIT):
        counts = np.zeros(1 << _DIGIT, np.int64)
        for each in chunks():
            beyond = shift + _DIGIT
            among = each if beyond == num_bits else each[(each >> beyond) == found]
            counts += np.bincount(((among >> shift) & ((1 << _DIGIT) - 1)).astype(np.int64), minlength=1 << _DIGIT)
        from_top = counts[::-1].cumsum()
        position = int(from_top.searchsorted(k))
        k -= int(from_top[position - 1]) if position else 0
        found = found << _DIGIT | (len(counts) - 1 - position)
    return found


def as_number(magnitude: int, dtype: DType) -> float:
    """Return the number that a magnitude of elements of a dtype is."""
    import numpy as np

    return float(np.array([magnitude], f"<u{dtype.itemsize}").view(dtype.numpy())[0])


def magnitude_of(number: float, dtype: DType) -> int:
    """Return the magnitude of a number of 0 or more, rounded to a dtype."""
    import numpy as np

    with np.errstate(over="ignore"):
        return int(np.array([number]).astype(dtype.numpy()).view(f"<u{dtype.itemsize}")[0])
