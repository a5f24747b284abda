"""Let who reads a node's output read its first data input.

For: dropout, checks, casts and preprocessing that are not wanted any more.

Prerequisites: the node gives one tensor of the type of its first input, and of its shape where that is known; of its
other outputs nothing is read.

Leaves behind: the same nodes; who read the node's output reads its input, results of functions, outputs of signatures
and collections included. The node itself stays and is read by nobody, so that what is fed or fetched by its name still
is; `remove` or `prune` takes it out. What it waits for, its readers wait for from now on, unless its control inputs are
dropped. Nodes are bypassed in their order, so a chain of them can be.

What else it meets: ops that control the flow are declined, for an edge past them would be of another frame, or run
when a branch is not taken: `set-inputs` decides conditions. Colocation, devices, variables and saver stay. An object
graph of TensorFlow 2 whose functions would go on computing what they did goes; one stays when the edit is in function
bodies.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from graphsurgeon.display import Displayed
from graphsurgeon.errors import PassError
from graphsurgeon.ir.frames import ENTER_OPS, EXIT_OPS, MERGE_OPS, NEXT_ITERATION_OPS
from graphsurgeon.ir.model import Model
from graphsurgeon.meta_graph.readers import FollowedRow
from graphsurgeon.names import Names, some_of
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.editing.chosen_nodes import ChosenNode, ChosenTensor, choose_nodes
from graphsurgeon.rewrites.editing.rewiring import Rewiring, as_refusal

_FLOW_OPS: Final = ENTER_OPS | EXIT_OPS | MERGE_OPS | NEXT_ITERATION_OPS | {
    "Switch", "RefSwitch", "_SwitchN", "LoopCond",
}  # fmt: skip


@dataclass(frozen=True)
class BypassedRow:
    """A node, the tensor that is read in the place of its output, by how many inputs; nodes that wait for more now."""

    node: str
    input: str
    readers: int
    waiting: int


@dataclass(frozen=True)
class BypassReport(Displayed):
    """What `bypass` did: the nodes, and what followed around the graph."""

    bypassed: list[BypassedRow]
    followed: list[FollowedRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@model_pass(obeys=True, rewires=True)
def bypass(model: Model, *, nodes: Names, control: Literal["keep", "drop"] = "keep") -> BypassReport:
    """Let who reads a node's output read its first data input.

    Parameters
    ----------
    model : Model
        Edited in place; no value is read.
    nodes : str or sequence of str
        Names or patterns of nodes, those of function bodies as FUNCTION/node.
    control : {"keep", "drop"}
        Whether the readers wait for what the node waited for.

    Raises
    ------
    NotFoundError
        A name or pattern means no node.
    PassError
        A node has no data input, gives another type or shape, or controls the flow; several of its outputs are read.
    """
    rewiring = Rewiring(model, "bypass")
    rows = [_bypass(rewiring, model, each, keeps=control == "keep") for each in choose_nodes(model, nodes)]
    return BypassReport(rows, rewiring.finish(), rewiring.notes)


def _bypass(rewiring: Rewiring, model: Model, chosen: ChosenNode, *, keeps: bool) -> BypassedRow:
    node = chosen.node
    _require_plain(chosen)
    graph = model.graph if chosen.function is None else model.library.functions[chosen.function].body
    with as_refusal("bypass", chosen.function):
        source, output = node.input_tensors[0], node.outputs[0]
    readers = output.consumers()
    place = ChosenTensor(chosen.function, graph, output)
    if keeps and node.control_inputs and _is_result(model, place):
        hint = 'give `control="drop"` if it need not'
        raise PassError(
            "bypass", "is a result that waits for other nodes, and its input does not", node=chosen.name, hint=hint
        )
    count = rewiring.replace(place, source)
    waiting = 0
    if keeps:
        for reader in readers:
            more = [text[1:] for text in node.control_inputs if text not in reader.control_inputs]
            if more:
                waiting += 1
                with as_refusal("bypass", chosen.function):
                    graph.set_control_inputs(reader, [*(text[1:] for text in reader.control_inputs), *more])
    return BypassedRow(chosen.name, source.name, count, waiting)


def _require_plain(chosen: ChosenNode) -> None:
    node = chosen.node
    if node.op in _FLOW_OPS:
        reason = f"op {node.op} controls the flow, and what is behind it may not read what is before it"
        raise PassError("bypass", reason, node=chosen.name)
    if not node.data_inputs:
        raise PassError("bypass", f"op {node.op} has no data input that could be read instead", node=chosen.name)
    outputs = node.outputs
    if not outputs:
        raise PassError("bypass", f"op {node.op} has no output that anybody could read", node=chosen.name)
    for output in outputs[1:]:
        readers = [reader.name for reader in output.consumers()]
        if readers:
            reason = f"its output {output.name!r} is read too, by {some_of([*map(repr, readers)])}"
            raise PassError("bypass", reason, node=chosen.name)


def _is_result(model: Model, place: ChosenTensor) -> bool:
    """Whether a function returns a tensor, or a signature serves it."""
    if place.function is not None:
        ret = model.library.functions[place.function].proto.ret
        return any(place.graph.output_of(text) == place.tensor for text in ret.values())
    signatures = {} if model.meta is None else model.meta.signature_def
    return any(info.name == place.tensor.name for each in signatures.values() for info in each.outputs.values())
