"""Shapes of what queues give. That they are those of TensorFlow is proven in tests/tf/test_prune_tf.py."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.output_shapes import output_shape
from tests import notation

QUEUE = """
    q = {queue} {{component_types: [f32, i32]}}
    n = Const {{i32 [] 3}}
    fed = Placeholder {{dtype: i32}}
    y = {dequeue} {{component_types: [f32, i32]}}
    """


def shapes(dequeue: str, queue: str = "FIFOQueueV2", components: Sequence[Shape] = (Shape([4]), Shape([]))) -> object:
    graph = notation.graph(QUEUE.format(queue=queue, dequeue=dequeue))
    graph["q"].attrs["shapes"] = list(components)
    found = [output_shape(Index(graph), graph["y"], output) for output in range(2)]
    return [None if shape is None else shape.dims for shape in found]


@pytest.mark.parametrize(
    ("dequeue", "wanted"),
    [
        ("QueueDequeueV2(q)", [(4,), ()]),
        ("QueueDequeueManyV2(q, n)", [(3, 4), (3,)]),
        ("QueueDequeueManyV2(q, fed)", [(None, 4), (None,)]),
        ("QueueDequeueUpToV2(q, n)", [(None, 4), (None,)]),
    ],
)
def test_a_queue_says_what_its_values_are(dequeue: str, wanted: list[object]):
    assert shapes(dequeue) == wanted


def test_a_priority_comes_before_the_components():
    assert shapes("QueueDequeueV2(q)", "PriorityQueueV2", [Shape([7])]) == [(), (7,)]


def test_a_queue_that_says_nothing():
    assert shapes("QueueDequeueV2(q)", components=()) == [None, None]
    assert shapes("QueueDequeueV2(fed)") == [None, None]


def test_other_nodes_tell_themselves():
    graph = notation.graph("x = Placeholder {dtype: f32, shape: shape[2,?]}")
    assert output_shape(Index(graph), graph["x"]) == Shape([2, None])
