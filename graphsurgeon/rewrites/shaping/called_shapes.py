"""Shapes of what functions return: of calls, of conditions, and of loops whose bodies are functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.op_families import CALL_OPS
from graphsurgeon.rewrites.shaping.dims import Dims, common, holds, widened
from graphsurgeon.rewrites.shaping.op_calls import HandleSource, OpCall, Value
from proto_utils.named_tuple import NamedTuple

if TYPE_CHECKING:
    from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference

_BRANCHES = frozenset({"If", "StatelessIf", "Case", "StatelessCase"})
_WHILES = frozenset({"While", "StatelessWhile"})
#: What calls functions.
FUNCTIONAL_OPS = CALL_OPS | _BRANCHES | _WHILES
_MAX_PASSES = 6


class Outer(NamedTuple):
    """The call by which a body is entered, in the graph or body that it is in.

    `function` is whose body it is, `positions` are the inputs of the node by the names of the arguments. `has_values`:
    what is given stays the same as long as the body runs, which the variables of a loop do not.
    """

    inference: ShapeInference
    call: OpCall
    function: str
    positions: Mapping[str, int]
    has_values: bool

    def value(self, name: str) -> Value:
        """Return the value of an argument."""
        return self.call.value(self.positions[name]) if self.has_values and name in self.positions else None

    def source(self, name: str) -> HandleSource | None:
        """Return who made the handle that an argument is."""
        return self.call.source(self.positions[name]) if name in self.positions else None


def _outer(inference: ShapeInference, call: OpCall, name: str, first: int, has_values: bool) -> Outer:
    function = inference.functions.get(name)
    arguments = () if function is None else function.proto.signature.input_arg
    positions = {arg.name: number + first for number, arg in enumerate(arguments)}
    return Outer(inference, call, name, positions, has_values)


def branch_results(inference: ShapeInference, call: OpCall) -> Sequence[Dims]:
    """Return the shapes of what a function returns, or of what all functions do of which one is called."""
    op, first = call.node.op, 0
    if op in inference.functions:
        functions = [Func(op, {})]
    elif op in CALL_OPS:
        functions = [call.attr("f")]
    else:
        branches = call.attr("branches")
        functions = branches if isinstance(branches, list) else [call.attr("then_branch"), call.attr("else_branch")]
        first = 1
    # In a body an attr may stand for what its call gives.
    if not all(isinstance(each, Func) for each in functions):
        return ()
    shapes = call.shapes[first:]
    results = [
        inference.enter(call, each.name, _outer(inference, call, each.name, first, True), shapes) for each in functions
    ]
    return [common(list(column)) for column in zip(*results, strict=False)] if results else ()


def loop_results(inference: ShapeInference, call: OpCall) -> Sequence[Dims]:
    """Return the shapes that the variables of a loop keep: nothing of the sizes that come around with another."""
    condition, body = call.attr("cond"), call.attr("body")
    if not (isinstance(condition, Func) and isinstance(body, Func)):
        return ()
    kept = list(call.shapes)
    for _ in range(_MAX_PASSES):
        results = inference.enter(call, body.name, _outer(inference, call, body.name, 0, False), kept)
        around = [*results, *[None] * (len(kept) - len(results))]
        if all(map(holds, kept, around)):
            inference.enter(call, condition.name, _outer(inference, call, condition.name, 0, False), kept)
            return kept
        kept = [dims if holds(dims, each) else widened(dims, each) for dims, each in zip(kept, around, strict=False)]
    return ()
