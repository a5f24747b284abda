"""Values that people give for attrs, as the kind of the attr that is to hold them; also as text.

===========  =====================================================================
kind         taken
===========  =====================================================================
string       str, bytes
int          int; ``3``
float        float, int; ``0.5``
bool         bool; ``true``, ``false``
type         `DType`, numpy's and TensorFlow's dtypes, Python's float; ``float32``, ``DT_FLOAT``
shape        `Shape`, a list or an array, None for an unknown rank; ``[1,-1]``, ``?``
tensor       `Tensor`, an array, numbers
func         `Func`; the name of a function
list(...)    a list; ``1,2,2,1`` or ``[1,2,2,1]``
===========  =====================================================================

Numbers, lists and shapes may be numpy's too, or those of a tensor of TensorFlow. As in TensorFlow's Python a type is
never that of a reference, Python's float is float32, and a number of the wrong kind is refused.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from graphsurgeon.errors import GraphError
from graphsurgeon.ir import attr_value
from graphsurgeon.ir.attr_rules import AttrRule, attr_rules, holds_its_kind, kind_of, value_refusal
from graphsurgeon.ir.attr_value import Func, Placeholder, Shape
from graphsurgeon.ir.op_attrs import OpAttr
from graphsurgeon.names import some_of
from graphsurgeon.tensors import tensor_proto
from graphsurgeon.tensors.dtypes import BOOL, FLOAT, STRING, DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema
from proto_utils.errors import NotFoundError, UnsupportedError, did_you_mean, near_names

_CLASS: Final = OpAttr("_class", "list(string)")
_HINTS: Final = {"type": "wanted: a name such as float32, or a dtype of numpy or TensorFlow"}
#: As `tf.as_dtype` takes Python's own types; the others as numpy does.
_PYTHONS: Final = {float: FLOAT, bool: BOOL, str: STRING, object: STRING}
_BOOLS: Final = {"true": True, "false": False}


def given_attr(op: str, name: str, value: Any, *, node: str | None = None) -> schema.AttrValue | Tensor:
    """Return a value for an attr of an op, as the attr holds it; tensors stay tensors.

    Attrs that begin with an underscore belong to nobody and hold anything, but for ``_class``.

    Raises
    ------
    GraphError
        The op has no such attr, or the attr no such value.
    """
    rules = attr_rules(op)
    if name == _CLASS.name:
        return _checked(op, AttrRule(_CLASS, "s", frozenset(), counts=False), value, node)
    if name[:1] == "_" or rules is None:
        return value if isinstance(attr_value.plain(value), Tensor) else _encoded(op, name, value, node)
    rule = rules.get(name)
    if rule is None:
        near = near_names(name, rules)
        hint = did_you_mean(near) if near else f"its attrs: {some_of(list(rules), 12)}" if rules else None
        raise GraphError(f"op {op} has no attr {name!r}", node=node, hint=hint)
    return _checked(op, rule, value, node)


def held_value(op: str, name: str, value: Any, *, node: str | None = None) -> Any:
    """Return a value as an attr of an op has it in Python; of an attr that nobody knows, the value as it is.

    Only the kind is looked at, not which values are allowed: a node that is edited by hand may be wrong for a while.

    Raises
    ------
    GraphError
        It is not of that kind.
    """
    rule = None if name[:1] == "_" else (attr_rules(op) or {}).get(name)
    return value if rule is None else _of_kind(op, rule.attr, value, node)


def _checked(op: str, rule: AttrRule, value: Any, node: str | None) -> schema.AttrValue | Tensor:
    attr = rule.attr
    found = _encoded(op, attr.name, _of_kind(op, attr, value, node), node)
    encoded = schema.AttrValue(tensor=tensor_proto.header(found)) if isinstance(found, Tensor) else found
    if encoded.WhichOneof("value") == "placeholder":
        return found
    if not holds_its_kind(rule, encoded):
        held = encoded.WhichOneof("value")
        told = "nothing" if held is None else kind_of(encoded, held)
        raise GraphError(f"attr {attr.name!r} of op {op} holds {attr.kind}, not {told}", node=node)
    reason = value_refusal(rule, encoded)
    if reason:
        raise GraphError(f"attr {attr.name!r} of op {op} {reason}", node=node)
    return found


def _encoded(op: str, name: str, value: Any, node: str | None) -> schema.AttrValue | Tensor:
    if isinstance(value, Tensor):
        return value
    try:
        return attr_value.encode(value)
    except (TypeError, UnsupportedError) as error:
        raise GraphError(f"attr {name!r} of op {op}: {error}", node=node) from error


def _of_kind(op: str, attr: OpAttr, given: Any, node: str | None) -> Any:
    """Return a value as Python has those of the attr's kind; a GraphError when it is not of that kind."""
    value = given if attr.element_kind == "tensor" else attr_value.plain(_as_python(given))
    if isinstance(value, (schema.AttrValue, Placeholder)):
        return value
    convert = _CONVERSIONS[attr.element_kind]
    try:
        if not attr.is_list:
            return convert(value)
        if isinstance(value, str):
            value = _elements(attr.element_kind, value)
        if isinstance(value, (list, tuple)) and not isinstance(value, Func):
            return [convert(each) for each in value]
    except (TypeError, ValueError, KeyError, NotFoundError, UnsupportedError) as error:
        reason = f"attr {attr.name!r} of op {op} holds {attr.kind}, not {given!r:.60}"
        raise GraphError(reason, node=node, hint=getattr(error, "hint", None) or _HINTS.get(attr.kind)) from error
    raise GraphError(f"attr {attr.name!r} of op {op} holds {attr.kind}, not {given!r:.60}", node=node)


