"""The main path of a model: the longest way from an input to an output, through the functions that are called.

Side branches, shapes and parameters are not on it; what only moves numbers about does not count. Ops that give tensors
of one shape after each other are one stage. Costs O(nodes + edges) of the graph and of what the path calls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import node_dtype
from graphsurgeon.ir.op_families import PLUMBING_OPS
from graphsurgeon.names import node_of, node_of_input
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from proto_utils.named_tuple import NamedTuple

#: What tells of a tensor its size alone.
_SIZES = frozenset({"Shape", "ShapeN", "Size", "Rank"})


@dataclass(frozen=True)
class PathStage:
    """Ops on the main path that give tensors of one shape after each other, and how many of each."""

    shape: list[int | None] | None
    ops: dict[str, int]


class _Step(NamedTuple):
    """A node on the way, how many ops are on it, and the node before."""

    length: int
    before: str | None


def main_path(shapes: ShapeInference, inputs: Iterable[str], outputs: Sequence[str]) -> list[PathStage]:
    """Return the stages of the main path; empty when no output depends on an input."""
    steps = _steps(shapes, {node_of(each) for each in inputs})
    reached = [each for each in map(node_of, outputs) if each in steps]
    if not reached:
        return []
    last = max(reached, key=lambda name: steps[name].length)
    stages: list[PathStage] = []
    for op, shape in _ops(shapes, steps, last):
        if stages and stages[-1].shape == shape:
            stages[-1].ops[op] = stages[-1].ops.get(op, 0) + 1
        else:
            stages.append(PathStage(shape, Counter({op: 1})))
    return [PathStage(each.shape, dict(each.ops)) for each in stages]


def _steps(shapes: ShapeInference, starts: Container[str]) -> dict[str, _Step]:
    """Return the longest way to each node from the starts; around a loop only to what no other way leads to."""
    steps: dict[str, _Step] = {}
    for _ in range(1 + bool(shapes.loops)):
        for name in shapes.order:
            if name not in steps:
                step = _step(shapes.producers[name], steps, starts)
                if step is not None:
                    steps[name] = step
    return steps


def _step(node: Node, steps: dict[str, _Step], starts: Container[str]) -> _Step | None:
    if node.name in starts:
        return _Step(0, None)
    before, length = None, -1
    for source in map(node_of_input, node.data_inputs):
        if source in starts and source not in steps:
            steps[source] = _Step(0, None)
        step = steps.get(source)
        if step is not None and step.length > length:
            before, length = source, step.length
    return None if before is None or node.op in _SIZES else _Step(length + _counts(node), before)


def _counts(node: Node) -> bool:
    """Whether a node is an op on the way: one that makes real numbers of others."""
    dtype = node_dtype(node)
    return node.op not in PLUMBING_OPS and dtype is not None and (dtype.is_floating or dtype.is_complex)


def _way(steps: dict[str, _Step], last: str) -> list[str]:
    names: list[str] = []
    name: str | None = last
    while name is not None:
        names.append(name)
        name = steps[name].before
    return names[::-1]


def _ops(shapes: ShapeInference, steps: dict[str, _Step], last: str) -> Iterator[tuple[str, list[int | None] | None]]:
    """Yield the ops of a way and the shapes that they give; of a call, those in the function."""
    way = _way(steps, last)
    # Of several functions, as of a condition, the first.
    called: dict[str, str] = {}
    for call, function in shapes.bodies:
        called.setdefault(call, function)
    for before, name in zip([None, *way], way, strict=False):
        node = shapes.producers.get(name)
        if node is None:
            continue
        inner = list(_inside(shapes, node, called[name], before)) if before is not None and name in called else []
        if inner:
            yield from inner
        elif before is None or _counts(node):
            yield node.op, _shape(shapes, name)


def _inside(
    shapes: ShapeInference, node: Node, called: str, before: str
) -> Iterator[tuple[str, list[int | None] | None]]:
    """Yield the ops of the longest way through a function that a node calls, from what came before."""
    body, function = shapes.bodies[node.name, called], shapes.functions[called].proto
    texts = node.data_inputs[len(node.data_inputs) - len(function.signature.input_arg) :]
    pairs = zip(function.signature.input_arg, texts, strict=False)
    steps = _steps(body, {arg.name for arg, text in pairs if node_of_input(text) == before})
    ends = [node_of_input(function.ret.get(arg.name, "")) for arg in function.signature.output_arg]
    reached = [each for each in ends if each in steps]
    if reached:
        yield from _ops(body, steps, max(reached, key=lambda each: steps[each].length))


def _shape(shapes: ShapeInference, name: str) -> list[int | None] | None:
    found = shapes.outputs(name)
    return None if not found or found[0] is None else list(found[0])
