"""Structural diff of protobuf messages, field by field, and messages as JSON types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphsurgeon.compare.plain import ABSENT, number, plain
from graphsurgeon.compare.report import Difference
from graphsurgeon.ir.attr_value import Shape, decode
from graphsurgeon.tensors.dtypes import DType
from proto_utils import schema


def diff_messages(field: str, a: schema.Message, b: schema.Message, path: str = "") -> Iterator[Difference]:
    """Yield the fields in which two messages of one type differ, as changes of `field`.

    The key is the path, ``inputs/x/dtype``, with `path` in front. Elements of a repeated field go by their name, where
    they have one, else by their position; what only one side has is one change, however much is in it.
    """
    if a == b:
        return
    left, right = _fields(a), _fields(b)
    for name in sorted({*left, *right}):
        below = f"{path}/{name}" if path else name
        x, y = left.get(name, ABSENT), right.get(name, ABSENT)
        if isinstance(x, Mapping) or isinstance(y, Mapping):
            ours, theirs = ({} if side is ABSENT else side for side in (x, y))
            order = [[key for key in one if key in other] for one, other in ((ours, theirs), (theirs, ours))]
            if order[0] != order[1]:
                yield Difference(field, below, order[0], order[1])
            for key in [*ours, *(key for key in theirs if key not in ours)]:
                yield from _diff_values(field, ours.get(key, ABSENT), theirs.get(key, ABSENT), f"{below}/{key}")
        else:
            yield from _diff_values(field, x, y, below)


def message_to_json(message: Any) -> Any:
    """Return a message as JSON types: a dict of the fields that are set; attr values and shapes as themselves."""
    if isinstance(message, schema.AttrValue):
        return plain(decode(message))
    if isinstance(message, schema.TensorShapeProto):
        return plain(Shape.from_proto(message))
    return {name: _to_json(value) for name, value in _fields(message).items()}


def _diff_values(field: str, a: Any, b: Any, path: str) -> Iterator[Difference]:
    if _is_walked(a) and _is_walked(b):
        yield from diff_messages(field, a, b, path)
        return
    left, right = (side if side is ABSENT else _to_json(side) for side in (a, b))
    if left != right:
        yield Difference(field, path, left, right)


def _is_walked(value: Any) -> bool:
    """Whether a value is compared field by field."""
    return isinstance(value, schema.Message) and not isinstance(value, (schema.AttrValue, schema.TensorShapeProto))


def _to_json(value: Any) -> Any:
    if isinstance(value, schema.Message):
        return message_to_json(value)
    if isinstance(value, Mapping):
        return {str(key): _to_json(element) for key, element in value.items()}
    if isinstance(value, list):
        return [_to_json(element) for element in value]
    return number(value)


def _fields(message: schema.Message) -> dict[str, Any]:
    """Return the fields that are set: maps and repeated messages as mappings, enums by the names of their values."""
    found: dict[str, Any] = {}
    for descriptor, value in message.ListFields():
        enum = descriptor.enum_type
        is_map = descriptor.message_type is not None and descriptor.message_type.GetOptions().map_entry
        if is_map:
            found[descriptor.name] = {key: value[key] for key in sorted(value)}
        elif isinstance(value, (schema.Message, bytes, str)) or not hasattr(value, "__len__"):
            found[descriptor.name] = _enum_name(enum, value)
        elif descriptor.message_type is not None:
            found[descriptor.name] = _numbered(value)
        else:
            found[descriptor.name] = [_enum_name(enum, element) for element in value]
    return found


def _enum_name(enum: Any, value: Any) -> Any:
    if enum is None or value not in enum.values_by_number:
        return value
    return DType.from_number(value).name if enum.name == "DataType" else enum.values_by_number[value].name


def _numbered(elements: Any) -> dict[Any, Any]:
    """Return the elements of a repeated field by name, or by position when they have none, or share one."""
    names = [getattr(element, "name", "") for element in elements]
    is_named = all(names) and len(set(names)) == len(names)
    return dict(zip(names if is_named else range(len(names)), elements, strict=True))
