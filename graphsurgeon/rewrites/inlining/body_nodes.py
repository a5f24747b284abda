"""The nodes of a function's body, as nodes of a graph that calls the function.

======================= ====================================================
in the body             in the graph
======================= ====================================================
``MatMul``, a node      ``call/MatMul``, or another name that is not taken
``x``, an argument      the tensor that the call passes
``split:output:1``      ``call/split:1``
``^init``               ``^call/init``
``loc:@MatMul``         ``loc:@call/MatMul``
``loc:@x``, an argument ``loc:@`` the node of the tensor that the call passes
a frame of a loop       ``call/`` and its name, for another call has one, too
an attr ``$T``          the attr `T` of the call
======================= ====================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Placeholder
from graphsurgeon.ir.colocation import rename_colocation
from graphsurgeon.ir.frames import ENTER_OPS
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.names import bytes_of, is_control, node_of_input, unique_name

OPERATION = "inline"


class BodyNodes:
    """Copies of the nodes of a function's body, for one call.

    `data` are the tensors that the call passes, `attrs` the attrs that it gives to the function. It is a PassError
    that the body cannot stand in a graph.
    """

    def __init__(
        self, function: Function, signatures: OpSignatures, data: Sequence[str], attrs: Mapping[str, Any]
    ) -> None:
        self._function = function
        self._signatures = signatures
        self._nodes = {node.name: node for node in function.body}
        self._names: dict[str, str] = {}
        self._colocated: dict[str, str] = {}
        self._scope = ""
        arguments = function.proto.signature.input_arg
        if len(arguments) != len(data) or any(each.number_attr or each.type_list_attr for each in arguments):
            raise PassError(OPERATION, f"function {function.name!r} takes lists of tensors")
        self._arguments = {each.name: text for each, text in zip(arguments, data, strict=True)}
        self._attrs = {name: self._given(node, attrs) for name, node in self._nodes.items()}
        self._inputs = {name: [self._parse(text) for text in node.inputs] for name, node in self._nodes.items()}
        self._results = [self._parse(function.proto.ret[each.name]) for each in function.proto.signature.output_arg]

    def make(self, scope: str, taken: set[str]) -> list[Node]:
        """Return the copies in the order of the body, their names behind `scope`; those are `taken` then, too."""
        self._scope = scope
        for name in self._nodes:
            self._names[name] = unique_name(scope + name, taken)
            taken.add(self._names[name])
        self._colocated = {name: node_of_input(text) for name, text in self._arguments.items()} | self._names
        return [self._copy(node) for node in self._nodes.values()]

    @property
    def results(self) -> list[str]:
        """The tensors that the function returns."""
        return [self._text(*each) for each in self._results]

    @property
    def effects(self) -> list[str]:
        """The nodes that run whenever the function is called."""
        ends = sorted(self._function.proto.control_ret.items())
        return list(dict.fromkeys(self._names[name] for _, name in ends if name in self._names))

    @property
    def sources(self) -> list[str]:
        """The nodes that need no other one of the body: what the call waited for, they have to wait for."""
        return [
            self._names[name]
            for name, inputs in self._inputs.items()
            if not any(each in self._nodes for each, _ in inputs)
        ]

    def _given(self, node: Node, attrs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the attrs of a node that the function takes from its call."""
        found = {}
        for key, attr in node.proto.attr.items():
            if attr.WhichOneof("value") == "placeholder":
                value = attrs.get(attr.placeholder)
                if value is None or isinstance(value, Placeholder):
                    raise PassError(OPERATION, f"attr {attr.placeholder!r} of {self._function.name!r} is not given")
                found[key] = value
        return found

    def _parse(self, text: str) -> tuple[str, int]:
        """Return the node or argument that an input names, and which output of it, -1 for none."""
        name = node_of_input(text)
        if is_control(text) or (name not in self._nodes and name in self._arguments):
            return name, -1 if is_control(text) else 0
        output, _, index = text.partition(":")[2].partition(":")
        number = int(index) if index.isdecimal() else 0
        names = self._signatures.of(self._nodes[name]).output_names if name in self._nodes else None
        for each, count in names or ():
            if each == output:
                return name, number
            number += count
        raise PassError(OPERATION, f"which output {text!r} in function {self._function.name!r} is, nobody knows")

    def _text(self, name: str, output: int) -> str:
        if name in self._names:
            new = self._names[name]
            return f"^{new}" if output < 0 else new if output == 0 else f"{new}:{output}"
        text = self._arguments[name]
        return f"^{node_of_input(text)}" if output < 0 else text

    def _copy(self, old: Node) -> Node:
        node = old.copy()
        node.name = self._names[old.name]
        texts = [self._text(*each) for each in self._inputs[old.name]]
        node.inputs = texts if not is_control(texts[-1] if texts else "") else without_repeats(texts)
        rename_colocation(node, self._colocated)
        if node.op in ENTER_OPS:
            node.attrs["frame_name"] = bytes_of(self._scope) + node.attrs["frame_name"]
        node.attrs.update(self._attrs[old.name])
        return node


def without_repeats(inputs: Sequence[str]) -> list[str]:
    """Return inputs of a node, each control input only once."""
    data = [text for text in inputs if not is_control(text)]
    return [*data, *dict.fromkeys(text for text in inputs if is_control(text))]
