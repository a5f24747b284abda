"""The attrs of nodes as texts for people: types and shapes by name, short values written out, long ones described."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

from graphsurgeon.compare.plain import MAX_VALUES, plain
from graphsurgeon.display import count, format_shape
from graphsurgeon.ir.attr_value import Func, Placeholder, Shape
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tools.report.texts import StringTable
from proto_utils.errors import GraphSurgeonError

#: Of lists in attrs, so many elements are written.
_MAX_ELEMENTS = 32
_MAX_DEPTH = 3
#: Strings of tensors may be long.
_MAX_VALUE_NBYTES = 4096
#: Messages of attrs that are remembered with their texts: few are long, and most are there many times.
_MAX_KNOWN_NBYTES = 64


class AttrTexts:
    """Texts of attrs, by their numbers in a string table."""

    def __init__(self, strings: StringTable) -> None:
        self._strings = strings
        self._known: dict[bytes, int] = {}

    def of(self, node: Node) -> Iterator[list[int]]:
        """Yield key and text of each attr of a node, sorted by their keys."""
        attrs = node.proto.attr
        for key in sorted(attrs):
            yield [self._strings[key], self._text(node, key, attrs[key])]

    def _text(self, node: Node, key: str, attr: Any) -> int:
        if node.payloads(key) or attr.ByteSize() > _MAX_KNOWN_NBYTES:
            return self._strings.cut(_attr_text(node, key))
        message = attr.SerializeToString(deterministic=True)
        number = self._known.get(message)
        if number is None:
            number = self._known[message] = self._strings.cut(_attr_text(node, key))
        return number


def _attr_text(node: Node, key: str) -> str:
    try:
        return value_text(node.attrs[key])
    except GraphSurgeonError as error:
        return f"damaged: {error.message}"


def value_text(value: Any, depth: int = 0) -> str:
    """Return the value of an attr in words; of a tensor with its values where they are few."""
    if isinstance(value, DType):
        return value.name
    if isinstance(value, Shape):
        return format_shape(value.dims)
    if isinstance(value, Tensor):
        return _tensor_text(value)
    if isinstance(value, Func):
        inner = ", ".join(f"{key}={value_text(each, depth + 1)}" for key, each in _few(sorted(value.attrs.items())))
        return value.name + (f"({inner})" if inner and depth < _MAX_DEPTH else "")
    if isinstance(value, Placeholder):
        return f"${value.name}"
    if isinstance(value, (list, tuple)):
        if depth >= _MAX_DEPTH:
            return count(len(value), "element")
        more = [f"... ({len(value):,})"] if len(value) > _MAX_ELEMENTS else []
        return "[" + ", ".join([*(value_text(each, depth + 1) for each in _few(value)), *more]) + "]"
    found = plain(value)
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _tensor_text(tensor: Tensor) -> str:
    kind = f"{tensor.dtype.name} {format_shape(tensor.shape)}"
    if tensor.size > MAX_VALUES or tensor.nbytes > _MAX_VALUE_NBYTES:
        return kind
    values = plain(tensor).get("values")
    return kind if values is None else f"{kind} {json.dumps(values, ensure_ascii=False)}"


def _few(items: Any) -> Iterator[Any]:
    return itertools.islice(items, _MAX_ELEMENTS)
