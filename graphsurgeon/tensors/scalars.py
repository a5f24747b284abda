"""Parsing of scalars: single numbers and strings as users write them, in a dtype."""

from __future__ import annotations

import math

from graphsurgeon.errors import PassError
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.cast import CastTensor
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.elementwise import limits
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import StringTensor, as_tensor
from proto_utils.errors import UnsupportedError

_WORDS = {"true": True, "false": False}
_BOOLS = "0 or 1, true or false"


def scalar(value: str | float | bytes | complex, dtype: DType, *, saturate: bool | None = False) -> Tensor:
    """Make a scalar of a dtype.

    Parameters
    ----------
    value : str, bytes, bool, int, float or complex
        A text stands for the number that it spells, unless the dtype is string.
    dtype : DType
    saturate : bool, optional
        Take the nearest number in range for one that is out of it. None where nobody is asked, so that no hint leads
        there.

    Raises
    ------
    UnsupportedError
        The text spells no number, or the dtype has no such number: it is out of range, has a fraction that an integer
        cannot have, is neither 0 nor 1 and to be a bool, or the dtype has no numbers at all.
    """
    if dtype is dtypes.STRING:
        return StringTensor([], [value if isinstance(value, bytes) else str(value).encode()])
    if isinstance(value, bytes):
        raise UnsupportedError(f"{value!r} is no {dtype.name}")
    number = _parse(value, dtype) if isinstance(value, str) else value
    if isinstance(number, float) and dtype.is_integer and not number.is_integer():
        raise UnsupportedError(f"{number} is no {dtype.name}")
    if dtype is dtypes.BOOL and number not in (0, 1):
        raise UnsupportedError(f"{number} is no {dtype.name}", hint=_BOOLS)
    if saturate and isinstance(number, int | float) and dtype.is_integer:
        number = int(number)
        # Python's own numbers may be past any dtype.
        low, high = limits(dtype)
        number = min(max(number, low), high)
    try:
        if not saturate and isinstance(number, float) and math.isinf(number) and not _spells_infinity(value):
            raise PassError("cast", "past the numbers of 64 bits")
        return as_tensor(CastTensor(as_tensor(number), dtype, saturate=bool(saturate)).numpy())
    except PassError:
        hint = None if saturate is None else "`saturate=True` takes the nearest number in range"
        raise UnsupportedError(f"{value} is out of the range of {dtype.name}", hint=hint) from None


def _spells_infinity(value: object) -> bool:
    """Whether a number that is infinite was meant to be: ``1e400`` is only read as such."""
    return not isinstance(value, str) or "inf" in value.lower()


def _parse(text: str, dtype: DType) -> bool | int | float | complex:
    if text.strip().lower() in _WORDS:
        return _WORDS[text.strip().lower()]
    for kind in (int, float, complex):
        try:
            return kind(text)
        except ValueError:
            continue
    if dtype is dtypes.BOOL:
        raise UnsupportedError(f"{text!r} is no bool", hint=_BOOLS)
    raise UnsupportedError(f"{text!r} is no number")


def raw_scalar(value: str | float | bytes | complex, dtype: DType, *, saturate: bool = False) -> bytes:
    """Return the raw element that `scalar` makes, or the string.

    Raises
    ------
    UnsupportedError
        As `scalar`.
    """
    made = scalar(value, dtype, saturate=saturate)
    return next(made.strings()) if dtype is dtypes.STRING else b"".join(map(bytes, made.chunks()))
