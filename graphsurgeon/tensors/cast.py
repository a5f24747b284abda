"""Dtype conversion: tensors cast to another dtype.

Numbers become what ``tf.cast`` makes of them: the nearest floating-point number (of two, the even one), an integer by
dropping the fraction, True for whatever is not zero. What lies outside the new dtype's range, where ``tf.cast`` gives
an infinity or anything at all, is an error here, or with `saturate` what ``tf.saturate_cast`` gives: the nearest number
in range, also for an infinity.

Against TensorFlow 2.21 on a CPU, two differences remain. It flushes subnormal numbers to zero on the way, which is a
setting of its threads; here they stay. And its saturating casts to or from 64-bit integers miss where their range ends.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.elementwise import ElementwiseTensor, has_values, is_small_float, limits
from graphsurgeon.tensors.half import to_half
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import UnsupportedError

if TYPE_CHECKING:
    import numpy as np


#: The bits of the types that have infinities and are smaller than what they are cast from.
_INFINITIES = {dtypes.HALF: 0x7C00, dtypes.BFLOAT16: 0x7F80}


class CastTensor(ElementwiseTensor):
    """A tensor of another dtype with the values of its base, as near as that dtype has them.

    Parameters
    ----------
    base : Tensor
        Of numbers or bools.
    dtype : DType
    name : str
        What errors call the tensor.
    saturate : bool
        Clamp values to the range of `dtype`.

    Raises
    ------
    UnsupportedError
        One of the dtypes has no numbers, or the cast would drop imaginary parts.
    PassError
        While it is read: a value has no place in `dtype`. It names the tensor, the value and its index.
    """

    __slots__ = ()
    edit = "cast"

    def __init__(self, base: Tensor, dtype: DType, *, name: str = "", saturate: bool = False) -> None:
        for each in (base.dtype, dtype):
            if not has_values(each):
                raise UnsupportedError(f"elements of dtype {each.name} are no numbers to cast")
        if base.dtype.is_complex and not (dtype.is_complex or dtype is dtypes.BOOL):
            raise UnsupportedError(f"a cast of {base.dtype.name} to {dtype.name} would drop the imaginary parts")
        super().__init__([base], dtype, name=name, saturate=saturate)

    def _compute(self, first: int, pieces: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        (values,) = pieces
        target = self.dtype.numpy()
        if self.dtype is dtypes.BOOL:
            return self._nonzero(values)
        if self.dtype.is_complex and values.dtype.kind == "c":
            # Parts are cast as the real numbers they are.
            parts = self._cast(2 * first, values.view(_real(values.dtype)), _real(target))
            return parts.view(target)
        if self.dtype.is_complex:
            return self._cast(first, values, _real(target)).astype(target)
        return self._cast(first, values, target)

    def _nonzero(self, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        found: np.ndarray[Any, Any] = _widened(values, self._bases[0].dtype) != 0
        return found

    def _cast(self, first: int, values: np.ndarray[Any, Any], target: np.dtype[Any]) -> np.ndarray[Any, Any]:
        import numpy as np

        source, wanted = DType.of(values.dtype), DType.of(target)
        values = _widened(values, source)
        if self._saturate:
            values = _clamped(values, source, wanted)
        if wanted.is_floating:
            result = _to_floats(values, wanted)
            lost = _lost_floats(values, result, wanted)
        else:
            result = values.astype(_computable(wanted)).astype(target, copy=False)
            lost = _lost_integers(values, wanted)
        if lost is not None:
            value = values[int(np.argmax(lost))]
            if self.dtype.is_complex and self._bases[0].dtype.is_complex:
                # Two parts are one element.
                first, lost = first // 2, lost.reshape(-1, 2).any(axis=1)
            hint = None if np.isnan(value) else "`saturate=True` clamps values to the range that there is"
            self._refuse(first, lost, f"the value {value.item()}", hint)
        return result


def _real(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype of the parts of complex numbers."""
    import numpy as np

    return np.dtype(np.float32 if dtype.itemsize == 8 else np.float64)


def _computable(dtype: DType) -> np.dtype[Any]:
    """Return the dtype of numpy's own that has all values of a dtype, and in which numpy computes fast."""
    import numpy as np

    if is_small_float(dtype):
        return np.dtype(np.float32)
    if dtype in (dtypes.INT4, dtypes.INT2):
        return np.dtype(np.int8)
    return np.dtype(np.uint8) if dtype in (dtypes.UINT4, dtypes.UINT2) else dtype.numpy()


