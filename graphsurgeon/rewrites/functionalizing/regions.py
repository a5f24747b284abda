"""Regions of a graph that become the bodies of functions.

A region is written as a graph is: its nodes read ``node`` and ``node:1``, and its arguments by their names, as if these
were nodes. `Functions` makes functions of regions, in whose bodies an output has the name that its op gives it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from graphsurgeon.ir.attr_value import Func, Shape, encode
from graphsurgeon.ir.colocation import colocated_with, drop_colocation
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Function, Library
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.ops import facts
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.names import is_control, node_of_input, parse_input, unique_name
from graphsurgeon.rewrites.functionalizing.declined import declined
from graphsurgeon.rewrites.functionalizing.tensor_facts import TensorFact
from graphsurgeon.tensors import dtypes
from proto_utils import schema
from proto_utils.named_tuple import NamedTuple

_NOT_IN_ARGUMENTS = re.compile(r"[^a-z0-9_]+")


class Argument(NamedTuple):
    """An argument of a function: its name in the body, and what it is."""

    name: str
    fact: TensorFact


class RaisedRow(NamedTuple):
    """A loop or branch that is a node with functions now; `function` is the one whose body it is in."""

    node: str
    op: str
    functions: list[str]


class Region:
    """Nodes, by name and in their order, that become the body of a function.

    Attributes
    ----------
    nodes : dict of str to Node
        Copies, to be edited freely.
    arguments : list of Argument
    results : list of (str, TensorFact)
        The tensors, or arguments, that it gives.
    """

    def __init__(self, nodes: Iterable[Node], arguments: list[Argument], results: list[tuple[str, TensorFact]]) -> None:
        self.nodes = {node.name: node for node in nodes}
        self.arguments = arguments
        self.results = results


class Functions:
    """Makes functions, and puts them into a library when all is done."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._made: dict[str, Function] = {}
        self._signatures = OpSignatures(library.functions)
        self._next = 0

    def name(self, scope: str, kind: str) -> str:
        """Return a name that no function has, as TensorFlow makes them: ``rnn_while_body_7``."""
        stem = f"{scope.replace('/', '_')}_{kind}_"
        while (name := f"{stem}{self._next}") in self._library.functions:
            self._next += 1
        self._next += 1
        return name

    def make(self, name: str, region: Region) -> Func:
        """Make a function of a region, and return what a node calls it by."""
        proto = schema.FunctionDef()
        proto.signature.name = name
        taken = {argument.name for argument in region.arguments}
        for position, argument in enumerate(region.arguments):
            _add_argument(proto, position, argument)
        nodes = [self._in_body(node, region, taken) for node in region.nodes.values()]
        names: set[str] = set()
        for text, fact in region.results:
            result = unique_name("result", names)
            names.add(result)
            proto.signature.output_arg.add(name=result, type=fact.dtype.number)
            proto.ret[result] = self._text(text, region, taken)
        proto.signature.is_stateful = any(map(self.is_stateful, nodes))
        self._made[name] = Function(proto, Graph(nodes))
        return Func(name, {})

    def is_stateful(self, node: Node) -> bool:
        """Whether a node has state or effects, or calls what has."""
        known = facts(node.op)
        if known is None:
            function = self._library.functions.get(node.op)
            return function is None or function.proto.signature.is_stateful
        return known.is_stateful

    def are_stateful(self, called: Iterable[Func]) -> bool:
        """Whether one of the functions that were made is stateful."""
        return any(self._made[each.name].proto.signature.is_stateful for each in called)

    def install(self) -> list[str]:
        """Put what was made into the library; return the names."""
        if self._made:
            self._library.functions = {**self._library.functions, **self._made}
        return list(self._made)

    def _in_body(self, node: Node, region: Region, arguments: set[str]) -> Node:
        own = node.copy()
        own.inputs = [self._text(text, region, arguments) for text in node.inputs]
        known = facts(node.op)
        if known is not None and known.ref_inputs:
            for arg, text in zip(known.inputs, node.data_inputs, strict=False):
                if arg.is_ref and text in arguments:
                    reason = "it changes a variable by reference, and functions are given values"
                    raise declined(reason, node.name, hint="functions can change variables that are resources")
        lost = [name for name in colocated_with(own) if name not in region.nodes]
        if lost:
            drop_colocation(own, lost)
        return own

    def _text(self, text: str, region: Region, arguments: set[str]) -> str:
        if is_control(text) or text in arguments:
            return text
        name, output = parse_input(text)
        names = self._signatures.of(region.nodes[name]).output_names
        for each, count in names or ():
            if output < count:
                return f"{name}:{each}:{output}"
            output -= count
        raise declined(f"which of its outputs {text!r} is, nobody knows", name)


def argument_name(wanted: str, taken: set[str]) -> str:
    """Return a name for an argument, which is taken then: small letters, digits and _, and no node's in the body."""
    text = _NOT_IN_ARGUMENTS.sub("_", node_of_input(wanted).lower()).strip("_") or "arg"
    name = unique_name(text if text[0].isalpha() else f"arg_{text}", taken)
    taken.add(name)
    return name


def _add_argument(proto: schema.FunctionDef, position: int, argument: Argument) -> None:
    """Add an argument, its shape noted as TensorFlow notes it; of a variable's handle, what that holds."""
    fact = argument.fact
    made = proto.signature.input_arg.add(name=argument.name, type=fact.dtype.number)
    if fact.dtype is not dtypes.RESOURCE:
        proto.arg_attr[position].attr["_output_shapes"].CopyFrom(encode([fact.shape]))
    elif fact.variable is not None:
        shape = fact.variable.attrs.get("shape")
        held = made.handle_data.add(dtype=fact.variable.attrs["dtype"].number)
        held.shape.CopyFrom((shape if isinstance(shape, Shape) else Shape(None)).to_proto())
