"""Nodes of a graph by name, op, scope, device, attrs and dtype."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from graphsurgeon.ir.node import NAME, Node
from graphsurgeon.ir.node_facts import attr_of
from graphsurgeon.ir.output import require_member
from graphsurgeon.names import Names, matches_any, texts_of, unmatched
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor

if TYPE_CHECKING:
    from graphsurgeon.ir.graph import Graph

_MISSING = object()


def select(
    graph: Graph,
    *,
    name: Names | None = None,
    op: Names | None = None,
    scope: str | None = None,
    device: Names | None = None,
    attr: str | Mapping[str, Any] | None = None,
    dtype: Any = None,
) -> list[Node]:
    """Return the nodes that are all that is asked for, in the order of the graph; None asks for nothing."""
    names, ops, devices = _patterns(name, "name"), _patterns(op, "op"), _patterns(device, "device")
    found: Iterable[Node] = graph
    if ops is not None:
        found = graph.nodes_of({each for each in graph.ops if matches_any(ops, each)})
    if scope is not None:
        scope = scope.rstrip("/")
        found = [node for node in found if not scope or node.name == scope or node.name.startswith(f"{scope}/")]
    if names is not None:
        found = [node for node in found if matches_any(names, node.name)]
    if devices is not None:
        found = [node for node in found if matches_any(devices, node.device)]
    if attr is not None:
        wanted = dict.fromkeys([attr], _MISSING) if isinstance(attr, str) else attr
        found = [node for node in found if has_attrs(node, wanted)]
    if dtype is not None:
        base = (dtype if isinstance(dtype, DType) else _dtype(dtype)).base
        found = [node for node in found if base in [each.dtype.base for each in node.outputs if each.dtype is not None]]
    return list(found)


def nodes_like(graph: Graph, given: Node | str | Iterable[Node | str]) -> list[Node]:
    """Return nodes that are given as such, or by names or patterns of names.

    A NotFoundError for a pattern that matches none.
    """
    found: dict[Node, None] = {}
    for each in [given] if isinstance(given, (Node, str)) else given:
        if isinstance(each, Node):
            found[require_member(each, graph)] = None
            continue
        if not isinstance(each, str):
            raise TypeError(f"a node is a Node, a name or a pattern, not a {type(each).__name__}: {each!r:.60}")
        one = graph.get(each)
        matched = [one] if one is not None else [node for node in graph if matches_any((each,), node.name)]
        if not matched:
            raise unmatched("node", each, map(NAME, graph))
        found.update(dict.fromkeys(matched))
    return list(found)


def _patterns(given: Names | None, option: str) -> tuple[str, ...] | None:
    return None if given is None else texts_of(given, option)


def _dtype(given: Any) -> DType:
    return DType.from_name(given) if isinstance(given, str) else DType.of(given)


def has_attrs(node: Node, wanted: Mapping[str, Any]) -> bool:
    """Whether a node has attrs with these values."""
    for key, value in wanted.items():
        if node.attr(key) is None:
            return False
        if value is not _MISSING and not _is(attr_of(node, key), value):
            return False
    return True


def _is(found: Any, wanted: Any) -> bool:
    """Whether an attr has a value; strings may be given as text, types by what names them."""
    if isinstance(found, list) and isinstance(wanted, (list, tuple)):
        return len(found) == len(wanted) and all(map(_is, found, wanted))
    if isinstance(found, bytes) and isinstance(wanted, str):
        return found == wanted.encode()
    if isinstance(found, Tensor):
        import numpy as np

        value = as_tensor(wanted)
        return value.shape == found.shape and bool(np.array_equal(found.numpy(), value.numpy()))
    if isinstance(found, DType) and not isinstance(wanted, DType):
        return found is _dtype(wanted)
    return bool(found == wanted) and isinstance(found, bool) == isinstance(wanted, bool)