def _as_python(value: Any) -> Any:
    """Return arrays and scalars, numpy's and those of tensors, as Python's lists and numbers."""
    if isinstance(value, (list, tuple)) and not isinstance(value, (Func, Placeholder)):
        return [_as_python(each) for each in value]
    if isinstance(value, (type, DType)) or not hasattr(value, "dtype"):
        return value
    if not hasattr(value, "tolist"):
        value = value.numpy() if hasattr(value, "numpy") else value
    found = value.tolist() if hasattr(value, "tolist") else value
    # The small types of ml_dtypes are no numbers of Python.
    return found if isinstance(found, (bool, int, float, complex, str, bytes, list)) else attr_value.plain(found)


def _elements(kind: str, text: str) -> list[Any]:
    """Return the elements of a list that is given as text."""
    inner = text.strip()
    if kind == "shape":
        found: list[Any] = json.loads(f"[{inner.replace('?', 'null')}]")
        # One list may be one shape, or several.
        return found[0] if len(found) == 1 and isinstance(found[0], list) and _is_nested(found[0]) else found
    if inner[:1] == "[" and inner[-1:] == "]":
        inner = inner[1:-1]
    return [each.strip() for each in inner.split(",") if each.strip()]


def _is_nested(found: list[Any]) -> bool:
    return any(each is None or isinstance(each, list) for each in found)


def _integer(value: Any) -> int:
    if isinstance(value, bool):
        raise TypeError("a bool")
    return int(value) if isinstance(value, str) else operator.index(value)


def _float(value: Any) -> float:
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return float(value)
    raise TypeError("no number")


def _bool(value: Any) -> bool:
    return value if isinstance(value, bool) else _BOOLS[value.lower()] if isinstance(value, str) else _BOOLS[value]


def _text(value: Any) -> str | bytes:
    if isinstance(value, (str, bytes)):
        return value
    raise TypeError("no text")


def _type(value: Any) -> DType:
    if isinstance(value, (int, float)):
        # DataType's numbers are nobody's words, and numpy takes some numbers for types.
        raise TypeError("a number")
    if value is int or value is complex:
        raise TypeError("of which size")
    if isinstance(value, type) and value in _PYTHONS:
        return _PYTHONS[value]
    return (DType.from_name(value) if isinstance(value, str) else DType.of(value)).base


def _shape(value: Any) -> Shape:
    if isinstance(value, Shape):
        return value
    if type(value).__name__ == "TensorShapeProto":
        return Shape.from_proto(schema.parse(schema.TensorShapeProto, schema.serialize(value)))
    return Shape(json.loads(value.replace("?", "null")) if isinstance(value, str) else value)


def _tensor(value: Any) -> Tensor:
    if type(value).__name__ == "TensorProto":
        return tensor_proto.decode(schema.parse(schema.TensorProto, schema.serialize(value)))
    return value if isinstance(value, Tensor) else as_tensor(json.loads(value) if isinstance(value, str) else value)


def _func(value: Any) -> Func:
    if isinstance(value, Func):
        return value
    if type(value).__name__ == "NameAttrList":
        found: Func = attr_value.decode(
            schema.AttrValue(func=schema.parse(schema.NameAttrList, schema.serialize(value)))
        )
        return found
    # A function of a library, ours or TensorFlow's, by its name.
    is_function = hasattr(value, "name") and (hasattr(value, "body") or hasattr(value, "structured_outputs"))
    name = value.name if is_function else value
    name = name.decode() if isinstance(name, bytes) else name
    if not isinstance(name, str):
        raise TypeError("no function")
    return Func(name, {})


_CONVERSIONS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "string": _text, "int": _integer, "float": _float, "bool": _bool, "type": _type, "shape": _shape,
    "tensor": _tensor, "func": _func,
}  # fmt: skip
