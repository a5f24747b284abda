"""Graphs for the Graph Transform Tool and its like: dilated convolutions, and a convolution that two read."""

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1


def _written(graph, path):
    with open(path, "wb") as file:
        file.write(graph.as_graph_def().SerializeToString())
    return path


def dilated(path):
    """Convolutions between two rearrangements, as ``tf.nn`` wrote them: each an output ``out_N``; the last two stay."""
    random = np.random.RandomState(3)
    graph = tf1.Graph()
    with graph.as_default():
        x = tf1.placeholder(tf.float32, [2, 17, 15, 3], name="input")
        cases = [(3, (2, 2), "SAME"), (3, (3, 3), "VALID"), (2, (2, 2), "SAME"), (5, (2, 3), "SAME")]
        for number, (size, rates, padding) in enumerate(cases):
            kernel = tf.constant(random.randn(size, size, 3, 4).astype("f"), name="kernel_%d" % number)

            def conv(part, num_spatial_dims, padding, kernel=kernel):
                return tf1.nn.conv2d(part, kernel, [1, 1, 1, 1], padding)

            made = tf1.nn.with_space_to_batch(x, list(rates), padding, conv, filter_shape=[size, size])
            tf.nn.relu(made, name="out_%d" % number)
        kernel = tf.constant(random.randn(3, 3, 3, 2).astype("f"), name="depthwise")
        parts = tf1.space_to_batch_nd(x, [2, 2], [[2, 3], [2, 3]])
        parts = tf1.nn.depthwise_conv2d_native(parts, kernel, [1, 1, 1, 1], "VALID")
        tf1.batch_to_space_nd(parts, [2, 2], [[0, 1], [0, 1]], name="out_4")
        kernel = tf.constant(random.randn(3, 3, 3, 2).astype("f"), name="padded")
        parts = tf1.space_to_batch_nd(x, [2, 2], [[1, 0], [1, 0]])
        parts = tf1.nn.conv2d(parts, kernel, [1, 1, 1, 1], "VALID")
        tf1.batch_to_space_nd(parts, [2, 2], [[0, 0], [0, 0]], name="out_5")
    return _written(graph, path)


def read_twice(path):
    """A convolution that goes through a batch norm, and is read by another node too."""
    random = np.random.RandomState(4)
    graph = tf1.Graph()
    with graph.as_default():
        x = tf1.placeholder(tf.float32, [2, 6, 6, 3], name="input")
        net = tf1.nn.conv2d(x, tf.constant(random.randn(3, 3, 3, 4).astype("f"), name="kernel"), [1, 1, 1, 1], "SAME")
        numbers = [tf.constant(random.rand(4).astype("f") + 1, name=name) for name in ("g", "b", "m", "v")]
        norm = tf.raw_ops.FusedBatchNorm(
            x=net, scale=numbers[0], offset=numbers[1], mean=numbers[2], variance=numbers[3], is_training=False
        )[0]
        tf.add(tf.nn.relu(norm), net, name="output")
    return _written(graph, path)
