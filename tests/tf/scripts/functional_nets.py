"""Nets written in plain TensorFlow 2, with weights and with constants that are not weights, frozen as TF 2 does."""

import os

import numpy as np
import running
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

RANDOM = np.random.RandomState(5)


class Weights:
    """Makes the variables of a net and remembers them."""

    def __init__(self):
        self.made = []

    def __call__(self, shape, trainable=True, positive=False):
        value = RANDOM.standard_normal(shape).astype(np.float32) * 0.1
        variable = tf.Variable(np.abs(value) + 0.5 if positive else value, trainable=trainable)
        self.made.append(variable)
        return variable


def fixed(*shape):
    """A constant of the program."""
    return tf.constant(RANDOM.standard_normal(shape).astype(np.float32))


def batch_norms(weights):
    """tf.nn.batch_normalization with and without its optional parts, a PReLU, position embeddings."""
    filters, slope, position = weights((3, 3, 3, 8)), weights((8,)), weights((1, 64, 8))
    kernel, bias = weights((8, 8)), weights((8,))
    moving = [(weights((8,), trainable=False), weights((8,), trainable=False, positive=True)) for _ in range(4)]
    beta, gamma = (weights((8,)), weights((8,))), (weights((8,)), weights((8,)))
    offsets, scales = (beta[0], beta[1], None, None), (gamma[0], None, gamma[1], None)

    def net(image):
        out = tf.nn.conv2d(image, filters, 1, "SAME")
        for (mean, variance), offset, scale in zip(moving, offsets, scales):
            out = tf.nn.relu(tf.nn.batch_normalization(out, mean, variance, offset, scale, 1e-3))
        out = tf.nn.relu(out) - slope * tf.nn.relu(-out)
        return tf.matmul(tf.reshape(tf.reshape(out, (1, 64, 8)) + position, (-1, 8)), kernel) + bias

    return net, [(1, 8, 8, 3)]


def convolutions(weights):
    """Every kind of convolution, also behind a transposition and a reshape."""
    shapes = [
        (3, 3, 3, 8),
        (3, 3, 8, 2),
        (1, 1, 16, 6),
        (3, 3, 5, 6),
        (3, 3, 5, 4),
        (3, 4, 4),
        (2, 2, 2, 4, 3),
        (2,) * 4 + (3,),
    ]
    filters, bias = [weights(shape) for shape in shapes], weights((2,))

    def net(image):
        out = tf.nn.conv2d(image, filters[0], 1, "SAME")
        out = tf.nn.depthwise_conv2d(out, filters[1], [1, 1, 1, 1], "SAME", dilations=[2, 2])
        out = tf.nn.conv2d(out, filters[2], 1, "SAME")
        out = tf.nn.conv2d_transpose(out, filters[3], (1, 32, 32, 5), 2, "SAME")
        out = tf.nn.atrous_conv2d(tf.transpose(out, [0, 2, 1, 3]), filters[4], 2, "SAME")
        out = tf.reshape(tf.nn.conv1d(tf.reshape(out, (1, -1, 4)), filters[5], 1, "SAME"), (1, 8, 8, 16, 4))
        out = tf.nn.conv3d(out, filters[6], [1] * 5, "SAME")
        return tf.nn.bias_add(tf.nn.conv3d_transpose(out, filters[7], (1, 8, 8, 16, 2), [1] * 5), bias)

    return net, [(1, 16, 16, 3)]


def control_flow(weights):
    """Weights captured by loops, branches and a function that is not inlined."""
    square = [weights((8, 8)) for _ in range(6)]
    bias = weights((8,))

    @tf.function(jit_compile=True)
    def compiled(rows):
        return tf.matmul(rows, square[5])

    def net(rows):
        step = tf.cast(tf.reduce_sum(rows), tf.int32)
        rows = tf.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, tf.matmul(x, square[0]) + bias), (0, rows))[1]
        rows = tf.cond(step > 0, lambda: tf.matmul(rows, square[1]), lambda: tf.matmul(rows, square[2]))
        branches = [lambda: tf.matmul(rows, square[3]), lambda: tf.matmul(rows, square[4]), lambda: rows]
        return compiled(tf.switch_case(step % 3, branches))

    return net, [(4, 8)]


