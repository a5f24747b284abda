"""Checks of the function library and its call graph."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from graphsurgeon.checks.body import Body
from graphsurgeon.checks.finding import ERROR, WARNING, Finding, Severity
from graphsurgeon.checks.inputs import fits, type_name
from graphsurgeon.ir import ops
from graphsurgeon.ir.function_calls import functions_in
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Function, Library
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.traversal import closure
from proto_utils import schema

# What the registry demands of an op's name; TensorFlow's internal ops begin with an underscore.
_OP_NAME = r"_?[A-Z][A-Za-z0-9_>.]*"


def library_findings(library: Library) -> Iterator[Finding]:
    """Yield functions under wrong names and gradients of functions that are not there."""
    functions = library.functions
    for key, function in functions.items():
        name = function.name
        if key != name:
            yield Finding(ERROR, "function", None, name, f"is filed in the library as {key!r}")
        if not name:
            yield Finding(WARNING, "function", None, name, "the function's name is empty")
        elif ops.facts(name) is not None:
            yield Finding(ERROR, "function", None, name, "an op of TensorFlow's has this name")
    gradients: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    for gradient in library.rest.gradient:
        if (pair := (gradient.function_name, gradient.gradient_func)) in seen:
            continue
        seen.add(pair)
        first = gradients.setdefault(gradient.function_name, gradient.gradient_func)
        if first != gradient.gradient_func:
            message = f"the library names two gradients, {first!r} and {gradient.gradient_func!r}"
            yield Finding(ERROR, "function", None, gradient.function_name, message)
        for name in (gradient.function_name, gradient.gradient_func):
            if name not in functions:
                message = f"the library says {gradient.gradient_func!r} is the gradient of {gradient.function_name!r}"
                yield Finding(ERROR, "missing-function", None, None, f"{message}, but has no function {name!r}")


def signature_findings(body: Body, function: Function) -> Iterator[Finding]:
    """Yield what is wrong between a function's signature and its body."""
    signature = function.proto.signature
    for kind, args in (("argument", signature.input_arg), ("result", signature.output_arg)):
        for name, count in Counter(arg.name for arg in args).items() if len(args) > 1 else ():
            if count > 1:
                yield body.finding(ERROR, "duplicate-name", None, f"{count} {kind}s are called {name!r}")
    for arg in signature.output_arg:
        yield from _result_findings(body, function, arg)
    for key, name in function.proto.control_ret.items():
        if name not in body.position:
            message = f"control result {key!r} is {name!r}, which is no node"
            yield body.finding(WARNING, "dangling-input", None, message)


def call_findings(body: Body, functions: Mapping[str, Function]) -> Iterator[Finding]:
    """Yield calls of functions that are not there, and ops that nobody knows."""
    for node, attr, name in _calls(body.graph, functions):
        if name in functions:
            continue
        if attr is None and re.fullmatch(_OP_NAME, name):
            yield body.finding(WARNING, "unknown-op", node.name, f"TensorFlow has no op {name!r}")
        elif attr is None:
            yield body.finding(ERROR, "missing-function", node.name, f"calls {name!r}, which is not in the library")
        else:
            # Some ops may do without the function, and then its name is empty.
            severity: Severity = ERROR if name else WARNING
            message = f"attr {attr!r} names function {name!r}, which is not in the library"
            yield body.finding(severity, "missing-function", node.name, message)


def reachable(model: Model) -> set[str]:
    """Return the functions reachable in the call graph; those that a SavedModel exports count as called.

    Only calls that TensorFlow runs: `called_functions` also counts what might be put in their place, or
    called once there are gradients.
    """
    functions = model.library.functions
    gradients = {g.function_name: [g.gradient_func] for g in model.library.rest.gradient}

    def calls(name: str) -> Iterator[str]:
        if name in functions:
            yield from (called for _, _, called in _calls(functions[name].body, functions))
            yield from gradients.get(name, ())

    roots = [name for _, _, name in _calls(model.graph, functions)]
    if model.meta is not None:
        roots += model.meta.object_graph_def.concrete_functions
    return closure(roots, calls) & functions.keys()


def _result_findings(body: Body, function: Function, arg: schema.OpDef.ArgDef) -> Iterator[Finding]:
    if arg.name not in function.proto.ret:
        yield body.finding(ERROR, "dangling-input", None, f"nothing says what result {arg.name!r} is")
        return
    text = function.proto.ret[arg.name]
    found = body.type_of(text)
    if isinstance(found, tuple):
        yield body.finding(ERROR, found[0], None, f"result {arg.name!r}: {found[1]}")
    elif not fits(found, arg.type):
        message = f"result {arg.name!r} ({text!r}) is {type_name(found)}, but its signature says {type_name(arg.type)}"
        yield body.finding(ERROR, "input-type", None, message)


def _calls(graph: Graph, functions: Mapping[str, Function]) -> Iterator[tuple[Node, str | None, str]]:
    """Yield (node, attr, function) for every call; attr is None where the op itself is the function, or unknown."""
    # None: look at every attr. Absent: nothing to look at.
    attrs: dict[str, tuple[str, ...] | None] = {}
    for op in graph.ops:
        facts = None if op in functions else ops.facts(op)
        if facts is None:
            attrs[op] = None
        elif facts.functions:
            attrs[op] = facts.functions
    for node in graph.nodes_of(attrs):
        names = attrs[node.op]
        if names is None:
            yield node, None, node.op
        for key in node.proto.attr if names is None else names:
            if key in node.proto.attr:
                yield from ((node, key, func.name) for func in functions_in(node.proto.attr[key]))
