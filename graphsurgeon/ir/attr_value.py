"""Attr values as plain Python, both ways.

=========  ============================  =============================
AttrValue  Python                        note
=========  ============================  =============================
s          bytes                         str is accepted and encoded
i          int
f          float                         the nearest float32
b          bool
type       DType
shape      Shape
tensor     Tensor                        decoded by the node, lazily
list       list of the above             elements of one kind
func       Func                          a function's name and attrs
placeholder  Placeholder                 the name of a function's attr
=========  ============================  =============================
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from graphsurgeon.tensors import tensor_proto
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema
from proto_utils.errors import UnsupportedError
from proto_utils.named_tuple import NamedTuple


class Shape:
    """A shape that may be partly or wholly unknown.

    A dimension of unknown size is None, and so is the list of dimensions where the rank is unknown.
    """

    __slots__ = ("dims",)

    def __init__(self, dims: Iterable[int | None] | None = None) -> None:
        if isinstance(dims, (str, bytes, int)):
            raise TypeError(f"a shape is a list of dimensions, or None, not {type(dims).__name__}: {dims!r:.60}")
        self.dims = None if dims is None else tuple(map(_dimension, dims))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shape) and self.dims == other.dims

    def __hash__(self) -> int:
        return hash(self.dims)

    def __repr__(self) -> str:
        return f"Shape({None if self.dims is None else list(self.dims)})"

    def is_compatible_with(self, other: Shape) -> bool:
        """Whether some tensor has both shapes."""
        if self.dims is None or other.dims is None:
            return True
        pairs = zip(self.dims, other.dims, strict=False)
        return len(self.dims) == len(other.dims) and all(a is None or b is None or a == b for a, b in pairs)

    @classmethod
    def from_proto(cls, proto: schema.TensorShapeProto) -> Shape:
        """Make a shape of a TensorShapeProto."""
        return cls(None if proto.unknown_rank else [dim.size for dim in proto.dim])

    def to_proto(self) -> schema.TensorShapeProto:
        """Make a TensorShapeProto, with -1 for an unknown dimension."""
        if self.dims is None:
            return schema.TensorShapeProto(unknown_rank=True)
        return schema.TensorShapeProto(dim=[{"size": -1 if dim is None else dim} for dim in self.dims])


def _dimension(size: Any) -> int | None:
    # TensorFlow 1 has dimensions of its own.
    size = size.value if type(size).__name__ == "Dimension" else size
    if size is None:
        return None
    try:
        number = operator.index(size)
    except TypeError:
        raise TypeError(f"a dimension is an int or None, not {type(size).__name__}: {size!r:.60}") from None
    return None if number < 0 else number


class Func(NamedTuple):
    """A function by name, with the attrs it is instantiated with."""

    name: str
    attrs: dict[str, Any]


class Placeholder(NamedTuple):
    """An attr of a function body that stands for an attr of the function."""

    name: str


def decode(value: schema.AttrValue) -> Any:
    """Return an AttrValue as Python; None when nothing is set."""
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "list":
        return _decode_list(value.list)
    return _decode_one(kind, getattr(value, kind))


def plain(value: Any) -> Any:
    """Return a value of an attr in the words of the table above, whatever library it comes from.

    Taken too are tuples and ranges for lists; numpy's numbers, arrays, which are tensors, and dtypes; TensorFlow's own
    dtypes, shapes and AttrValues.
    """
    if type(value) in _PLAIN or isinstance(value, (Tensor, schema.AttrValue)):
        return value
    if isinstance(value, (tuple, list, range)) and not isinstance(value, (Func, Placeholder)):
        return [plain(each) for each in value]
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if hasattr(value, "as_datatype_enum"):
        return DType.from_number(int(value.as_datatype_enum))
    if hasattr(value, "as_proto") and hasattr(value, "as_list"):
        return Shape(value.as_list() if value.rank is not None else None)
    if type(value).__name__ == "AttrValue":
        return schema.parse(schema.AttrValue, schema.serialize(value))
    if _is_numpys(value):
        return _from_numpy(value)
    return value


def _is_numpys(value: Any) -> bool:
    kind = value if isinstance(value, type) else type(value)
    return str(kind.__module__).split(".")[0] in ("numpy", "ml_dtypes")


def _from_numpy(value: Any) -> Any:
    """Return an array as a tensor, a number as Python's, a dtype as `DType`."""
    if isinstance(value, type) or not hasattr(value, "shape") or not hasattr(value, "tobytes"):
        return DType.of(value)
    if type(value).__name__ == "ndarray":
        return as_tensor(value)
    found = value.item()
    return found if isinstance(found, (bool, int, float, str, bytes)) else float(value)