def detector(weights):
    """Preprocessing before the net; a grid, anchors and factors after it."""
    filters, biases = [weights((3, 3, 3, 16)), weights((1, 1, 16, 21))], [weights((16,)), weights((21,))]
    mean, deviation, grid, anchors, factors = fixed(3), fixed(3), fixed(1, 8, 8, 3, 2), fixed(3, 2), fixed(4)

    def net(image):
        out = tf.gather((image - mean) / deviation, tf.constant([2, 1, 0]), axis=3)
        out = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(out, filters[0], 2, "SAME"), biases[0]))
        out = tf.nn.bias_add(tf.nn.conv2d(out, filters[1], 1, "SAME"), biases[1])
        center, size, rest = tf.split(tf.reshape(out, (1, 8, 8, 3, 7)), [2, 2, 3], -1)
        box = tf.concat([tf.sigmoid(center) + grid, tf.exp(size) * anchors], -1) * factors
        return tf.concat([box, tf.sigmoid(rest)], -1)

    return net, [(1, 16, 16, 3)]


def masked_attention(weights):
    """A mask is added to scores, a range is put on actions, a window and a spectrum are scaled: none is a weight."""
    kernel, bias, action = weights((8, 24)), weights((24,)), weights((8, 4))
    mask, window, low, limit = fixed(1, 1, 6, 6), fixed(8), fixed(4), fixed(4)

    def net(rows):
        mixed = tf.matmul(tf.reshape(rows * window, (-1, 8)), kernel) + bias
        query, key, value = (tf.reshape(part, (1, 6, 2, 4)) for part in tf.split(mixed, 3, -1))
        scores = tf.nn.softmax(tf.einsum("bqhd,bkhd->bhqk", query, key) / 2.0 + mask)
        out = tf.reshape(tf.einsum("bhqk,bkhd->bqhd", scores, value), (-1, 8))
        return tf.maximum(tf.tanh(tf.matmul(out, action)) * limit, low)

    return net, [(1, 6, 8)]


NETS = {
    function.__name__: function for function in (batch_norms, convolutions, control_flow, detector, masked_attention)
}


def make(net, directory, lower=True):
    """Build and freeze a net; ``lower`` turns its loops and branches into v1 ops.

    Returns ``{"pb", "outputs", "weights": [{"trainable", "bits"}]}``.
    """
    weights = Weights()
    function, shapes = NETS[net](weights)
    traced = tf.function(function).get_concrete_function(*[tf.TensorSpec(shape) for shape in shapes])
    constant = convert_variables_to_constants_v2(traced, lower_control_flow=lower)
    path = os.path.join(directory, net + ".pb")
    with open(path, "wb") as file:
        file.write(constant.graph.as_graph_def().SerializeToString(deterministic=True))
    facts = [{"trainable": bool(item.trainable), "bits": running.bits(item.numpy())} for item in weights.made]
    return {"pb": path, "outputs": [tensor.name for tensor in constant.outputs], "weights": facts}


def make_with_inner_weights(path):
    """A graph whose weights are constants of function bodies: of one that is called, of a loop's and of a branch's."""
    values = np.random.RandomState(3).normal(size=(3, 6, 6)).astype(np.float32)

    @tf.function
    def called(rows):
        return tf.nn.relu(tf.nn.bias_add(tf.matmul(rows, tf.constant(values[0])), tf.constant(values[1][0])))

    @tf.function
    def whole(rows):
        rows = called(rows)
        _, rows = tf.while_loop(
            lambda step, _: step < 3,
            lambda step, x: (step + 1, tf.tanh(tf.matmul(x, tf.constant(values[1])))),
            (0, rows),
        )
        is_large = tf.reduce_sum(rows) > 0
        return tf.cond(is_large, lambda: tf.matmul(rows, tf.constant(values[2])), lambda: tf.identity(rows))

    graph = whole.get_concrete_function(tf.TensorSpec([None, 6])).graph
    with open(path, "wb") as file:
        file.write(graph.as_graph_def().SerializeToString(deterministic=True))
    return [tensor.name for tensor in graph.outputs]


