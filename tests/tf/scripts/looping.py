"""A net with a while loop, a dense layer before and one after it, and which gradients TensorFlow finds."""

import making
import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1


def make(directory, resource=False):
    """Freeze the net; return the facts of `making.frozen`."""
    tf1.disable_control_flow_v2()
    with tf.Graph().as_default() as graph:
        net = tf1.placeholder(tf.float32, [2, 4], "input")
        kernels = [tf1.get_variable(name, [4, 4], use_resource=resource) for name in ("before", "inside", "after")]
        net = tf1.matmul(net, kernels[0])
        step = lambda i, state: (i + 1, tf.tanh(tf1.matmul(state, kernels[1])))  # noqa: E731
        net = tf1.while_loop(lambda i, _: i < 3, step, [tf.constant(0), net])[1]
        tf1.matmul(net, kernels[2], name="output")
        return making.frozen(graph, "looping", directory, ["output"], 3)


def gradients(prefix):
    """Each trainable variable, and what `tf.gradients` says: ``ok`` or the name of an exception."""
    found = {}
    with tf.Graph().as_default() as graph:
        tf1.train.import_meta_graph(prefix + ".meta")
        output = graph.get_tensor_by_name("output:0")
        for item in tf1.trainable_variables():
            try:
                found[item.op.name] = "ok" if tf1.gradients(output, [item])[0] is not None else "none"
            except Exception as error:
                found[item.op.name] = type(error).__name__
    return found


def eager(directory):
    """What GradientTape raises in TensorFlow 2; None when it does not."""
    call = tf.saved_model.load(directory).signatures["serving_default"]
    try:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(call(input=tf.constant(np.ones([2, 4], np.float32)))["output"])
        tape.gradient(loss, call.variables)
    except Exception as error:
        return type(error).__name__
    return None
