"""Checks of names, attrs and inputs, in the graph and in function bodies.

What makes this fast enough to run before and after every pass: all texts by which a node may be read are
put into one dict with their types, so an ordinary node is checked by comparing two tuples.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from graphsurgeon.checks.finding import ERROR, WARNING, Finding, Severity
from graphsurgeon.ir.graph import Function, Graph
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import REF_OFFSET, UNKNOWN, OpSignature, OpSignatures
from graphsurgeon.names import NODE_NAME, is_control, node_of_input, parse_input, text_of
from graphsurgeon.tensors.dtypes import DType
from proto_utils import schema
from proto_utils.errors import UnsupportedError

#: In a body, ``argument`` or ``node:output`` without an index, where that is a list: it fills several inputs.
SEVERAL = -1

# TensorFlow's own internal names, which bodies may hold, begin with "_".
_BODY_NAME = re.compile(r"[A-Za-z0-9._][A-Za-z0-9_./-]*(?:>[A-Za-z0-9.][A-Za-z0-9_./-]*)*")


class Body:
    """A symbol table of a graph, or of the body of a function: its names, its tensors and their types.

    The lists of nodes, names and signatures have the same length.
    """

    def __init__(self, graph: Graph, signatures: OpSignatures, function: Function | None = None) -> None:
        self.function = function
        self.nodes = list(graph)
        self.names = [node.name for node in self.nodes]
        self.signatures: list[OpSignature] = []
        self.groups: list[tuple[Node, schema.AttrValue]] = []  # the nodes with a ``_class`` attr, and the attr
        self._look_at_attrs(signatures)
        last = len(self.names) - 1
        # where the (first) node of a name is
        self.position = {name: last - i for i, name in enumerate(reversed(self.names))}
        # the function's arguments and their types; `SEVERAL` for a list
        self.arguments = {} if function is None else _arguments(function)
        # every text that names a tensor, as far as that is known beforehand, and its type
        self.tensors = self._graph_tensors() if function is None else self._body_tensors()

    def _look_at_attrs(self, signatures: OpSignatures) -> None:
        """Take what is needed of all nodes' attrs in one go: that is where the time goes."""
        for node in self.nodes:
            attr = node.proto.attr
            self.signatures.append(signatures.find(node.op, attr))
            group = attr.get("_class")
            if group is not None:
                self.groups.append((node, group))

    def finding(self, severity: Severity, rule: str, node: str | None, message: str) -> Finding:
        """Make a finding about a node of this body."""
        return Finding(severity, rule, node, None if self.function is None else self.function.name, message)

    def type_of(self, text: str) -> int | tuple[str, str]:
        """Return the type of the tensor that a data input names; (rule, message) when there is no such tensor."""
        known = self.tensors.get(text)
        if known is not None:
            return known
        return self._graph_type_of(text) if self.function is None else self._body_type_of(text)

    def has_producer(self, control: str) -> bool:
        """Whether what a control input (given without its ``^``) names is there."""
        if self.function is None:
            return control in self.position
        return control in self.tensors or node_of_input(control) in self.position

    def _graph_tensors(self) -> dict[str, int]:
        tensors = {}
        for name, signature in zip(self.names, self.signatures, strict=True):
            outputs = signature.outputs
            if outputs is None:
                tensors[name] = UNKNOWN
            elif outputs:
                tensors[name] = outputs[0]
        return tensors

    def _body_tensors(self) -> dict[str, int]:
        tensors = dict(self.arguments)
        tensors |= {f"{name}:0": kind for name, kind in self.arguments.items() if kind != SEVERAL}
        for name, signature in zip(self.names, self.signatures, strict=True):
            first = 0
            if signature.outputs is None:
                continue
            for output, count in signature.output_names or ():
                types = signature.outputs[first : first + count]
                tensors[f"{name}:{output}"] = types[0] if count == 1 else SEVERAL
                for index, kind in enumerate(types):
                    tensors[f"{name}:{output}:{index}"] = kind
                first += count
        return tensors

    def _graph_type_of(self, text: str) -> int | tuple[str, str]:
        name, index = parse_input(text)
        position = self.position.get(name)
        if position is None:
            return "dangling-input", f"input {text!r} names no node"
        outputs = self.signatures[position].outputs
        if outputs is None:
            return UNKNOWN
        if index < len(outputs):
            return outputs[index]
        count = f"{len(outputs)} output{'s' if len(outputs) != 1 else ''}"
        return "output-index", f"input {text!r}: {name!r} ({self.nodes[position].op}) has {count}"

    def _body_type_of(self, text: str) -> int | tuple[str, str]:
        name, _, output = text.partition(":")
        if output and self.arguments.get(name) == SEVERAL:
            return UNKNOWN
        position = self.position.get(name)
        if position is None:
            return "dangling-input", f"input {text!r} names neither an argument nor a node"
        if not output:
            return "dangling-input", f"input {text!r} names a node but not its output, as in '{name}:output:0'"
        signature = self.signatures[position]
        if signature.outputs is None:
            return UNKNOWN
        there = ", ".join(f"{known} ({count})" for known, count in signature.output_names or ()) or "none"
        return "output-index", f"input {text!r}: the outputs of {name!r} ({self.nodes[position].op}) are: {there}"


