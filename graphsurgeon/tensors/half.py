"""Rounding of float32 to float16, in operations of numpy on all numbers at once: its own loop takes them one by one.

What a number is rounded to are multiples of the last bit that a half of its size has. A power of two so much larger
than the number that just those bits stay of a sum of both makes the processor round: it rounds as IEEE 754 wants, to
the nearest, of two to the even one. What stands in the last bits of the sum, the half begins with.

::

    |x| = 1.m * 2**e,   e = max(e, -14),   y = |x| + 2**(e + 13)

    bits of y     0 | e + 13 + 127 | 0 ... 0 k    k = |x| / 2**(e - 10), rounded: up to 11 bits, 12 when rounded up
    half          sign | (e + 14) * 2**10 + k     the bit before the fraction, which no half has, counts for one of e

Source: IEEE 754, binary32 and binary16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

#: Of float32: all but the sign, the exponent, the exponent of the least half that is normal, and 13 as an exponent.
_MAGNITUDE, _EXPONENT, _LEAST, _SHIFT = 0x7FFFFFFF, 0x7F800000, 113 << 23, 13 << 23
#: From here on numbers are rounded to infinity.
_TOO_LARGE: Final = 65520.0


def to_half(values: Array) -> Array:
    """Round float32 to float16, as ``values.astype(numpy.float16)`` does, in about half of its time.

    Parameters
    ----------
    values : numpy.ndarray
        Of dtype float32, with an axis at least. What overflows becomes infinite.
    """
    import numpy as np

    bits = values.view(np.uint32)
    rounded = np.bitwise_and(bits, np.uint32(_MAGNITUDE))
    if not rounded.view(np.float32).max(initial=0) < _TOO_LARGE:
        # Written so that it holds for NaN, too.
        return values.astype(np.float16)
    signs = np.right_shift(bits, 16).astype(np.uint16)
    signs &= np.uint16(0x8000)
    exponents = np.bitwise_and(bits, np.uint32(_EXPONENT))
    np.maximum(exponents, np.uint32(_LEAST), out=exponents)
    exponents += np.uint32(_SHIFT)
    rounded.view(np.float32)[...] += exponents.view(np.float32)
    # Of the exponents what is above 16 bits is dropped, as is what they are too large by.
    exponents >>= 13
    rounded += exponents
    result = rounded.astype(np.uint16)
    result += np.uint16((-(113 + 13) << 10) & 0xFFFF)
    result |= signs
    halves: Array = result.view(np.float16)
    return halves