def make_decided(path):
    """Functions with conditions that constants decide: in a loop's body, in one that is called, by a flag."""

    @tf.function
    def by_flag(flag, rows):
        return tf.cond(flag, lambda: tf.nn.relu(rows), lambda: rows * 2.0)

    @tf.function
    def called(rows):
        return tf.switch_case(tf.constant(1), [lambda: tf.negative(rows), lambda: by_flag(tf.constant(False), rows)])

    @tf.function
    def whole(rows, flag):
        rows = called(rows)
        for _ in tf.range(3):
            rows = tf.cond(tf.constant(3) > 2, lambda: tf.square(rows) - 1.0, lambda: tf.exp(rows))  # noqa: B023
        return by_flag(flag, rows), by_flag(tf.constant(True), rows)

    graph = whole.get_concrete_function(tf.TensorSpec([None, 6]), tf.TensorSpec([], tf.bool)).graph
    with open(path, "wb") as file:
        file.write(graph.as_graph_def().SerializeToString(deterministic=True))
    return [tensor.name for tensor in graph.outputs]


class Masked(tf.Module):
    """A dense layer under a mask, as a function multiplies by it, or as tensorflow-model-optimization assigns it."""

    def __init__(self, assigns):
        super().__init__()
        random = np.random.RandomState(0)
        self.assigns, scope = assigns, "prune_low_magnitude_dense/"
        self.kernel = tf.Variable(random.normal(size=(6, 5)).astype(np.float32), name=scope + "kernel")
        mask = (random.rand(6, 5) > 0.5).astype(np.float32)
        self.mask = tf.Variable(mask, name=scope + "mask", trainable=False)
        self.threshold = tf.Variable(np.float32(0.1), name=scope + "threshold", trainable=False)

    @tf.function(input_signature=[tf.TensorSpec([None, 6])])
    def __call__(self, rows):
        if self.assigns:
            self.kernel.assign(self.kernel * self.mask)
            return tf.matmul(rows, self.kernel)
        return tf.matmul(rows, self.kernel * self.mask)


def save_masked(directory, assigns):
    """Write a SavedModel of `Masked`; return what it gives for a row of ones."""
    made = Masked(assigns)
    tf.saved_model.save(made, directory, signatures=made.__call__)
    return made(tf.ones([1, 6])).numpy().tolist()


def run_ones(pb, output):
    """What a frozen graph gives for a row of ones."""
    graph = running.imported(pb)
    (fed,) = running.placeholders(graph)
    with running.session(graph) as session:
        return session.run(output, {fed: np.ones([1, 6], np.float32)}).tolist()


def optimize(pb, outputs, path):
    """Write to ``path`` what Grappler makes of a frozen graph: constants folded, ops fused, arithmetic rearranged."""
    from tensorflow.python.grappler import tf_optimizer

    tf1 = tf.compat.v1
    graph, definition = tf.Graph(), tf1.GraphDef()
    with open(pb, "rb") as file:
        definition.ParseFromString(file.read())
    with graph.as_default():
        tf.import_graph_def(definition, name="")
        for output in outputs:
            graph.add_to_collection("train_op", graph.get_operation_by_name(output.split(":")[0]))
        meta = tf1.train.export_meta_graph(graph_def=graph.as_graph_def(), graph=graph)
    config = tf1.ConfigProto()
    config.graph_options.rewrite_options.min_graph_nodes = -1
    with open(path, "wb") as file:
        file.write(tf_optimizer.OptimizeGraph(config, meta).SerializeToString())