def encode(value: Any) -> schema.AttrValue:
    """Make an AttrValue of a Python value; an AttrValue is returned as it is.

    A value of no type that attrs hold is a TypeError, one that is too large an UnsupportedError.
    """
    value = plain(value)
    if isinstance(value, (DType, bool)):
        return _encode_common(value)
    if isinstance(value, schema.AttrValue):
        return value
    if isinstance(value, list):
        return _encode_list(value)
    kind, encoded = _encode_one(value)
    return schema.AttrValue(**{kind: encoded})


@lru_cache(maxsize=256)
def _encode_common(value: DType | bool) -> schema.AttrValue:
    """Types and flags recur in every node; protobuf copies the message where it is set."""
    kind, encoded = _encode_one(value)
    return schema.AttrValue(**{kind: encoded})


def _encode_list(elements: list[Any]) -> schema.AttrValue:
    fields: dict[str, list[Any]] = {}
    for element in elements:
        kind, encoded = _encode_one(element)
        fields.setdefault(kind, []).append(encoded)
    if len(fields) > 1 or "placeholder" in fields:
        kinds = ", ".join(dict.fromkeys(type(element).__name__ for element in elements))
        raise TypeError(f"the elements of a list in an attr are of one kind, not of {kinds}")
    out = schema.AttrValue(list=fields)
    if not fields:
        out.list.SetInParent()
    return out


def _decode_one(kind: str, value: Any) -> Any:
    if kind == "type":
        return DType.from_number(value)
    if kind == "shape":
        return Shape.from_proto(value)
    if kind == "tensor":
        return tensor_proto.decode(value)
    if kind == "func":
        return Func(value.name, {key: decode(attr) for key, attr in value.attr.items()})
    if kind == "placeholder":
        return Placeholder(value)
    return value


def _decode_list(value: Any) -> list[Any]:
    for kind in ("s", "i", "f", "b", "type", "shape", "tensor", "func"):
        elements: Sequence[Any] = getattr(value, kind)
        if elements:
            return [_decode_one(kind, element) for element in elements]
    return []


def _encode_one(value: Any) -> tuple[str, Any]:
    for cls, kind, encode_value in _ENCODERS:
        if isinstance(value, cls):
            return kind, encode_value(value)
    raise TypeError(
        f"no attr holds a {type(value).__name__}: an int, float, bool, bytes, str, dtype, Shape, tensor or array, "
        "Func, or a list of one of these"
    )


def _encode_int(value: int) -> int:
    if not -(1 << 63) <= value < 1 << 63:
        raise UnsupportedError(f"an attr holds ints of 64 bits, and {value} is past them")
    return int(value)


def _encode_float(value: float) -> float:
    if abs(value) >= _PAST_FLOAT32 and not math.isinf(value):
        raise UnsupportedError(f"an attr holds floats of 32 bits, and {value} is past them")
    return float(value)


def _encode_text(value: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError as error:
        raise UnsupportedError(f"a string that is no Unicode: {value[:40]!r}; give bytes") from error


def _encode_func(value: Func) -> schema.NameAttrList:
    if not isinstance(value.name, str):
        raise TypeError(f"the name of a function is a str, not {type(value.name).__name__}: {value.name!r:.60}")
    return schema.NameAttrList(name=value.name, attr={key: encode(attr) for key, attr in value.attrs.items()})


#: Half-way from the largest float32 to what would be the next: from here on it rounds to infinity.
_PAST_FLOAT32 = (2 - 2**-24) * 2.0**127

_PLAIN = frozenset({bool, int, float, bytes, str, DType, Shape, Func, Placeholder})

# A bool is an int too, so it comes first.
_ENCODERS: tuple[tuple[type, str, Callable[[Any], Any]], ...] = (
    (bool, "b", bool),
    (int, "i", _encode_int),
    (float, "f", _encode_float),
    (bytes, "s", bytes),
    (str, "s", _encode_text),
    (DType, "type", operator.attrgetter("number")),
    (Shape, "shape", Shape.to_proto),
    (Tensor, "tensor", tensor_proto.encode),
    (Func, "func", _encode_func),
    (Placeholder, "placeholder", operator.attrgetter("name")),
)
