"""Repair graphs that were frozen badly, so that TensorFlow imports them again.

For: frozen graphs that fail with "Input 0 of node ... was passed float from ...
incompatible with expected float_ref" (or with "expected resource"), or whose nodes are
colocated with a node that is not there.

Prerequisites: none; the graph may be broken. What this does not repair is its refusal.

Leaves behind: a well-formed graph, the nodes it had in their order. Where a reference or
handle is wanted and a value comes, the readers are rewritten as `freeze` does it:
RefSwitch becomes Switch, ReadVariableOp Identity, and so on (see `value_flow`). Ops that
change a variable go when only control edges tie them to the graph, with their own small
parts (see `update_helpers`); the network, its weights and gradients stay, because each node
may have been an output. A training op that nothing waits for becomes a NoOp of its name. One
whose result is read becomes what computes that result: AssignSub becomes Sub, AssignAdd
Add, Assign the value that it assigned, ScatterAdd and its kin TensorScatterAdd and its kin.

What else it meets: in function bodies that are given a value for a handle, the copy
``<base>_frozen_<n>`` is repaired. ``loc:@x`` and control inputs that name nothing go, and nodes
that are equal to an earlier one of their name. A data input that an op has too many, such as
one of a Const, becomes the control input that it was. An Identity of the handle of a variable
that stayed one reads it again. Names that are read and that no node
has become Placeholders where they are named in ``inputs``. Devices, frames, collections,
signatures and the ``save/`` subgraph are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from graphsurgeon.checks.body import Body
from graphsurgeon.display import Displayed
from graphsurgeon.errors import GraphError, PassError
from graphsurgeon.ir.edit import GraphEdit
from graphsurgeon.ir.endpoints import MISSING, loose_ends
from graphsurgeon.ir.function_calls import called_functions, functions_of, trim_library
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import constant_value
from graphsurgeon.ir.signatures import REF_OFFSET, UNKNOWN, OpSignatures
from graphsurgeon.names import Names, node_of, node_of_input, parse_input, some_of, split_names
from graphsurgeon.passes._contract import model_pass
from graphsurgeon.rewrites.freezing.body_edits import BodyEdits
from graphsurgeon.rewrites.freezing.converted_functions import ConvertedFunction
from graphsurgeon.rewrites.freezing.handle_reads import read_handles_again
from graphsurgeon.rewrites.freezing.lost_waits import wait_again
from graphsurgeon.rewrites.freezing.update_helpers import staying
from graphsurgeon.rewrites.freezing.update_results import RESULTS, computing_nodes
from graphsurgeon.rewrites.freezing.updates import Obstacle
from graphsurgeon.rewrites.freezing.value_flow import ValueFlow
from graphsurgeon.rewrites.freezing.value_reads import Value
from graphsurgeon.rewrites.pruning.input_tensors import give_nodes
from graphsurgeon.rewrites.repairing.node_repairs import (
    NodeRepair,
    drop_dangling,
    drop_repeated,
    restore_control_inputs,
)
from graphsurgeon.tensors.dtypes import RESOURCE, DType

_MAX_NAMES = 10


@dataclass(frozen=True)
class Repair:
    """What was done to a node; `op` is what it was."""

    node: str
    function: str | None
    op: str
    repair: str


@dataclass(frozen=True)
class FixReport(Displayed):
    """What `fix` did.

    Attributes
    ----------
    repairs : list of Repair
        In graph order, those of function bodies behind.
    notes : list of str
    """

    repairs: list[Repair]
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {"repairs": [vars(repair) for repair in self.repairs], "notes": self.notes}


@model_pass(tolerates="everything")
def fix(model: Model, *, inputs: Names = ()) -> FixReport:
    """Repair a graph that was frozen badly, so that TensorFlow imports it again.

    Parameters
    ----------
    model : Model
        Edited in place; it may be broken.
    inputs : str or sequence of str
        Names that are read and that no node has, to be fed from now on: each becomes a Placeholder.

    Raises
    ------
    NotFoundError
        One of the inputs is read by no node.
    GraphError
        The graph has a fault that this does not repair.
    """
    first = [*drop_repeated(model), *_feed(model, split_names(inputs))]
    first += [*restore_control_inputs(model), *drop_dangling(model)]
    first += [NodeRepair(node.name, None, node.op, "reads the handle again") for node in read_handles_again(model)]
    before = {name: list(graph) for name, graph in model.graphs()}
    doubtful = wait_again(model.graph)
    repaired = _repair_functions(model)
    last: dict[str, tuple[Value, bool]] = {}
    # Each round takes the next op of a chain that had handed a reference on.
    while True:
        flow = ValueFlow(model, "fix")
        misfits = _misfits(flow.main, model)
        if not misfits or misfits == last:
            break
        last = misfits
        for text, (value, is_ref) in misfits.items():
            flow.follow(flow.main, text, value, is_ref=is_ref)
        cut = flow.finish(staying(flow.main), overcome=_calculate)
        _keep_places(model.graph, flow.main, cut)
        repaired += [(copy.function, copy.body.function or copy.name) for copy in flow.functions]
    if last:
        trim_library(model.library, called_functions(model.graph, model.library))
    repairs = [*_changes(None, before[None], model.graph), *(Repair(*each) for each in first)]
    for function, original in repaired:
        repairs += _changes(function.name, before[original], function.body)
    notes = [] if repairs else ["there was nothing to repair"]
    return FixReport(repairs, notes + [_doubt(*each) for each in doubtful.items() if each[0] in model.graph])


def _doubt(constant: str, reads: list[str]) -> str:
    return (
        f"{some_of([*map(repr, reads)])} of {constant!r} may have waited for an op that changed it, which freezing "
        "forgets: what they give is the value that was frozen"
    )


def _feed(model: Model, names: Sequence[str]) -> list[NodeRepair]:
    """Make Placeholders of loose ends; those that are not named are refused."""
    index = Index(model.graph)
    loose = [each.name for each in loose_ends(model.graph, index)]
    for name in names:
        if model.graph.get(node_of(name)) is not None:
            hint = f'prune cuts a graph off there: `inputs="{name}"`'
            raise PassError("fix", "is there, and needs no repair", node=node_of(name), hint=hint)
    made = give_nodes(model, names, "fix")
    for name in made.names:
        if "dtype" not in model.graph[name].proto.attr:
            hint = "prune makes an input of it, and takes its type"
            raise PassError("fix", "nothing tells the dtype of this input", node=name, hint=hint)
    left = [name for name in loose if node_of(name) not in map(node_of, names)]
    if left:
        reader, position = index.consumers(node_of(left[0]))[0]
        hint = f'name it to be fed: `inputs="{",".join(left[:_MAX_NAMES])}"`'
        raise GraphError(f"input {reader.inputs[position]!r} names no node", node=reader.name, hint=hint)
    return [NodeRepair(name, None, MISSING, "is a Placeholder now, to be fed") for name in [*made.names, *made.more]]


def _repair_functions(model: Model) -> list[tuple[Function, str]]:
    """Repair bodies that are given values already and take them for handles."""
    repaired = []
    for name, function in list(model.library.functions.items()):
        body = ConvertedFunction(function, name)
        misfits = _misfits(body.body, model, function)
        if misfits:
            flow = ValueFlow(model, "fix")
            for text, (value, is_ref) in misfits.items():
                flow.follow(body.body, text, value, is_ref=is_ref)
            _, obstacles = body.settle()
            for obstacle in obstacles:
                raise PassError("fix", f"in function {name!r}: {obstacle.reason}", node=obstacle.node.name)
            body.finish()
            repaired.append((function, name))
    return repaired


def _misfits(body: BodyEdits, model: Model, function: Function | None = None) -> dict[str, tuple[Value, bool]]:
    """Return the type errors: values that an op takes for a reference (True) or for a handle (False)."""
    laid_out = Body(body.graph, OpSignatures(model.library.functions), function)
    found: dict[str, tuple[Value, bool]] = {}
    for node, signature in zip(laid_out.nodes, laid_out.signatures, strict=True):
        texts = node.data_inputs
        if signature.inputs is None or len(texts) != len(signature.inputs):
            continue
        for text, wanted in zip(texts, signature.inputs, strict=True):
            have = laid_out.type_of(text)
            if not isinstance(have, int) or not UNKNOWN < have < REF_OFFSET or have == RESOURCE.number:
                continue
            if wanted > REF_OFFSET or wanted == RESOURCE.number:
                name = node_of_input(text)
                tensor = str(parse_input(text)) if function is None else text
                found[tensor] = (Value(DType.from_number(have), _shape(body, name), name, True), wanted > REF_OFFSET)
    return found


def _shape(body: BodyEdits, name: str) -> tuple[int, ...] | None:
    node = body.before.producers.get(name)
    value = None if node is None else constant_value(node)
    return None if value is None else value.shape


def _keep_places(graph: Graph, body: BodyEdits, cut: Iterable[str]) -> None:
    """Let a NoOp stand for a training op that nothing waited for: it was asked for by its name."""
    edit = GraphEdit(graph)
    for name in cut:
        node = body.before.producers.get(name)
        if node is not None and not body.before.edges(name):
            waits = [text for text in node.control_inputs if graph.get(text[1:]) is not None]
            edit.add(Node.new(name, "NoOp", waits, device=node.device))
    edit.apply()


def _calculate(body: BodyEdits, obstacle: Obstacle) -> bool:
    """Let an op that changed a variable compute the result alone; what reads a constant may do so at any time."""
    node = body.current(obstacle.node)
    if node.name not in body.users:
        return True
    if node.op not in RESULTS or body.function is not None:
        return False
    *helpers, made = computing_nodes(node, {each.name for each in body.nodes()})
    for helper in helpers:
        body.add(helper)
    body.replace(node.name, [made])
    return True


def _changes(function: str | None, before: Iterable[Node], graph: Graph) -> Iterator[Repair]:
    """Yield the differences between nodes and what they were."""
    for node in before:
        now = graph.get(node.name)
        if now is None:
            yield Repair(node.name, function, node.op, "was removed: it changed a constant, or only served that")
        elif now.op != node.op:
            yield Repair(node.name, function, node.op, f"is {now.op} now, {_reason(node, now)}")
        elif now.data_inputs != node.data_inputs and now.op == "Identity":
            yield Repair(node.name, function, node.op, f"reads {now.data_inputs[0]!r}, for which it had waited")
        elif now.attrs.get("T") != node.attrs.get("T"):
            yield Repair(node.name, function, node.op, "passes on a value now")
        elif _calls(now) != _calls(node):
            yield Repair(node.name, function, node.op, "calls a function that takes a value")


def _reason(node: Node, now: Node) -> str:
    if now.op == "NoOp":
        return "it changed a constant"
    return "and only computes its result" if node.op.startswith(("Assign", "Scatter")) else "because it reads a value"


def _calls(node: Node) -> list[str]:
    return [func.name for key, func in functions_of(node) if key[:1] != "_"]
