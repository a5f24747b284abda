"""Train what was restored: gradients, an optimizer's steps, a save and a restore of the trained weights."""

import os
import tempfile

import numpy as np
import running
import tensorflow as tf

tf1 = tf.compat.v1
RATES = (1e-2, 1e-4, 1e-6)
FELT = 1e-5  # a gradient that a step of either optimizer must show in a weight of ordinary size


def train(prefix, outputs, dimension=2, optimizer="adam", steps=3):
    """Take the gradients of a loss made of the float ``outputs`` and step an optimizer.

    Returns ``{"trainable": [names], "no_gradient": [names], "unchanged": [names], "losses": [before, after],
    "resaved": whether a save and a restore brought the trained bits back}``. A variable is unchanged only when its
    gradient was not next to nothing. With no ``steps`` only the first two are given.
    """
    graph, saver = running.restored(prefix)
    with graph.as_default():
        loss = squared(graph, [running.with_port(name) for name in outputs])
        weights = tf1.trainable_variables()
        gradients = tf1.gradients(loss, weights)
        missing = [item.op.name for item, gradient in zip(weights, gradients) if gradient is None]
        answer = {"trainable": [item.op.name for item in weights], "no_gradient": missing}
        if len(missing) == len(weights) or not steps:
            return answer
        rate = tf1.placeholder(tf.float32, [], "judge_rate")
        pairs = [(gradient, item) for item, gradient in zip(weights, gradients) if gradient is not None]
        step = make_optimizer(optimizer, rate).apply_gradients(pairs)
        others = [item for item in tf1.global_variables() if not is_restored(item, saver)]
        feeds = running.generic_feeds(graph, dimension)
        feeds.pop(rate.name)
        with running.session(graph) as session:
            answer.update(stepped(session, saver, prefix, loss, pairs, step, rate, others, feeds, steps))
    return answer


def squared(graph, outputs):
    """The sum over outputs of the mean square: a scalar whatever the shapes and float types."""
    return mean_squares([graph.get_tensor_by_name(name) for name in outputs])


def mean_squares(tensors):
    """The same of tensors."""
    floats = [tensor for tensor in tensors if tensor.dtype.base_dtype.is_floating]
    return tf.add_n([tf.reduce_mean(tf.square(tf.cast(tensor, tf.float32) - 0.5)) for tensor in floats])


def make_optimizer(kind, rate):
    return tf1.train.AdamOptimizer(rate) if kind == "adam" else tf1.train.GradientDescentOptimizer(rate)


def is_restored(item, saver):
    """Whether the checkpoint holds a variable, rather than the optimizer just made it."""
    return item.op.name in restored_names(saver)


def restored_names(saver):
    graph = tf1.get_default_graph()
    scope = saver.as_saver_def().restore_op_name.rsplit("/", 1)[0]
    names = graph.get_operation_by_name(scope + "/RestoreV2/tensor_names")
    return {name.decode() for name in tf.make_ndarray(names.get_attr("value")).ravel()}


def stepped(session, saver, prefix, loss, pairs, step, rate, others, feeds, steps):
    """Step at falling learning rates until the loss falls."""
    weights = [item for _, item in pairs]
    dense = [tf.convert_to_tensor(gradient) for gradient, _ in pairs]
    initialize = tf1.variables_initializer(others)
    for learning_rate in RATES:
        saver.restore(session, prefix)
        session.run(initialize)
        before, first, slopes = session.run([loss, weights, dense], feeds)
        for _ in range(steps):
            session.run(step, dict(feeds, **{rate.name: learning_rate}))
        after, last = session.run([loss, weights], feeds)
        if after < before:
            break
    moved = [bool(np.any(np.abs(np.asarray(slope, np.float64)) > FELT)) for slope in slopes]
    same = [running.bits(old) == running.bits(new) for old, new in zip(first, last)]
    unchanged = [item.op.name for item, may, kept in zip(weights, moved, same) if may and kept]
    flat = [item.op.name for item, may in zip(weights, moved) if not may]
    resaved = saved_again(session, saver, weights, last)
    return {"losses": [float(before), float(after)], "unchanged": unchanged, "zero_gradient": flat, "resaved": resaved}


def saved_again(session, saver, weights, values):
    """Save with the restored saver, zero everything, restore: whether the trained bits are back."""
    with tempfile.TemporaryDirectory() as directory:
        path = saver.save(session, os.path.join(directory, "trained"), write_meta_graph=False)
        session.run(tf1.variables_initializer(weights))
        saver.restore(session, path)
        return [running.bits(value) for value in session.run(weights)] == [running.bits(value) for value in values]


def gradients(pb, outputs):
    """How many placeholders of a frozen graph its outputs have a gradient for."""
    graph = running.imported(pb)
    with graph.as_default():
        inputs = running.placeholders(graph)
        found = tf1.gradients([graph.get_tensor_by_name(name) for name in outputs], inputs)
    return len([item for item in found if item is not None])
