"""The attrs of a node as a mapping of Python values, long tensors beside the node's message."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

from graphsurgeon.ir import attr_value
from graphsurgeon.ir.node_fields import require_text
from graphsurgeon.tensors import tensor_proto
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from proto_utils import schema
from proto_utils.files import Span
from proto_utils.skeleton import Payload
from proto_utils.splice import Chunked

if TYPE_CHECKING:
    from graphsurgeon.ir.node import Node

#: What of a node's attrs is not in its message: parts, by attr and number of their TensorProto field.
Payloads: TypeAlias = "dict[str, dict[int, list[Chunked]]]"

#: A tensor attr set by a pass stays out of the message from this size on.
LONG_TENSOR_NBYTES = 1024


#: What can be of one kind of attr only.
_EXACT = frozenset({DType, attr_value.Shape, attr_value.Func, attr_value.Placeholder})


class Attrs(MutableMapping[str, Any]):
    """A node's attrs; reading decodes, setting and deleting edit the node."""

    __slots__ = ("_node",)

    def __init__(self, node: Node) -> None:
        self._node = node

    def __getitem__(self, key: str) -> Any:
        attr = self._node.attr(key)
        if attr is None:
            raise KeyError(key)
        return self.decode(key, attr)

    def decode(self, key: str, attr: schema.AttrValue) -> Any:
        """Return the value of an attr of which the message is at hand."""
        payloads = self._node._payloads
        if payloads and key in payloads:
            return _with_payload(attr.tensor, payloads[key])
        return attr_value.decode(attr)

    def __setitem__(self, key: str, value: Any) -> None:
        node = self._node
        require_text("name of an attr", key)
        dtype = node.attrs.get("dtype") if node.op == "Const" and key == "value" else None
        value = as_held(node.op, key, value, node=node.name, dtype=dtype)
        long = is_long(value)
        encoded = schema.AttrValue(tensor=tensor_proto.header(value)) if long else attr_value.encode(value)
        attr = node.editable_proto().attr
        payloads = {name: fields for name, fields in (node._payloads or {}).items() if name != key}
        if long:
            payloads[key] = {tensor_proto.raw_field(value.dtype): [value]}
        node._payloads = payloads or None
        attr[key].CopyFrom(encoded)

    def __delitem__(self, key: str) -> None:
        node = self._node
        if key not in self:
            raise KeyError(key)
        attr = node.editable_proto().attr
        if node._payloads:
            node._payloads = {name: fields for name, fields in node._payloads.items() if name != key} or None
        del attr[key]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._node.attr(key) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._node.proto.attr))

    def __len__(self) -> int:
        return len(self._node.proto.attr)

    def __repr__(self) -> str:
        return f"Attrs({', '.join(self)})"

    def _ipython_key_completions_(self) -> list[str]:
        return list(self)


def as_held(op: str, key: str, value: Any, *, node: str, dtype: Any = None) -> Any:
    """Return what people give for an attr as the op's own attr has it: a name for a type, a list for a shape.

    `dtype` is what numbers of a constant are of.
    """
    kinds = set(map(type, value)) if type(value) in (list, tuple) and value else {type(value)}
    if kinds <= _EXACT or key[:1] == "_" or isinstance(value, (Tensor, schema.AttrValue)):
        return attr_value.plain(value)
    # Imported here: passes give what is exact, and need no rules for it.
    from graphsurgeon.ir.constant_attrs import constant_attrs
    from graphsurgeon.ir.given_attrs import held_value

    found = held_value(op, key, value, node=node)
    if op == "Const" and key == "value" and dtype is not None:
        # Numbers of Python are of any type.
        found = constant_attrs(node, {"dtype": dtype, "value": value})["value"]
    return attr_value.plain(found)


def group_payloads(found: Sequence[Payload]) -> Payloads:
    """Arrange the payloads of a stripped NodeDef by attr and field number."""
    grouped: Payloads = {}
    for payload in found:
        grouped.setdefault(payload.keys[0], {}).setdefault(payload.number, []).append(payload.span)
    return grouped


def _with_payload(proto: schema.TensorProto, fields: dict[int, list[Chunked]]) -> Tensor:
    for parts in fields.values():
        for part in parts:
            if isinstance(part, Tensor):
                return part
    spans = {number: [part for part in parts if isinstance(part, Span)] for number, parts in fields.items()}
    return tensor_proto.decode(proto, spans)


def is_long(value: object) -> TypeGuard[Tensor]:
    """Whether a value stays out of the message when it is set as an attr."""
    return isinstance(value, Tensor) and value.dtype.itemsize > 0 and value.nbytes >= LONG_TENSOR_NBYTES
