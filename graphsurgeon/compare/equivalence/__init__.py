"""Equivalence proof: a frozen graph and a graph with variables and a checkpoint are the same model.

Nodes are the same by name. Each must have the same op, attrs and inputs, up to the exchange
of a constant for a variable::

    frozen graph                             graph with variables
    Const X                                  VariableV2 X, or VarHandleOp X, with these bytes in the checkpoint
    Const X                                  a read X of a variable of another name, with these bytes
    X or X/read, whichever is read           the same, or through nodes that only pass the value on
    Identity of a constant                   ReadVariableOp
    GatherV2 along <n>/axis, GatherNd        ResourceGather, ResourceGatherNd
    Shape, a constant true                   VariableShape, VarIsInitializedOp
    Switch ...                               RefSwitch ..., or Switch of the handle
    a call of a function of values           a call of its twin that takes handles

Every node of the frozen graph needs its counterpart. What else the other graph holds (saver,
initializers, optimizers) cannot change these nodes; where it goes on from them, as a loss
does, that is said in a warning. Not compared are devices, annotations (``_class``,
``_output_shapes`` ...) and what is around the graphs.

So by induction along the edges: without an error, every tensor of the frozen graph is,
bit for bit, the one of that name in the other model when its variables hold the checkpoint.

==================  =======================================================================
rule                is broken by
==================  =======================================================================
missing-node        a node of the frozen graph that the other one does not have
op, attr            a node that computes something else
input               an input from another tensor, or more or fewer of them
control-input       a node that waits for another node
missing-variable    a variable without a value in the checkpoint; its near keys are named
value               a constant with other bytes, of another dtype or shape
state               a table, or the like, that is filled with something else, or not at all
function            a call of functions that do not correspond; a result that is another tensor
unmatched           (warning) nodes that go on from the frozen graph's
==================  =======================================================================
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from graphsurgeon.checks.finding import ERROR, Finding
from graphsurgeon.checks.inputs import type_name
from graphsurgeon.compare.equivalence.bodies import Bodies
from graphsurgeon.compare.equivalence.sides import Side
from graphsurgeon.compare.equivalence.state import States
from graphsurgeon.compare.equivalence.values import Values
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.rewrites.freezing.undo_unfreeze import undo_contexts
from graphsurgeon.tensors.dtypes import RESOURCE
from graphsurgeon.tensors.expected import expect_reading
from graphsurgeon.variables.unfreeze_note import UnfreezeNote

__all__ = ["same_model"]


def same_model(frozen: Model, thawed: Model) -> list[Finding]:
    """Find what keeps a frozen graph and a graph with variables, with their values, from being the same model.

    They are the same without an error among the findings, whose nodes are those of `frozen`. Variables that both have
    are compared too. Costs O(nodes + edges), and reads every exchanged tensor once in a few buffers; a tensor that is
    the same range of the same open file is not read.
    """
    own, values = Values(frozen), Values(thawed)
    was_frozen = (node.tensor for node in frozen.graph if node.op == "Const" and node.name in thawed.variables)
    expect_reading(was_frozen, (thawed.variables[node.name] for node in frozen.graph if node.name in thawed.variables))
    states = States(frozen, thawed)
    main = Bodies(Side(frozen.graph), Side(_without_contexts(thawed)), explained=states.explained, beside=states.saving)
    found = [*main.findings(own, values), *states.findings()]
    waiting = deque(main.calls)
    done: set[tuple[str, str]] = set()
    while waiting:
        call = waiting.popleft()
        if (call.frozen, call.thawed) in done:
            continue
        done.add((call.frozen, call.thawed))
        a, b = frozen.library.functions.get(call.frozen), thawed.library.functions.get(call.thawed)
        if a is not None and b is not None:
            bodies = Bodies(*_sides(a, b), a.name)
            found += bodies.findings(own, values)
            found += _signature_findings(a, b, bodies)
            waiting += bodies.calls
        elif a is not None or b is not None or call.frozen != call.thawed:
            message = f"calls {call.frozen!r}, there {call.thawed!r}, and not both are in their libraries"
            found.append(Finding(ERROR, "function", call.node, call.function, message))
    return found


def _without_contexts(thawed: Model) -> Graph:
    """Return the graph as it was before nodes that only pass values on were put into it, for contexts."""
    note = UnfreezeNote.read(thawed.meta)
    graph = thawed.graph
    if note.passed or note.swapped:
        graph = graph.copy()
        undo_contexts(graph, note)
    return graph


def _sides(a: Function, b: Function) -> tuple[Side, Side]:
    """Return the bodies of two functions; arguments that are handles in one and values in the other are exchanged."""
    sides = []
    arguments = list(zip(a.proto.signature.input_arg, b.proto.signature.input_arg, strict=False))
    for number, function in enumerate((a, b)):
        names = [pair[number].name for pair in arguments]
        handles = [pair[number].name for pair in arguments if pair[1].type == RESOURCE.number != pair[0].type]
        sides.append(Side(function.body, names, handles))
    return sides[0], sides[1]


def _signature_findings(a: Function, b: Function, bodies: Bodies) -> Iterator[Finding]:
    """Yield what differs in the arguments and results of two functions."""
    for kind in ("input_arg", "output_arg"):
        ours, theirs = getattr(a.proto.signature, kind), getattr(b.proto.signature, kind)
        word = "argument" if kind == "input_arg" else "result"
        if len(ours) != len(theirs):
            message = f"has {len(ours)} {word}s, {b.name!r} {len(theirs)}"
            yield Finding(ERROR, "function", None, a.name, message)
        for x, y in zip(ours, theirs, strict=False):
            if x.type != y.type != RESOURCE.number:
                message = f"{word} {x.name!r} is {type_name(x.type)}, in {b.name!r} {type_name(y.type)}"
                yield Finding(ERROR, "function", None, a.name, message)
    for x, y in zip(a.proto.signature.output_arg, b.proto.signature.output_arg, strict=False):
        yield from bodies.result_findings(x.name, a.proto.ret.get(x.name, ""), b.proto.ret.get(y.name, ""))
