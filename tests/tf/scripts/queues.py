"""Graphs that read queues, and the shapes that TensorFlow knows of what these give."""

from __future__ import annotations

import os

import tensorflow as tf

v1 = tf.compat.v1


def build(directory):
    """Write a graph for each kind of queue and dequeue; return its dequeue and the shapes, by the graph's path."""
    types = [tf.float32, tf.int32]
    queues = {
        "plain": lambda: v1.FIFOQueue(10, types, shapes=[[4], []]),
        "padding": lambda: v1.PaddingFIFOQueue(10, types, shapes=[[None, 4], []]),
        "random": lambda: v1.RandomShuffleQueue(10, 0, types, shapes=[[4], [2]]),
        "priority": lambda: v1.PriorityQueue(10, [tf.float32], shapes=[[4]]),
        "unknown": lambda: v1.FIFOQueue(10, types),
    }
    takes = {
        "one": lambda queue: queue.dequeue(),
        "many": lambda queue: queue.dequeue_many(3),
        "up_to": lambda queue: queue.dequeue_up_to(3),
        "fed": lambda queue: queue.dequeue_many(v1.placeholder(tf.int32, [])),
    }
    found = {}
    for kind, make in queues.items():
        for name, take in takes.items():
            if kind == "unknown" and name != "one":
                continue
            with tf.Graph().as_default() as graph:
                values = take(make())
                tf.group(*values, name="unused")
                v1.add_n([tf.reduce_sum(tf.cast(value, tf.float32)) for value in values], name="y")
                path = os.path.join(directory, f"{kind}_{name}.pb")
                with open(path, "wb") as file:
                    file.write(graph.as_graph_def().SerializeToString())
                found[path] = [values[0].op.name, [_dims(value.shape) for value in values]]
    return found


def _dims(shape):
    return None if shape.dims is None else shape.as_list()