def _widened(values: np.ndarray[Any, Any], source: DType) -> np.ndarray[Any, Any]:
    return values.astype(_computable(source), copy=False)


def _to_floats(values: np.ndarray[Any, Any], wanted: DType) -> np.ndarray[Any, Any]:
    import numpy as np

    if not is_small_float(wanted):
        return values.astype(wanted.numpy(), copy=False)
    # TensorFlow rounds a double to float32 first, too.
    single = values.astype(np.float32, copy=False)
    if wanted is dtypes.HALF:
        return to_half(single)
    return single.astype(wanted.numpy()) if wanted.itemsize > 1 else _to_bytes(single, wanted)


def _to_bytes(values: np.ndarray[Any, Any], wanted: DType) -> np.ndarray[Any, Any]:
    """Round float32 to a type of one byte by looking it up: many times faster than rounding.

    What is looked up are the upper 16 bits, the last of which is set when any below them is ("round to odd"). They
    keep more than two bits beyond what the result has, so rounding them gives what rounding all of the number does.
    """
    import numpy as np

    bits = values.view(np.uint32)
    upper = (bits >> 16).astype(np.uint16)
    upper |= (bits & 0xFFFF) != 0
    rounded: np.ndarray[Any, Any] = _bytes_of_upper_halves(wanted)[upper]
    return rounded.view(wanted.numpy())


@functools.lru_cache(maxsize=8)
def _bytes_of_upper_halves(wanted: DType) -> np.ndarray[Any, Any]:
    import numpy as np

    values = (np.arange(1 << 16, dtype=np.uint32) << 16).view(np.float32)
    return values.astype(wanted.numpy()).view(np.uint8)


def _clamped(values: np.ndarray[Any, Any], source: DType, wanted: DType) -> np.ndarray[Any, Any]:
    """Bring values into the range of a dtype, to the nearest number there that the source has."""
    import numpy as np

    own, there = limits(source), limits(wanted)
    low, high = max(own[0], there[0]), min(own[1], there[1])
    if not source.is_floating:
        return values if (low, high) == own else _clip(values, int(low), int(high))
    kind = source.numpy().type
    bounds = []
    for bound in (low, high):
        nearest = kind(float(bound))
        if abs(float(nearest)) > abs(bound):
            # The source does not have it, and it was rounded out of the range.
            nearest = np.nextafter(nearest, kind(0))
        bounds.append(values.dtype.type(nearest))
    return _clip(values, *bounds)


def _clip(values: np.ndarray[Any, Any], low: Any, high: Any) -> np.ndarray[Any, Any]:
    import numpy as np

    clamped: np.ndarray[Any, Any] = np.clip(values, low, high)
    return clamped


def _lost_floats(values: np.ndarray[Any, Any], result: np.ndarray[Any, Any], wanted: DType) -> Any:
    """Return which finite values have become infinite, and which none at all; None when none have."""
    import numpy as np

    low, high = limits(wanted)
    infinity = _INFINITIES.get(wanted)
    if not values.size:
        return None
    if infinity is None:
        is_in_range = low <= values.min() and values.max() <= high
    else:
        # Half as many bytes tell as much: in the order of integers, finite numbers of either sign are before infinity.
        is_in_range = result.view(np.int16).max() < infinity and result.view(np.uint16).max() < infinity + 0x8000
    if is_in_range:
        return None
    made = result.astype(np.float64)
    lost = (np.isfinite(values) & ~np.isfinite(made)) | (np.isnan(made) & ~np.isnan(values))
    if wanted is dtypes.FLOAT4_E2M1FN:
        # It has neither infinities nor anything that is no number, and gives the greatest number instead.
        lost |= ~(abs(values) <= high)
    return lost if lost.any() else None


def _lost_integers(values: np.ndarray[Any, Any], wanted: DType) -> Any:
    """Return which values are, without their fraction, outside of an integer dtype; None when none are."""
    import numpy as np

    low, high = limits(wanted)
    if values.dtype.kind == "f":
        whole = np.trunc(values)
        # The number above the greatest is a power of two, which every floating-point type has or takes for infinite.
        lost = ~((whole >= float(low)) & (whole < float(high + 1)))
    elif not values.size or (low <= int(values.min()) and int(values.max()) <= high):
        return None
    else:
        lost = (values < low) | (values > high)
    return lost if lost.any() else None
