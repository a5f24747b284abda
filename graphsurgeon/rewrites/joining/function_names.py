"""Functions that two models have under one name: shared where they are the same, renamed where they are not.

Two are the same when their signatures, attrs and bodies are, and so is what they call. A function is known by its name
in many places; all of them follow::

    node                 an op of its name; attrs such as f, then_branch, body, in lists and within each other too
    another function     forward_function_name, backward_function_name
    library              gradients, and those that custom gradients are registered by
    meta graph           function_aliases

The op type that a custom gradient is registered under (``_gradient_op_type``) is such a name too: where two models mean
different gradients by one, one of them gets another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from graphsurgeon.ir.function_calls import functions_in, named_functions
from graphsurgeon.ir.library import Function, Library
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.names import bytes_of, text_of, unique_name
from proto_utils.splice import join

_GRADIENT = "_gradient_op_type"


def separate_functions(model: Model, taken: Library) -> dict[str, str]:
    """Rename the functions of a model, and its custom gradients, whose names stand for others in a library.

    The nodes of the model are edited in place. Returns the new names of functions by the old ones.
    """
    library = model.library
    names = {**taken.functions, **library.functions}
    new: dict[str, str] = {}
    for name in sorted(_different(library, taken)):
        new[name] = unique_name(name, names)
        names[new[name]] = library.functions[name]
    gradients = _new_gradients(library, taken, new)
    if new or gradients:
        _rename(model, new, gradients)
    return new


def _different(library: Library, taken: Library) -> set[str]:
    """Return the functions whose names stand for others in a library: themselves, or by what they call."""
    shared = library.functions.keys() & taken.functions.keys()
    found = {name for name in shared if not _same(library.functions[name], taken.functions[name])}
    registered = {each.registered_op_type: each.gradient_func for each in library.rest.registered_gradients}
    others = {each.registered_op_type: each.gradient_func for each in taken.rest.registered_gradients}
    changed = {kind for kind in registered.keys() & others.keys() if registered[kind] != others[kind]}
    found |= {name for name in shared - found if _has_gradient(library.functions[name].body, changed)}
    gradients = {each.function_name: each.gradient_func for each in library.rest.gradient}
    other_gradients = {each.function_name: each.gradient_func for each in taken.rest.gradient}
    found |= {name for name in shared if gradients.get(name) != other_gradients.get(name)}
    callers: dict[str, set[str]] = {}
    for name in shared:
        for called in {*named_functions(library.functions[name].body, registered), gradients.get(name, "")} & shared:
            callers.setdefault(called, set()).add(name)
    pending = list(found)
    while pending:
        for caller in callers.get(pending.pop(), set()) - found:
            found.add(caller)
            pending.append(caller)
    return found


def _same(one: Function, other: Function) -> bool:
    if one.proto != other.proto or len(one.body) != len(other.body):
        return False
    return all(map(_same_node, one.body, other.body))


def _same_node(one: Node, other: Node) -> bool:
    if (one.name, one.op, one.inputs) != (other.name, other.op, other.inputs) or one.proto != other.proto:
        return False
    if not any(each.payloads(key) for each in (one, other) for key in each.attrs):
        return True
    return join(one.pieces()) == join(other.pieces())


def _new_gradients(library: Library, taken: Library, new: Mapping[str, str]) -> dict[str, str]:
    """Return new op types for the custom gradients that are others in a library, once functions have new names."""
    others = {each.registered_op_type: each.gradient_func for each in taken.rest.registered_gradients}
    own = [each.registered_op_type for each in library.rest.registered_gradients]
    names = dict.fromkeys([*others, *own])
    found: dict[str, str] = {}
    for each in library.rest.registered_gradients:
        kind = each.registered_op_type
        if kind in others and others[kind] != new.get(each.gradient_func, each.gradient_func):
            found[kind] = unique_name(kind, set(names))
            names[found[kind]] = None
    return found


def _has_gradient(nodes: Iterable[Node], kinds: Collection[str]) -> bool:
    if not kinds:
        return False
    attrs = (node.attr(_GRADIENT) for node in nodes)
    return any(attr is not None and text_of(attr.s) in kinds for attr in attrs)


def _rename(model: Model, new: Mapping[str, str], gradients: Mapping[str, str]) -> None:
    library = model.library
    for _, graph in model.graphs():
        for node in graph:
            _rename_in_node(node, new, gradients)
    for function in library.functions.values():
        signature = function.proto.signature
        signature.name = new.get(signature.name, signature.name)
        for attr in function.proto.attr.values():
            name = text_of(attr.s)
            if name in new:
                attr.s = bytes_of(new[name])
    library.functions = {function.name: function for function in library.functions.values()}
    for entry in library.rest.gradient:
        entry.function_name = new.get(entry.function_name, entry.function_name)
        entry.gradient_func = new.get(entry.gradient_func, entry.gradient_func)
    for each in library.rest.registered_gradients:
        each.gradient_func = new.get(each.gradient_func, each.gradient_func)
        each.registered_op_type = gradients.get(each.registered_op_type, each.registered_op_type)
    if model.meta is not None:
        aliases = model.meta.meta_info_def.function_aliases
        for name in [name for name in aliases if name in new]:
            aliases[new[name]] = aliases[name]
            del aliases[name]


def _rename_in_node(node: Node, new: Mapping[str, str], gradients: Mapping[str, str]) -> None:
    if node.op in new:
        node.op = new[node.op]
    attrs = node.proto.attr
    kind = text_of(attrs[_GRADIENT].s) if _GRADIENT in attrs else ""
    if kind in gradients:
        node.editable_proto().attr[_GRADIENT].s = bytes_of(gradients[kind])
    if any(_names_any(func, new) for key in attrs for func in functions_in(attrs[key])):
        for attr in node.editable_proto().attr.values():
            for func in functions_in(attr):
                _rename_func(func, new)


def _names_any(func: Any, new: Mapping[str, str]) -> bool:
    inner = (each for attr in func.attr.values() for each in functions_in(attr))
    return func.name in new or any(_names_any(each, new) for each in inner)


def _rename_func(func: Any, new: Mapping[str, str]) -> None:
    func.name = new.get(func.name, func.name)
    for attr in func.attr.values():
        for inner in functions_in(attr):
            _rename_func(inner, new)
