"""What a node needs, and what needs it: the nodes behind its inputs, those that follow, the functions that it calls.

Works on nodes of a graph, on those of function bodies, and on nodes made of NodeDefs of
any protobuf pool, because it only reads. Everything is linear in nodes and edges and
touches no payload.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from graphsurgeon.ir.graph import Library
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.names import node_of_input, text_of

_COLOCATION = "_class"
_GROUP = b"loc:@"
_GRADIENT = "_gradient_op_type"
_INTERFACE = "api_implements"
_NOTHING: Mapping[str, Sequence[str]] = {}


def closure(names: Iterable[str], step: Callable[[str], Iterable[str]]) -> set[str]:
    """Return names, those that one step from them leads to, and so on.

    Parameters
    ----------
    names : iterable of str
    step : callable
        Asked once for each name.
    """
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending.extend(step(name))
    return found


def ancestors(
    producers: Mapping[str, Node], roots: Iterable[str], also: Mapping[str, Sequence[str]] = _NOTHING
) -> set[str]:
    """Return the nodes that `roots` need: the roots, what they read and wait for, and so on.

    Parameters
    ----------
    producers : mapping of str to Node
        All nodes by name. Names that are not in it are passed over.
    roots : iterable of str
        Names of nodes.
    also : mapping of str to sequence of str, optional
        What a node needs besides its inputs.
    """
    needed: set[str] = set()
    pending = list(roots)
    while pending:  # no `closure`: this is where pruning spends its time
        name = pending.pop()
        if name in needed or name not in producers:
            continue
        needed.add(name)
        pending.extend(map(node_of_input, producers[name].inputs))
        if name in also:
            pending.extend(also[name])
    return needed


def followers(index: Index, names: Iterable[str], *, by_data: bool = False) -> set[str]:
    """Return the nodes that run after others: their readers, what waits for them, and so on.

    Parameters
    ----------
    index : Index
    names : iterable of str
        Nodes; they are in the result only when they follow each other.
    by_data : bool
        Follow tensors only, not control edges.
    """

    def readers(name: str) -> list[str]:
        return [node.name for node, i in index.edges(name) if not (by_data and node.inputs[i][:1] == "^")]

    return closure([reader for name in names for reader in readers(name)], readers)


def colocated_with(node: Node) -> list[str]:
    """Return the nodes that a node is to share a device with: the entries ``loc:@x`` of its attr ``_class``."""
    attr = node.proto.attr.get(_COLOCATION)
    if attr is None:
        return []
    return [_name(group) for group in attr.list.s if group.startswith(_GROUP)]


def drop_colocation(node: Node, gone: Iterable[str]) -> None:
    """Take entries out of a node's attr ``_class``, and the attr itself when none is left.

    Parameters
    ----------
    node : Node
        With that attr; edited. Of any protobuf pool.
    gone : iterable of str
        The nodes that it shall not name any more.
    """
    names = set(gone)
    groups = node.proto.attr[_COLOCATION].list.s
    left = [group for group in groups if not (group.startswith(_GROUP) and _name(group) in names)]
    node.origin = None
    if left:
        groups[:] = left
    else:
        del node.proto.attr[_COLOCATION]


def called_functions(nodes: Iterable[Node], library: Library) -> set[str]:
    """Return the functions of the library that nodes call, directly or through other functions.

    A call is an op of the function's name, or an attr that names it, be it in a list or
    among the attrs of another function. A function brings its gradient along, and those
    that implement the same interface, among which TensorFlow chooses when it runs; a node
    with a custom gradient brings the function that is registered for it.

    Source: grappler's rules for the functions a graph can reach.
    """
    functions = library.functions
    if not functions:
        return set()
    gradients = {entry.function_name: entry.gradient_func for entry in library.rest.gradient}
    custom = {entry.registered_op_type: entry.gradient_func for entry in library.rest.registered_gradients}
    interfaces: dict[bytes, list[str]] = {}
    for name, function in functions.items():
        if _INTERFACE in function.proto.attr:
            interfaces.setdefault(function.proto.attr[_INTERFACE].s, []).append(name)

    def brings(name: str) -> Iterator[str]:
        if name in functions:
            function = functions[name]
            yield from _named_functions(function.body, custom)
            if name in gradients:
                yield gradients[name]
            if _INTERFACE in function.proto.attr:
                yield from interfaces[function.proto.attr[_INTERFACE].s]

    return closure(_named_functions(nodes, custom), brings) & functions.keys()


def trim_library(library: Library, called: set[str]) -> list[str]:
    """Remove the functions that are not called, and the gradients of those; return their names, in order."""
    removed = [name for name in library.functions if name not in called]
    if not removed:
        return []
    library.functions = {name: function for name, function in library.functions.items() if name in called}
    rest = library.rest
    gradients = [entry for entry in rest.gradient if entry.function_name in called]
    custom = [entry for entry in rest.registered_gradients if entry.gradient_func in called]
    # Copies, because the entries are views of what is cleared.
    _replace(rest.gradient, gradients)
    _replace(rest.registered_gradients, custom)
    return removed


def _replace(repeated: Any, entries: Sequence[Any]) -> None:
    if len(entries) == len(repeated):
        return
    kept = [type(entry)() for entry in entries]
    for copy, entry in zip(kept, entries, strict=True):
        copy.CopyFrom(entry)
    del repeated[:]
    repeated.extend(kept)


def _name(group: bytes) -> str:
    return text_of(group[len(_GROUP) :])


def _named_functions(nodes: Iterable[Node], custom: Mapping[str, str]) -> Iterator[str]:
    """Yield every name that may be that of a function."""
    for node in nodes:
        yield node.op
        attr = node.proto.attr
        for key in attr:
            yield from _in_attr(attr[key])
        if _GRADIENT in attr:
            yield custom.get(text_of(attr[_GRADIENT].s), "")


def _in_attr(value: Any) -> Iterator[str]:
    kind = value.WhichOneof("value")
    if kind == "func":
        yield from _in_func(value.func)
    elif kind == "list":
        for func in value.list.func:
            yield from _in_func(func)


def _in_func(func: Any) -> Iterator[str]:
    yield func.name
    for value in func.attr.values():
        yield from _in_attr(value)
