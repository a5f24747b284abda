"""Removal of nodes that hand on what they read: who reads or waits for one reads or waits for its producer."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.frames import ENTER_OPS, EXIT_OPS, MERGE_OPS, NEXT_ITERATION_OPS, SPLITTING_OPS
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import OpSignatures, output_number
from graphsurgeon.names import node_of_input
from graphsurgeon.rewrites.simplifying.colocated import regroup

#: Their inputs and outputs say what loop or branch is meant, so none of them is in the middle of anything.
FLOW_OPS: Final = ENTER_OPS | EXIT_OPS | MERGE_OPS | NEXT_ITERATION_OPS | SPLITTING_OPS | {"LoopCond"}

#: So many more edges than before are not made for the sake of one node.
_MAX_MORE_EDGES = 8


class PassThrough:
    """Removal of nodes of one graph or function body.

    `gone` are the nodes that went, and what is read instead, `stays` those that did not, and why. Costs O(what is
    touched) a node.
    """

    def __init__(self, edit: GraphEdit, signatures: OpSignatures, protected: Collection[str]) -> None:
        self._edit = edit
        self._signatures = signatures
        self._protected = protected
        self.gone: dict[str, str] = {}
        self.stays: dict[str, str] = {}
        self._kept: dict[str, str] = {}

    def keep(self, names: Iterable[str], reason: str) -> None:
        """Let nodes stay for a reason."""
        self._kept |= dict.fromkeys(names, reason)

    def remove(self, nodes: Iterable[Node], *, max_inputs: int = 1) -> None:
        """Remove nodes, in their order, of which each has to have one data input, or at most `max_inputs`."""
        for each in nodes:
            node = self._edit.current(each)
            reason = self._reason(node, max_inputs)
            if reason:
                self.stays[node.name] = reason
            else:
                self._remove(node)
        regroup(self._edit, self.gone.keys())

    def _reason(self, node: Node, max_inputs: int) -> str:
        """Return why a node has to stay, empty if it has not."""
        count = len(node.data_inputs)
        if node.name in self._protected:
            return "is an input or output, or named around the graph"
        if node.name in self._kept:
            return self._kept[node.name]
        if not 1 <= count <= max_inputs:
            return f"has {count} data inputs"
        if node.op in FLOW_OPS:
            return "controls the flow"
        producer = self._edit.index.producer(node.data_inputs[0])
        if producer is not None and producer.op in SPLITTING_OPS:
            return "tells which branch is taken"
        return self._type_reason(node, producer) or self._control_reason(node)

    def _type_reason(self, node: Node, producer: Node | None) -> str:
        signature = self._signatures.of(node)
        if signature.inputs is None or signature.outputs is None:
            return "nobody knows what it takes and gives"
        if not signature.outputs:
            return "gives no tensor"
        if signature.inputs[0] != signature.outputs[0]:
            return "gives another type than it reads"
        if self._signatures.is_reference(producer, node.data_inputs[0]):
            return "reads a variable"
        if len(signature.outputs) > 1:
            texts = {reader.inputs[position] for reader, position in self._edit.index.consumers(node.name)}
            if any(output_number(node, text.partition(":")[2]) != 0 for text in texts):
                return "more than its first output is read"
        return ""

    def _control_reason(self, node: Node) -> str:
        controls = node.control_inputs
        if not controls:
            return ""
        edges = self._edit.index.edges(node.name)
        if any(reader.op in FLOW_OPS for reader, _ in edges):
            return "waits for others, where the flow is controlled"
        if not edges:
            return "waits for others"
        if len(controls) * (len(edges) - 1) > _MAX_MORE_EDGES:
            return f"waits for {len(controls)} others, and {len(edges)} read it"
        return ""

    def _remove(self, node: Node) -> None:
        edit, name = self._edit, node.name
        source, controls = node.data_inputs[0], node.control_inputs
        producer = node_of_input(source)
        self.gone[name] = producer
        for reader, position in edit.index.consumers(name):
            edit.set_input(reader, position, source)
            self._wait(reader.name, controls)
        # An argument of a function is always there.
        waits = [f"^{producer}"] if edit.get(producer) is not None else []
        for reader in edit.index.control_consumers(name):
            left = [text for text in reader.control_inputs if text != f"^{name}"]
            edit.set_inputs(reader, [*reader.data_inputs, *left])
            self._wait(reader.name, [*waits, *controls])
        edit.remove(name)

    def _wait(self, name: str, controls: Iterable[str]) -> None:
        """Let a node wait for others, too."""
        node = self._edit.get(name)
        more = [] if node is None else [text for text in controls if text not in node.inputs]
        if node is not None and more:
            self._edit.set_inputs(node, [*node.inputs, *more])
