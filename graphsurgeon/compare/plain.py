"""Lossless conversion of attr values, tensors and numbers to JSON types.

======================== =====================================================
value                    JSON
======================== =====================================================
bytes                    text; when they are not UTF-8 ``{"hex": "00ff"}``
int, bool                itself; integers are exact at every width
float                    itself; ``"nan"``, ``"inf"``, ``"-inf"``
complex                  ``[real, imaginary]``
dtype                    its name
shape                    list, null for an unknown dimension or rank
tensor                   ``{"dtype", "shape"}``, and its ``"values"`` when it is short
function                 ``{"function", "attrs"}``
placeholder              ``{"placeholder"}``
======================== =====================================================
"""

from __future__ import annotations

import enum
import math
from typing import Any, Final

from graphsurgeon.ir.attr_value import Func, Placeholder, Shape
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor

#: Tensors of up to this many elements are shown with their values.
MAX_VALUES = 16


class Absent(enum.Enum):
    """One side has no such thing; distinct from null, which is a value."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent.ABSENT


def plain(value: Any) -> Any:
    """Return the decoded value of an attr, or a message's field, as JSON types."""
    if isinstance(value, DType):
        return value.name
    if isinstance(value, Shape):
        return None if value.dims is None else list(value.dims)
    if isinstance(value, Tensor):
        return _tensor(value)
    if isinstance(value, Func):
        return {"function": value.name, "attrs": {key: plain(attr) for key, attr in sorted(value.attrs.items())}}
    if isinstance(value, Placeholder):
        return {"placeholder": value.name}
    if isinstance(value, (list, tuple)):
        return [plain(element) for element in value]
    return value if value is None else number(value)


def number(value: Any) -> Any:
    """Return a number, Python's or numpy's, or a string as JSON types."""
    if isinstance(value, (bytes, str)):
        return text(value)
    # Of numpy's own numbers, Python's: the names of their dtypes take longer. Others stay as they are.
    value = value.item() if hasattr(value, "item") else value
    kind = getattr(getattr(value, "dtype", None), "name", type(value).__name__)
    if kind.startswith("bool"):
        return bool(value)
    if kind.startswith("complex"):
        return [number(float(value.real)), number(float(value.imag))]
    if kind.startswith(("int", "uint")):
        return int(value)
    value = float(value)
    return value if math.isfinite(value) else str(value)


def text(value: bytes | str) -> str | dict[str, str]:
    """Return bytes as text, or spelled in hexadecimal when they are not UTF-8."""
    if isinstance(value, str):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"hex": value.hex()}


def _tensor(tensor: Tensor) -> dict[str, Any]:
    facts: dict[str, Any] = {"dtype": tensor.dtype.name, "shape": list(tensor.shape)}
    if tensor.size > MAX_VALUES or (tensor.dtype.itemsize == 0 and tensor.dtype is not dtypes.STRING):
        return facts
    values = tensor.strings() if tensor.dtype is dtypes.STRING else tensor.numpy().reshape(-1)
    return {**facts, "values": [number(element) for element in values]}
