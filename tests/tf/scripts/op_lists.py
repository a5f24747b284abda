"""The op registry of this TensorFlow, and graphs that it freezes whose ops have attrs that 1.15 does not know.

Runs unchanged on TensorFlow 1.15 and later, but for what `freeze` makes.
"""

import os

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1


def registered(ops):
    """The serialized OpDefs of ops, as hex, without those that are not registered."""
    from tensorflow.python.framework import op_def_registry

    found = ((op, op_def_registry.get(op)) for op in ops)
    return {op: known.SerializeToString(deterministic=True).hex() for op, known in found if known is not None}


def weight(*shape):
    return tf1.get_variable("w", shape, initializer=tf1.random_normal_initializer(seed=1))


def image(channels=4):
    return tf1.placeholder(tf.float32, [1, 8, 8, channels], name="x")


def matmul():
    return tf.matmul(tf1.placeholder(tf.float32, [3, 4], name="x"), weight(4, 5))


def batch_matmul():
    return tf.matmul(tf1.placeholder(tf.float32, [2, 3, 4], name="x"), weight(2, 4, 5))


def depthwise():
    return tf.nn.depthwise_conv2d(image(), weight(3, 3, 4, 1), [1, 1, 1, 1], "SAME")


def max_pool():
    return tf.nn.max_pool2d(tf.nn.bias_add(image(), weight(4)), 2, 2, "SAME")


def batch_norm():
    mean, variance = tf.constant([0.5] * 4), tf.constant([2.0] * 4)
    return tf1.nn.fused_batch_norm(image(), weight(4), tf.zeros([4]), mean, variance, is_training=False)[0]


def conv():
    return tf.nn.conv2d(image(), weight(3, 3, 4, 6), 1, "SAME")


def conv_transposed():
    return tf.nn.conv2d_transpose(image(), weight(3, 3, 6, 4), [1, 16, 16, 6], 2, "SAME")


def gathered():
    return tf.gather(weight(9, 4), tf1.placeholder(tf.int32, [3], name="x"))


def averaged():
    return tf.reduce_mean(tf.nn.avg_pool2d(tf.nn.bias_add(image(), weight(4)), 2, 2, "VALID"), [1, 2])


def best():
    return tf.nn.top_k(tf.matmul(tf1.placeholder(tf.float32, [3, 4], name="x"), weight(4, 5)), 2).values


def called():
    """A function that is called; its body is no part of what 1.15 looks through."""
    inner = tf.function(tf.matmul, autograph=False)
    return inner(tf1.placeholder(tf.float32, [3, 4], name="x"), weight(4, 5).read_value())


NETS = {
    each.__name__: each
    for each in (
        matmul, batch_matmul, depthwise, max_pool, batch_norm, conv, conv_transposed, gathered, averaged, best, called,
    )
}  # fmt: skip


def fed(graph):
    """A value for the placeholder."""
    tensor = graph.get_tensor_by_name("x:0")
    if tensor.dtype == tf.int32:
        return np.array([0, 8, 3], np.int32)
    return np.random.RandomState(3).standard_normal(tensor.shape.as_list()).astype(np.float32)


def freeze(net, path):
    """Freeze a net; return what it computes."""
    with tf.Graph().as_default() as graph, tf1.Session() as session:
        tf.identity(NETS[net](), name="out")
        session.run(tf1.global_variables_initializer())
        value = session.run("out:0", {"x:0": fed(graph)})
        frozen = tf1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["out"])
    with open(path, "wb") as file:
        file.write(frozen.SerializeToString(deterministic=True))
    return value.tolist()


def run(path):
    """What a file computes: a GraphDef, a meta graph with its checkpoint, or a SavedModel."""
    with tf.Graph().as_default() as graph, tf1.Session() as session:
        if os.path.isdir(path):
            tf1.saved_model.loader.load(session, ["serve"], path)
        elif path.endswith(".meta"):
            saver = tf1.train.import_meta_graph(path)
            if saver is not None:
                saver.restore(session, path[: -len(".meta")])
        else:
            definition = tf1.GraphDef()
            with open(path, "rb") as file:
                definition.ParseFromString(file.read())
            tf.import_graph_def(definition, name="")
        return session.run("out:0", {"x:0": fed(graph)}).tolist()


def serve(path):
    """What the signature of a SavedModel computes of ones."""
    with tf.Graph().as_default(), tf1.Session() as session:
        signature = tf1.saved_model.loader.load(session, ["serve"], path).signature_def["serving_default"]
        (x,), (out,) = signature.inputs.values(), signature.outputs.values()
        return session.run(out.name, {x.name: np.ones([dim.size for dim in x.tensor_shape.dim])}).tolist()


def listed(path):
    """The op list of a meta graph, and the one that TensorFlow writes of its graph."""
    from tensorflow.python.framework import meta_graph

    made = meta_graph.read_meta_graph_file(path)
    theirs = meta_graph.stripped_op_list_for_graph(made.graph_def)
    return [each.SerializeToString(deterministic=True).hex() for each in (made.meta_info_def.stripped_op_list, theirs)]


def stripped(path):
    """Whether attrs at their default are said to be stripped, and what would be left of them to strip."""
    from tensorflow.core.protobuf import saved_model_pb2
    from tensorflow.python.framework import meta_graph

    saved = saved_model_pb2.SavedModel()
    with open(os.path.join(path, "saved_model.pb"), "rb") as file:
        saved.ParseFromString(file.read())
    made = saved.meta_graphs[0]
    before = made.SerializeToString(deterministic=True)
    is_said = made.meta_info_def.stripped_default_attrs
    meta_graph.strip_graph_default_valued_attrs(made)
    return is_said, made.SerializeToString(deterministic=True) == before


def save_module(path):
    """A SavedModel of TensorFlow 2."""

    class Dense(tf.Module):
        def __init__(self):
            self.w = tf.Variable(tf.ones([4, 5]))

        @tf.function(input_signature=[tf.TensorSpec([3, 4], name="x")])
        def __call__(self, x):
            return tf.matmul(x, self.w)

    tf.saved_model.save(Dense(), path)
