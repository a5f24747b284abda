"""Byte swapping of values in the other byte order."""

from __future__ import annotations

from array import array

from graphsurgeon.tensors.dtypes import DType

_CODES = {2: "H", 4: "I", 8: "Q"}
#: The first of the types that TensorFlow 2.21 refuses to swap, though they have one byte each.
_FIRST_REFUSED = 24


def swap_code(dtype: DType) -> str | None:
    """Return the array type code whose items are to be swapped, None when bytes have no order."""
    return _CODES.get(dtype.itemsize // 2 if dtype.is_complex else dtype.itemsize)


def is_refused(dtype: DType) -> bool:
    """Return whether TensorFlow cannot read values in the other byte order: floats of 8 bits, types of fewer."""
    return dtype.number >= _FIRST_REFUSED


def swapped(chunk: bytes | bytearray | memoryview, code: str) -> bytes:
    """Return values with the bytes of each turned around."""
    items = array(code)
    items.frombytes(chunk)
    items.byteswap()
    return items.tobytes()