def name_findings(body: Body) -> Iterator[Finding]:
    """Yield names that TensorFlow does not allow, and those that are there twice."""
    legal = (NODE_NAME if body.function is None else _BODY_NAME).fullmatch
    for name in body.names:
        if not legal(name):
            what = "holds characters that TensorFlow does not allow" if name else "is empty"
            yield body.finding(ERROR, "name", name, f"the name {what}")
    if len(body.position) != len(body.names):
        for name, count in Counter(body.names).items():
            if count > 1:
                yield body.finding(ERROR, "duplicate-name", name, f"{count} nodes have this name")
    for name in body.arguments:
        if name in body.position:
            yield body.finding(ERROR, "duplicate-name", name, "an argument of the function has this name too")


def node_findings(body: Body) -> Iterator[Finding]:
    """Yield bad attrs and colocation with nodes that are not there."""
    for node, signature in zip(body.nodes, body.signatures, strict=True):
        if signature.problem is not None:
            yield body.finding(ERROR, "attr", node.name, f"{node.op}: {signature.problem}")
    for node, group in body.groups:
        names = group.list.s
        if len(names) != 1 or names[0][:5] != b"loc:@" or names[0][5:].decode("latin-1") not in body.position:
            yield from _colocation_findings(body, node, list(names), group.WhichOneof("value"))


def input_findings(body: Body) -> Iterator[Finding]:
    """Yield inputs that are not there, or not what the op takes."""
    type_of = body.tensors.get
    for node, signature in zip(body.nodes, body.signatures, strict=True):
        inputs = node.inputs
        if tuple(map(type_of, inputs)) != signature.inputs:
            yield from _odd_input_findings(body, node, inputs, signature)


def fits(found: int, wanted: int) -> bool:
    """Whether a tensor of one type can feed an input of another: a reference also gives its value."""
    return found in (wanted, wanted + REF_OFFSET) or found <= UNKNOWN or wanted <= UNKNOWN


def type_name(number: int) -> str:
    """Return the name of a type number."""
    try:
        return DType.from_number(number).name
    except UnsupportedError:
        return f"type number {number}"


def _arguments(function: Function) -> dict[str, int]:
    return {
        arg.name: SEVERAL
        if arg.number_attr or arg.type_list_attr
        else arg.type + REF_OFFSET * arg.is_ref
        if arg.type
        else UNKNOWN
        for arg in function.proto.signature.input_arg
    }


def _colocation_findings(body: Body, node: Node, groups: list[bytes], kind: str | None) -> Iterator[Finding]:
    if kind != "list":
        yield body.finding(ERROR, "colocation", node.name, f"attr '_class' holds {kind or 'nothing'}, not list(string)")
    # Inside function bodies TensorFlow does not look for the node.
    severity: Severity = ERROR if body.function is None else WARNING
    for group in groups:
        if group.startswith(b"loc:@"):
            name = text_of(group[5:])
            if name not in body.position and name not in body.arguments:
                yield body.finding(severity, "colocation", node.name, f"is colocated with {name!r}, which is no node")


def _odd_input_findings(body: Body, node: Node, inputs: tuple[str, ...], signature: OpSignature) -> Iterator[Finding]:
    types = []
    behind_control = False
    for text in inputs:
        if is_control(text):
            behind_control = True
            if not body.has_producer(text[1:]):
                yield body.finding(ERROR, "dangling-input", node.name, f"control input {text!r} names no node")
            continue
        if behind_control:
            yield body.finding(ERROR, "control-order", node.name, f"input {text!r} stands behind a control input")
        found = body.type_of(text)
        if isinstance(found, tuple):
            yield body.finding(ERROR, found[0], node.name, found[1])
            found = UNKNOWN
        types.append(found)
    if signature.inputs is not None and SEVERAL not in types:
        yield from _type_findings(body, node, types, signature.inputs)


def _type_findings(body: Body, node: Node, types: list[int], wanted: tuple[int, ...]) -> Iterator[Finding]:
    if len(types) != len(wanted):
        message = f"{len(types)} data inputs, but {node.op} takes {len(wanted)}"
        yield body.finding(ERROR, "input-count", node.name, message)
        return
    for position, (text, have, want) in enumerate(zip(node.data_inputs, types, wanted, strict=True)):
        if not fits(have, want):
            message = f"input {position} ({text!r}) is {type_name(have)}, but {node.op} takes {type_name(want)}"
            yield body.finding(ERROR, "input-type", node.name, message)
