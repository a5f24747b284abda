"""Calls of functions, exchanged for the nodes of the functions' bodies: a flat graph.

::

    y = StatefulPartitionedCall(x, w) {f: predict}      becomes      y/MatMul = MatMul(x, w)
                                                                     y/Identity = Identity(y/MatMul)

Calls in what comes in go the same way. Who waited for a call waits for what the function
does beside its results; what the call waited for, its first nodes wait for. So nothing runs
earlier or less often than before. A call stays where TensorFlow's inlining leaves it, too:
functions that are not to be inlined, that are compiled by XLA, that call themselves; and
where the body has an op of which nothing is known. While loops and branches that are
functions stay functions.

Source: ``inline_function_utils.cc`` of TensorFlow, which has an Identity more for every
argument and result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.frames import ENTER_OPS, SPLITTING_OPS
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.op_families import CALL_OPS
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.names import node_of_input, unique_name
from graphsurgeon.rewrites.inlining.body_nodes import OPERATION, BodyNodes, without_repeats
from graphsurgeon.tensors.dtypes import DType

_KEPT_FUNCTIONS = ("_noinline", "_XlaMustCompile", "_XlaCompile")
_KEPT_CALLS = ("_noinline", "_xla_compile_id", "_XlaMustCompile", "_XlaCompile")
#: Of these, not all outputs may be there when a node runs.
_DEAD_OR_ALIVE = SPLITTING_OPS | ENTER_OPS


class CallInliner:
    """Inlines calls in the graph of a model, which is edited when `apply` is called.

    `left` has the calls that stay, each with the reason.
    """

    def __init__(self, model: Model) -> None:
        self._functions = model.library.functions
        self._signatures = OpSignatures(self._functions)
        self._edit = GraphEdit(model.graph)
        self._taken = {node.name for node in model.graph}
        self._has_branches = not _DEAD_OR_ALIVE.isdisjoint(model.graph.ops)
        self.left: dict[str, str] = {}

    def is_call(self, node: Node) -> bool:
        """Whether a node calls one function, and does nothing else."""
        return node.op in CALL_OPS or node.op in self._functions

    def inline(self, name: str, *, scope: str | None = None) -> list[str]:
        """Inline a call and those in it; return the nodes that are its results now, each an Identity of its own.

        Names of nodes are behind `scope`, by default that of the call. A call that stays gives no results.
        """
        results: list[str] = []
        outermost = f"{name}/" if scope is None else scope
        pending: list[tuple[str, tuple[str, ...]]] = [(name, ())]
        while pending:
            each, within = pending.pop()
            call = self._edit.index.producers[each]
            called, attrs = self._called(call)
            try:
                function = self._function(call, called, within)
                body = BodyNodes(function, self._signatures, call.data_inputs, attrs)
            except PassError as error:
                self.left[each] = error.reason
                continue
            self._taken.discard(each)
            nodes = body.make(f"{each}/" if within else outermost, self._taken)
            inner = [node.name for node in nodes if self.is_call(node)]
            found = body.results
            if not within:
                found = results = self._own_results(call, nodes, found, outermost)
            self._replace(call, body, nodes, found)
            pending += [(one, (*within, called)) for one in reversed(inner)]
        return results

    def apply(self) -> None:
        """Put all edits into the graph."""
        self._edit.apply()

    def _called(self, call: Node) -> tuple[str, Mapping[str, Any]]:
        """Return the function that is called, and the attrs that it is given."""
        if call.op in self._functions:
            return call.op, call.attrs
        func = call.attrs.get("f")
        return (func.name, func.attrs) if isinstance(func, Func) else ("", {})

    def _function(self, call: Node, name: str, within: tuple[str, ...]) -> Function:
        if name not in self._functions:
            raise PassError(OPERATION, f"there is no function {name!r}")
        if name in within:
            raise PassError(OPERATION, f"function {name!r} calls itself")
        function = self._functions[name]
        attrs = function.proto.attr
        kept = [key for key in _KEPT_FUNCTIONS if key in attrs and attrs[key].b]
        kept += [key for key in _KEPT_CALLS if call.attrs.get(key)]
        if kept:
            raise PassError(OPERATION, f"function {name!r} is not to be inlined: {kept[0]}")
        return function

    def _own_results(self, call: Node, nodes: list[Node], results: list[str], scope: str) -> list[str]:
        """Return a node of its own for each result: an Identity of the body, or one that is added to the nodes."""
        identities = {node.name for node in nodes if node.op == "Identity"}
        types = self._signatures.of(call).outputs or ()
        found: list[str] = []
        for text, number in zip(results, types, strict=True):
            name = text
            if name not in identities or name in found:
                name = unique_name(f"{scope}Identity", self._taken)
                self._taken.add(name)
                nodes.append(Node.new(name, "Identity", [text], attrs={"T": DType.from_number(number)}))
            found.append(name)
        return found

    def _replace(self, call: Node, body: BodyNodes, nodes: list[Node], results: list[str]) -> None:
        """Put the nodes of a body in the place of its call."""
        name = call.name
        self._gate(call, nodes, body.sources)
        for node in nodes:
            node.device = node.device or call.device
        for number, text in enumerate(results):
            self._edit.redirect(f"{name}:{number}" if number else name, text)
        if self._edit.index.control_consumers(name):
            done = body.effects or list(dict.fromkeys(map(node_of_input, results)))
            if len(done) != 1:
                done_node = unique_name(f"{name}/output_control_node", self._taken)
                self._taken.add(done_node)
                nodes.append(Node.new(done_node, "NoOp", [f"^{each}" for each in done]))
                done = [done_node]
            self._edit.redirect(f"^{name}", f"^{done[0]}")
        self._edit.replace(name, nodes)

    def _gate(self, call: Node, nodes: list[Node], sources: Iterable[str]) -> None:
        """Let the first nodes of a body run no earlier than the call, and only where it does."""
        waits = list(call.control_inputs)
        by_name = {node.name: node for node in nodes}
        pivot: list[str] = []
        if self._has_branches and call.data_inputs:
            name = unique_name(f"{call.name}/input_control_node", self._taken)
            self._taken.add(name)
            dtype = DType.from_number((self._signatures.of(call).inputs or ())[0])
            nodes.append(Node.new(name, "Identity", [call.data_inputs[0], *waits], attrs={"T": dtype}))
            pivot = [f"^{name}"]
        for node in (by_name[name] for name in sources):
            if waits or (pivot and not node.inputs):
                node.inputs = without_repeats([*node.inputs, *(pivot or waits)])
