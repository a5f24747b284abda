"""The static shape of a tensor, from the attrs of its node or, of what a queue gives, from those of the queue.

============================ ======================================
QueueDequeue                 the queue's
QueueDequeueMany(queue, n)   ``[n]`` before it; ``?`` when n is fed
QueueDequeueUpTo(queue, n)   ``[?]`` before it
============================ ======================================

A priority queue gives the priority, a scalar, before its components.
"""

from __future__ import annotations

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_facts import attr_of, constant_value, node_shape
from graphsurgeon.ir.op_families import PASS_ON_OPS

_DEQUEUE = "QueueDequeue"
_MAX_STEPS = 100


def output_shape(index: Index, node: Node, output: int = 0) -> Shape | None:
    """Return the shape of one output as far as attrs tell, None when they do not; `index` is of the node's graph."""
    found = node_shape(node, output)
    if found is not None or not node.op.startswith(_DEQUEUE) or not node.inputs:
        return found
    shape = _component(index, node, output)
    if shape is None or shape.dims is None:
        return shape
    kind = node.op.removesuffix("V2").removeprefix(_DEQUEUE)
    if not kind:
        return shape
    return Shape([_count(index, node) if kind == "Many" else None, *shape.dims])


def _component(index: Index, node: Node, output: int) -> Shape | None:
    """Return the shape that a queue has for one of the values that it gives."""
    queue = index.producer(node.inputs[0])
    for _ in range(_MAX_STEPS):
        if queue is None or queue.op not in PASS_ON_OPS or not queue.inputs:
            break
        queue = index.producer(queue.inputs[0])
    shapes = None if queue is None else attr_of(queue, "shapes")
    if queue is None or not isinstance(shapes, list) or not shapes:
        return None
    shapes = [Shape(()), *shapes] if queue.op.startswith("PriorityQueue") else shapes
    return shapes[output] if output < len(shapes) and isinstance(shapes[output], Shape) else None


def _count(index: Index, node: Node) -> int | None:
    """Return how many values are taken at once, None when that is fed."""
    count = index.producer(node.inputs[1]) if len(node.inputs) > 1 else None
    value = None if count is None else constant_value(count)
    if value is None or value.shape or not value.dtype.itemsize:
        return None
    number = int(value.numpy())
    return number if number >= 0 else None
