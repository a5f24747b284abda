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

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from graphsurgeon.tensors import tensor_proto
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from proto_utils import schema
from proto_utils.errors import UnsupportedError


class Shape:
    """A shape that may be partly or wholly unknown.

    A dimension of unknown size is None, and so is the list of dimensions where the rank is unknown.
    """

    __slots__ = ("dims",)

    def __init__(self, dims: Iterable[int | None] | None = None) -> None:
        self.dims = None if dims is None else tuple(None if d is None or d < 0 else int(d) for d in dims)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shape) and self.dims == other.dims

    def __hash__(self) -> int:
        return hash(self.dims)

    def __repr__(self) -> str:
        return f"Shape({None if self.dims is None else list(self.dims)})"

    @classmethod
    def from_proto(cls, proto: schema.TensorShapeProto) -> Shape:
        """Make a shape of a TensorShapeProto."""
        return cls(None if proto.unknown_rank else [dim.size for dim in proto.dim])

    def to_proto(self) -> schema.TensorShapeProto:
        """Make a TensorShapeProto, with -1 for an unknown dimension."""
        if self.dims is None:
            return schema.TensorShapeProto(unknown_rank=True)
        return schema.TensorShapeProto(dim=[{"size": -1 if dim is None else dim} for dim in self.dims])


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


def encode(value: Any) -> schema.AttrValue:
    """Make an AttrValue of a Python value; an AttrValue is returned as it is.

    A value that no attr kind holds is an UnsupportedError.
    """
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
    raise UnsupportedError(f"no attr holds a {type(value).__name__}")


def _encode_func(value: Func) -> schema.NameAttrList:
    return schema.NameAttrList(name=value.name, attr={key: encode(attr) for key, attr in value.attrs.items()})


# A bool is an int too, so it comes first.
_ENCODERS: tuple[tuple[type, str, Callable[[Any], Any]], ...] = (
    (bool, "b", bool),
    (int, "i", int),
    (float, "f", float),
    (bytes, "s", bytes),
    (str, "s", str.encode),
    (DType, "type", attrgetter("number")),
    (Shape, "shape", Shape.to_proto),
    (Tensor, "tensor", tensor_proto.encode),
    (Func, "func", _encode_func),
    (Placeholder, "placeholder", attrgetter("name")),
)
