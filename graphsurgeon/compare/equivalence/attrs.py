"""Equality of attrs, up to the exchange of a resource handle for the value.

Annotations (names that begin with an underscore) and the hints ``output_shapes`` do not
change what a node computes. An attr that one side leaves out has its default there:
graphs are saved with and without. Where a handle is passed on, the type is another.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from graphsurgeon.ir import ops
from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.compare import same_values
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.named_tuple import NamedTuple

_HINTS = frozenset({"output_shapes"})
_MISSING = object()


class Exchange(NamedTuple):
    """What a reader of a handle becomes when it reads the value; `num_inputs` inputs carry over.

    `attrs` are those that say the same, by their names on the reader of the handle. With `has_axis`, the next input
    says along which axis to gather.
    """

    op: str
    attrs: Mapping[str, str]
    num_inputs: int
    has_axis: bool = False


#: By the op that reads the handle.
EXCHANGES: Mapping[str, Exchange] = {
    "ReadVariableOp": Exchange("Identity", {"dtype": "T"}, 1),
    "ResourceGather": Exchange(
        "GatherV2", {"dtype": "Tparams", "Tindices": "Tindices", "batch_dims": "batch_dims"}, 2, has_axis=True
    ),
    "ResourceGatherNd": Exchange("GatherNd", {"dtype": "Tparams", "Tindices": "Tindices"}, 2),
    "VariableShape": Exchange("Shape", {"out_type": "out_type"}, 1),
    "VarIsInitializedOp": Exchange("Const", {}, 0),
}


def attr_problems(frozen: Node, thawed: Node) -> Iterator[str]:
    """Yield the differing attrs of two nodes of one op, but functions; the second may take a handle for the value."""
    a, b = frozen.proto.attr, thawed.proto.attr
    for key in sorted({*a, *b}):
        if key[:1] == "_" or key in _HINTS:
            continue
        if key in a and key in b and a[key] == b[key] and not frozen.payloads(key) and not thawed.payloads(key):
            continue
        x, y = _value(frozen, key), _value(thawed, key)
        if not _is_same(x, y):
            yield f"attr {key!r} is {_text(x)}, there {_text(y)}"


def exchange_problems(frozen: Node, thawed: Node) -> Iterator[str]:
    """Yield the differing attrs of a reader of a value and the reader of a handle that it stands for."""
    for theirs, ours in EXCHANGES[thawed.op].attrs.items():
        x, y = _value(frozen, ours), _value(thawed, theirs)
        if not _is_same(x, y):
            yield f"attr {ours!r} is {_text(x)}, that of the {thawed.op} there {_text(y)}"


def _value(node: Node, key: str) -> Any:
    """Return an attr, or its default where the node leaves it out."""
    if key in node.proto.attr:
        return node.attrs[key]
    known = ops.facts(node.op)
    attr = None if known is None else known.attrs.get(key)
    return _MISSING if attr is None or attr.default is None else attr.default


def _is_same(a: Any, b: Any) -> bool:
    """Whether two attrs say the same; a resource on the second side is another type on the first."""
    if isinstance(b, DType) and isinstance(a, DType):
        return a is b or b is dtypes.RESOURCE
    if isinstance(a, Func) and isinstance(b, Func):
        keys = {key for key in {*a.attrs, *b.attrs} if key[:1] != "_"}
        return all(_is_same(a.attrs.get(key, _MISSING), b.attrs.get(key, _MISSING)) for key in keys)
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return _is_same_tensor(a, b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_is_same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (math.isnan(a) and math.isnan(b))
    return type(a) is type(b) and bool(a == b)


def _is_same_tensor(a: Tensor, b: Tensor) -> bool:
    try:
        return same_values(a, b) is not False
    except (CorruptionError, UnsupportedError):
        return False


def _text(value: Any) -> str:
    if value is _MISSING:
        return "not there"
    if isinstance(value, DType):
        return value.name
    if isinstance(value, Tensor):
        return f"{value.dtype.name} {list(value.shape)} with other values"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:56]} ..."
