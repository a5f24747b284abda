"""Linear quantization to 8 bits, and back: codes of a tensor's values, and values of codes, computed as they are read.

Both as TensorFlow computes them, to the last bit: the codes as its QuantizeV2 in mode MIN_FIRST and its Graph Transform
Tool, the values as its Dequantize. With ``steps = 2**bits - 1`` of a type, and its least and greatest code::

    MIN_FIRST     scale = (high - low) / steps          (code - least) * scale + round(low / scale) * scale
    MIN_COMBINED  scale = (high - low) / steps          (code + half) * scale + low,  half = 2**(bits - 1) if signed
    SCALED        scale = the larger of low / least and high / greatest               code * scale
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.pieces import ElementReader
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import FillTensor
from proto_utils.errors import UnsupportedError
from proto_utils.files import CHUNK_NBYTES

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

#: So many elements at a time stay in the processor's cache between the steps of a computation.
_BLOCK: Final = 1 << 14
#: What Dequantize takes.
CODES: Final = (dtypes.QUINT8, dtypes.QINT8, dtypes.QUINT16, dtypes.QINT16, dtypes.QINT32)
MODES: Final = ("MIN_COMBINED", "MIN_FIRST", "SCALED")


def quantized(tensor: Tensor, low: float, high: float) -> Tensor:
    """Return the codes of a tensor as `QuantizedTensor` has them; of one that is a short list, which repeats, another.

    Errors are those of `QuantizedTensor`.
    """
    if not isinstance(tensor, FillTensor):
        return QuantizedTensor(tensor, low, high)
    head = tensor.head or bytes(tensor.dtype.itemsize)
    codes = QuantizedTensor(FillTensor(tensor.dtype, [len(head) // tensor.dtype.itemsize], head), low, high)
    return FillTensor(codes.dtype, tensor.shape, b"".join(codes.chunks()))


class QuantizedTensor(Tensor):
    """Codes (quint8) of float32 values in 256 steps of a range; streams.

    Parameters
    ----------
    base : Tensor
        Of float32, all of them within the range.
    low, high : float
        The range, of float32 numbers that are not the same.

    Raises
    ------
    UnsupportedError
        The elements are of another type.
    """

    __slots__ = ("_base", "_first", "_scale", "_top")

    def __init__(self, base: Tensor, low: float, high: float) -> None:
        super().__init__(dtypes.QUINT8, base.shape)
        if base.dtype is not dtypes.FLOAT:
            raise UnsupportedError(f"elements of dtype {base.dtype.name} are not float32")
        self._base = base
        self._scale = code_scale(low, high)
        self._first = rounded(low * self._scale)
        # Both ends may be rounded up, and there is no code 256.
        self._top = rounded(high * self._scale) - self._first

    @property
    def bases(self) -> Sequence[Tensor]:
        """The tensor whose values have these codes."""
        return (self._base,)

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
        """Yield the codes; the base is read while they are."""
        import numpy as np

        reader = ElementReader(self._base, self._base.dtype.numpy(), nbytes)
        step = max(1, nbytes // 4)
        codes = np.empty(min(step, self.size), np.uint8)
        values, halves = np.empty(_BLOCK, np.float64), np.empty(_BLOCK, np.float64)
        whole = np.empty(_BLOCK, np.int32)
        for start in range(0, self.size, step):
            count = min(step, self.size - start)
            piece = reader.read(count)
            for first in range(0, count, _BLOCK):
                size = min(_BLOCK, count - first)
                self._encode(piece[first : first + size], values[:size], halves[:size], whole[:size])
                np.copyto(codes[first : first + size], whole[:size], casting="unsafe")
            yield codes[:count].data
        reader.end()

    def _encode(self, piece: Array, values: Array, halves: Array, whole: Array) -> None:
        """Put the codes of a block into `whole`."""
        import numpy as np

        np.copyto(values, piece)
        np.multiply(values, self._scale, out=values)
        # Rounds half away from zero: the greatest number below a half, or a number just below a half would become 1.
        # The sign is put on it bit by bit, which takes a third of the time of numpy's copysign.
        bits = halves.view(np.int64)
        np.bitwise_and(values.view(np.int64), _SIGN, out=bits)
        np.bitwise_or(bits, _BELOW_HALF_BITS, out=bits)
        np.add(values, halves, out=values)
        np.copyto(whole, values, casting="unsafe")
        np.subtract(whole, self._first, out=whole)
        if self._top > _LAST:
            np.minimum(whole, _LAST, out=whole)


_BELOW_HALF: Final = math.nextafter(0.5, 0.0)
_BELOW_HALF_BITS: Final = int.from_bytes(struct.pack("<d", _BELOW_HALF), "little")
_SIGN: Final = -(1 << 63)
_LAST: Final = 255


def code_scale(low: float, high: float) -> float:
    """Return how many codes lie in 1, for a range of float32 numbers."""
    import numpy as np

    # The difference is one of float32, what comes after is in double precision.
    extent = float(np.float32(high) - np.float32(low))
    return 256 / (extent * (256 / 255.0))


def rounded(value: float) -> int:
    """Return the nearest whole number, of two the one that is farther from zero."""
    return math.trunc(value + math.copysign(_BELOW_HALF, value))


def largest_error(low: float, high: float) -> float:
    """Return how far a value of a range is at most from what its code (quint8, MIN_FIRST) stands for."""
    import numpy as np

    scale = code_scale(low, high)
    first = rounded(low * scale)
    codes = np.arange(256)
    decoded = decode(codes, dtypes.QUINT8, "MIN_FIRST", low, high).astype(np.float64)
    least = np.maximum((codes + (first - 0.5)) / scale, low)
    greatest = np.minimum((codes + (first + 0.5)) / scale, high)
    greatest[-1] = high
    there = least <= greatest
    return float(np.maximum(np.abs(decoded - least), np.abs(decoded - greatest))[there].max())


class DequantizedTensor(Tensor):
    """The values of codes, as TensorFlow's Dequantize gives them; streams.

    Parameters
    ----------
    base : Tensor
        Of a quantized dtype.
    mode : {"MIN_COMBINED", "MIN_FIRST", "SCALED"}
    low, high : numpy.ndarray of float32
        The range: a single number each, or with `axis` one for each slice.
    axis : int, optional
        Along which slices have ranges of their own.
    narrow_range : bool
        Whether the least code is one more than the least of the type.
    dtype : DType
        float32, or what float32 is rounded to.

    Raises
    ------
    UnsupportedError
        Another dtype, mode, or number of ranges.
    """

    __slots__ = ("_base", "_high", "_inner", "_is_narrow", "_low", "_mode")

    def __init__(
        self,
        base: Tensor,
        mode: str,
        low: Array,
        high: Array,
        *,
        axis: int | None = None,
        narrow_range: bool = False,
        dtype: DType = dtypes.FLOAT,
    ) -> None:
        super().__init__(dtype, base.shape)
        if base.dtype not in CODES or mode not in MODES:
            raise UnsupportedError(f"codes of dtype {base.dtype.name} in mode {mode}")
        if (axis is not None and mode == "MIN_FIRST") or (dtype is not dtypes.FLOAT and mode != "MIN_COMBINED"):
            how = f"{dtype.name} in mode {mode}" + ("" if axis is None else " with ranges along an axis")
            raise UnsupportedError(f"TensorFlow's Dequantize gives no {how}")
        if axis is not None and axis >= len(base.shape):
            raise UnsupportedError(f"axis {axis} of codes of shape {list(base.shape)}")
        wanted = 1 if axis is None else base.shape[axis]
        if low.size != wanted or high.size != wanted:
            raise UnsupportedError(f"{low.size} ranges for {wanted} slices")
        self._base = base
        self._mode = mode
        self._low, self._high = low.reshape(-1), high.reshape(-1)
        self._inner = 0 if axis is None else math.prod(base.shape[axis + 1 :])
        self._is_narrow = narrow_range

    @property
    def bases(self) -> Sequence[Tensor]:
        """The codes."""
        return (self._base,)

    def chunks(self, nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
        """Yield the values; the codes are read while they are."""
        import numpy as np

        held = self._base.dtype
        reader = ElementReader(self._base, held.numpy(), nbytes)
        step = max(1, nbytes // 4)
        table = self._table() if held.itemsize == 1 else None
        how = {"narrow_range": self._is_narrow, "has_slices": bool(self._inner)}
        for start in range(0, self.size, step):
            count = min(step, self.size - start)
            codes = reader.read(count)
            slices = None if not self._inner else (np.arange(start, start + count) // self._inner) % self._low.size
            if table is None:
                low, high = (self._low, self._high) if slices is None else (self._low[slices], self._high[slices])
                values = decode(codes, held, self._mode, low, high, **how)
            else:
                rows = codes.view(np.uint8).astype(np.intp)
                if slices is not None:
                    rows += slices * 256
                values = table.take(rows)
            yield np.ascontiguousarray(values.astype(self.dtype.numpy(), copy=False)).view(np.uint8).data
        reader.end()

    def _table(self) -> Array:
        """Return the values of all codes of one byte, by the unsigned byte, of each slice."""
        import numpy as np

        codes = np.arange(256, dtype=np.uint8).view(self._base.dtype.numpy())
        low, high = self._low[:, None], self._high[:, None]
        return decode(codes[None, :], self._base.dtype, self._mode, low, high, narrow_range=self._is_narrow).reshape(-1)


def decode(
    codes: Array, held: DType, mode: str, low: Any, high: Any, *, narrow_range: bool = False, has_slices: bool = False
) -> Array:
    """Return the float32 values of codes, ranges broadcast; `has_slices` if there are several."""
    import numpy as np

    low, high = np.asarray(low, np.float32), np.asarray(high, np.float32)
    kind, single = np.iinfo(held.numpy()), np.float32
    least, greatest = single(kind.min), single(kind.max)
    values = codes.astype(single)
    with np.errstate(all="ignore"):
        if mode == "SCALED":
            scale = flushed(high / greatest)
            if kind.min:
                other = flushed(low / (least + single(narrow_range)))
                scale = np.where(other < scale, scale, other)
            # For one range the kernel casts codes to int from float32, which the greatest of 32 bits is too large for.
            if not has_slices:
                values[values >= 1 << 31] = -(1 << 31)
            return flushed(values * scale)
        if mode == "MIN_COMBINED":
            scale = flushed((high - low) / (greatest - least))
            return flushed(
                (values + (single(0) if kind.min == 0 else (greatest - least + single(1)) / 2)) * scale + low
            )
        scale = flushed(((high - low).astype(np.float64) / (2.0 ** (8 * held.itemsize) - 1)).astype(single))
        offset = np.where(high == low, low, half_away(low / scale) * scale) - least * scale
        return flushed(values * scale + offset)


def flushed(values: Array) -> Array:
    """Return zeros in the place of numbers too small to be normal ones, for which TensorFlow's kernels take them."""
    import numpy as np

    normal: Array = np.where(np.abs(values) < np.finfo(np.float32).tiny, np.copysign(np.float32(0), values), values)
    return normal


def half_away(values: Array) -> Array:
    """Round to whole numbers, halves away from zero."""
    import numpy as np

    whole: Array = np.trunc(values)
    found: Array = whole + np.where(np.abs(values - whole) >= 0.5, np.copysign(np.float32(1), values), np.float32(0))
    return found
