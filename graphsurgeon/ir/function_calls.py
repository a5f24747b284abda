"""The functions that nodes call or name in attrs, and those of a library that are called at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.library import Library
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.traversal import closure
from graphsurgeon.names import text_of
from proto_utils import schema

#: A function that nothing calls: it holds the record of a run, see `graphsurgeon.tools.recipe.record`.
RECORD_FUNCTION = "graphsurgeon_record"

_GRADIENT = "_gradient_op_type"
_INTERFACE = "api_implements"
_NO_GRADIENTS: Mapping[str, str] = {}


def functions_in(attr: schema.AttrValue) -> Sequence[schema.NameAttrList]:
    """Return the functions that an attr names: one, those of a list, or none."""
    kind = attr.WhichOneof("value")
    if kind == "func":
        return [attr.func]
    return attr.list.func if kind == "list" else ()


def functions_of(node: Node) -> Iterator[tuple[str, Func]]:
    """Yield (attr, function) for every function that a node names in its attrs, by their names."""
    for key, attr in sorted(node.proto.attr.items()):
        if functions_in(attr):
            value = node.attrs[key]
            yield from ((key, func) for func in (value if isinstance(value, list) else [value]))


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
            yield from named_functions(function.body, custom)
            if name in gradients:
                yield gradients[name]
            if _INTERFACE in function.proto.attr:
                yield from interfaces[function.proto.attr[_INTERFACE].s]

    return closure(named_functions(nodes, custom), brings) & functions.keys()


def trim_library(library: Library, called: set[str]) -> list[str]:
    """Remove the functions that are not called, and the gradients of those; return their names, in order."""
    called = called | {RECORD_FUNCTION}
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


def named_functions(nodes: Iterable[Node], custom: Mapping[str, str] = _NO_GRADIENTS) -> Iterator[str]:
    """Yield every name in nodes that may be that of a function; `custom` are registered gradients, by their op type."""
    for node in nodes:
        yield node.op
        attr = node.proto.attr
        for key in attr:
            yield from _in_attr(attr[key])
        if _GRADIENT in attr:
            yield custom.get(text_of(attr[_GRADIENT].s), "")


def _in_attr(value: schema.AttrValue) -> Iterator[str]:
    for func in functions_in(value):
        yield func.name
        for inner in func.attr.values():
            yield from _in_attr(inner)
