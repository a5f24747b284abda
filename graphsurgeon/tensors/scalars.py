"""Parsing of scalars: single numbers and strings as users write them, in a dtype."""

from __future__ import annotations

from graphsurgeon.errors import PassError
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.cast import CastTensor
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import StringTensor, as_tensor
from proto_utils.errors import UnsupportedError

_WORDS = {"true": True, "false": False}


def scalar(value: str | float | bytes | complex, dtype: DType) -> Tensor:
    """Make a scalar of a dtype.

    Parameters
    ----------
    value : str, bytes, bool, int, float or complex
        A text stands for the number that it spells, unless the dtype is string.
    dtype : DType

    Raises
    ------
    UnsupportedError
        The text spells no number, or the dtype has no such number: it is out of range, has a fraction that an integer
        cannot have, or the dtype has no numbers at all.
    """
    if dtype is dtypes.STRING:
        return StringTensor([], [value if isinstance(value, bytes) else str(value).encode()])
    if isinstance(value, bytes):
        raise UnsupportedError(f"{value!r} is no {dtype.name}")
    number = _parse(value) if isinstance(value, str) else value
    if isinstance(number, float) and dtype.is_integer and not number.is_integer():
        raise UnsupportedError(f"{number} is no {dtype.name}")
    try:
        return as_tensor(CastTensor(as_tensor(number), dtype).numpy())
    except PassError:
        raise UnsupportedError(f"{number} is out of the range of {dtype.name}") from None


def _parse(text: str) -> bool | int | float | complex:
    if text.strip().lower() in _WORDS:
        return _WORDS[text.strip().lower()]
    for kind in (int, float, complex):
        try:
            return kind(text)
        except ValueError:
            continue
    raise UnsupportedError(f"{text!r} is no number")


def raw_scalar(value: str | float | bytes | complex, dtype: DType) -> bytes:
    """Return the raw element that `scalar` makes, or the string.

    Raises
    ------
    UnsupportedError
        As `scalar`.
    """
    made = scalar(value, dtype)
    return next(made.strings()) if dtype is dtypes.STRING else b"".join(map(bytes, made.chunks()))
