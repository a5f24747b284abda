"""How often the bodies of loops run, where a counter goes from one known number up to another.

==========================================  =============================================================
``while counter < limit``                   as often as steps lie between; so with ``limit > counter``
``while counter < limit and time < length``  the smaller of both
anything else                               not known
==========================================  =============================================================
"""

from __future__ import annotations

from collections.abc import Callable

from graphsurgeon.ir.frames import ENTER_OPS, MERGE_OPS, NEXT_ITERATION_OPS, frames_of
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import constant_value
from graphsurgeon.names import node_of_input
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from proto_utils.named_tuple import NamedTuple

_MAX_STEPS = 50
_MAX_DEPTH = 6
_HANDS_ON = frozenset({"Identity", "Switch", "_SwitchN", "Enter", "RefEnter", "Cast"})


class _Counter(NamedTuple):
    """A number that a loop starts from, and what is added in each round: 0 to what stays the same."""

    start: int
    step: int


_Resolve = Callable[[str], "_Counter | None"]


def function_trips(inference: ShapeInference, node: Node, condition: Function, body: Function) -> int | None:
    """Return how often the body of a While runs; None when that is not known."""
    arguments = {arg.name: number for number, arg in enumerate(condition.proto.signature.input_arg)}
    conditions, bodies = Index(condition.body), Index(body.body)
    results = [body.proto.ret.get(arg.name, "") for arg in body.proto.signature.output_arg]
    names = [arg.name for arg in body.proto.signature.input_arg]

    def resolve(text: str) -> _Counter | None:
        source = _origin(conditions, text)
        name = node_of_input(source)
        made = conditions.producers.get(name)
        if made is not None:
            return _constant(made)
        number = arguments.get(name)
        texts = node.data_inputs
        if number is None or not number < min(len(texts), len(results), len(names)):
            return None
        return _counter(_integer(inference.value(texts[number])), names[number], results[number], bodies)

    outputs = condition.proto.signature.output_arg
    return _trips(conditions, condition.proto.ret.get(outputs[0].name, ""), resolve) if outputs else None


def frame_trips(graph: Graph, index: Index, inference: ShapeInference) -> dict[str, int | None]:
    """Return how often the body of each frame of a graph runs, by its name."""
    frames = frames_of(graph, index)
    found: dict[str, int | None] = {}

    def resolve(text: str) -> _Counter | None:
        made = index.producer(_origin(index, text))
        if made is None:
            return None
        if made.op not in MERGE_OPS:
            number = _integer(inference.value(made.name))
            return None if number is None else _Counter(number, 0)
        starts = [each for each in made.data_inputs if _op(index, each) not in NEXT_ITERATION_OPS]
        backs = [each for each in made.data_inputs if _op(index, each) in NEXT_ITERATION_OPS]
        if len(starts) != 1 or len(backs) != 1 or _op(index, starts[0]) not in ENTER_OPS:
            return None
        start = _integer(inference.value(_origin(index, starts[0])))
        back = index.producer(backs[0])
        return _counter(start, made.name, back.data_inputs[0], index) if back is not None and back.data_inputs else None

    for node in graph.nodes_of({"LoopCond"}):
        stack = frames.get(node.name, ())
        if stack and node.data_inputs:
            found[stack[-1].name] = _trips(index, node.data_inputs[0], resolve)
    return found


def _op(index: Index, text: str) -> str:
    node = index.producer(text)
    return "" if node is None else node.op


def _counter(start: int | None, name: str, text: str, index: Index) -> _Counter | None:
    """Return the counter that starts so and comes back around as a tensor, `name` being what goes in."""
    if start is None:
        return None
    source = _origin(index, text)
    if node_of_input(source) == name:
        return _Counter(start, 0)
    node = index.producer(source)
    if node is None or node.op not in ("Add", "AddV2") or len(node.data_inputs) != 2:
        return None
    sources = [_origin(index, each) for each in node.data_inputs]
    others = [each for each in sources if node_of_input(each) != name]
    made = index.producer(others[0]) if len(others) == 1 else None
    step = None if made is None else _constant(made)
    return None if step is None or step.start <= 0 else _Counter(start, step.start)


def _trips(index: Index, text: str, resolve: _Resolve, depth: int = 0) -> int | None:
    node = index.producer(_origin(index, text))
    if node is None or len(node.data_inputs) != 2 or depth > _MAX_DEPTH:
        return None
    if node.op == "LogicalAnd":
        sides = [_trips(index, each, resolve, depth + 1) for each in node.data_inputs]
        return None if sides[0] is None or sides[1] is None else min(sides[0], sides[1])
    if node.op not in ("Less", "LessEqual", "Greater", "GreaterEqual"):
        return None
    texts = node.data_inputs if node.op.startswith("Less") else reversed(node.data_inputs)
    counter, limit = (resolve(each) for each in texts)
    if counter is None or limit is None or limit.step or not counter.step:
        return None
    distance = limit.start - counter.start + node.op.endswith("Equal")
    return max(0, -(-distance // counter.step))


def _origin(index: Index, text: str) -> str:
    """Return the tensor that others only hand on."""
    for _ in range(_MAX_STEPS):
        node = index.producer(text)
        if node is None or node.op not in _HANDS_ON or not node.data_inputs:
            break
        text = node.data_inputs[0]
    return text


def _constant(node: Node) -> _Counter | None:
    value = constant_value(node)
    if value is None or value.shape or not value.dtype.is_integer:
        return None
    return _Counter(int(value.numpy()), 0)


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
