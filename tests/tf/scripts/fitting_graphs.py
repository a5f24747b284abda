"""Models to take weights from, graphs to fit them to, and what the graphs' own savers make of the result."""

from __future__ import annotations

import numpy as np
import tensorflow.compat.v1 as tf


def _dense(x, width, name):
    with tf.variable_scope(name):
        weights = tf.get_variable("weights", [int(x.shape[-1]), width], initializer=tf.glorot_uniform_initializer())
        biases = tf.get_variable("biases", [width], initializer=tf.zeros_initializer())
        return tf.nn.relu(tf.matmul(x, weights) + biases)


def _saved(prefix, values=None):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for i, variable in enumerate(tf.global_variables()):
            shape = variable.shape.as_list()
            array = (np.arange(np.prod(shape, dtype=int)).reshape(shape) % 97 / 7.0 + i).astype(
                variable.dtype.as_numpy_dtype
            )
            session.run(variable.assign(array))
        tf.train.Saver().save(session, prefix)


def one_branch(prefix):
    """A model of one branch, with its checkpoint."""
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 4], "x")
        _dense(_dense(x, 5, "branch/one"), 3, "branch/two")
        tf.Variable(np.int64(7), name="global_step")
        _saved(prefix)


def two_branches(meta, kind):
    """A graph of two branches and an optimizer, `kind` its variables: ref, resource or partitioned; or unsaved."""
    with tf.Graph().as_default():
        tf.set_random_seed(5)
        partitioner = tf.fixed_size_partitioner(2) if "partitioned" in kind else None
        with tf.variable_scope("", use_resource="resource" in kind, partitioner=partitioner):
            x = tf.placeholder(tf.float32, [None, 4], "x")
            left = _dense(_dense(x, 5, "branch/one"), 3, "branch/two")
            right = _dense(_dense(x, 5, "second/one"), 3, "second/two")
            step = tf.train.get_or_create_global_step()
            y = tf.add(left, right, name="y")
        tf.train.AdamOptimizer(0.01).minimize(tf.reduce_sum(y), global_step=step)
        # Without a SaverDef, TensorFlow makes a saver when it imports the graph.
        saver_def = None if "unsaved" in kind else tf.train.Saver().as_saver_def()
        tf.train.export_meta_graph(meta, saver_def=saver_def)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            return {
                v.op.name: [str(v.dtype.base_dtype.name), session.run(v.read_value()).tolist()]
                for v in tf.global_variables()
            }


def convolutional(prefix):
    """A small VGG whose fc6 is a convolution, with its checkpoint."""
    with tf.Graph().as_default():
        for name, shape in sorted(CONVOLUTIONAL.items()):
            tf.get_variable("vgg_16/" + name, shape)
        _saved(prefix)


CONVOLUTIONAL = {
    "conv1/conv1_1/weights": [3, 3, 3, 8], "conv1/conv1_1/biases": [8],
    "fc6/weights": [7, 7, 8, 12], "fc6/biases": [12], "fc8/weights": [1, 1, 12, 10], "fc8/biases": [10],
}  # fmt: skip


def dense(meta, **options):
    """A small VGG of matrices for pictures whose channels are the other way round, for more classes."""
    with tf.Graph().as_default():
        tf.set_random_seed(5)
        x = tf.placeholder(tf.float32, [None, 7, 7, 3], "x")
        with tf.variable_scope("my"):
            with tf.variable_scope("conv1/conv1_1"):
                kernel = tf.get_variable("weights", [3, 3, 3, 8])
                h = tf.nn.conv2d(x, kernel, [1, 1, 1, 1], "SAME") + tf.get_variable("biases", [8])
            h = _dense(tf.reshape(h, [-1, 7 * 7 * 8]), 12, "fc6")
            h = _dense(h, 13, "fc8")
        tf.identity(h, "y")
        saver = tf.train.Saver(**options)
        tf.train.export_meta_graph(meta, saver_def=saver.as_saver_def())


def restored(prefix, feed):
    """Restore by the graph's own saver, train a step if there is one, and return variables and y."""
    with tf.Graph().as_default() as graph, tf.Session() as session:
        saver = tf.train.import_meta_graph(prefix + ".meta")
        saver.restore(session, prefix)
        names = session.run(tf.report_uninitialized_variables()).tolist()
        values = {
            v.op.name: session.run(v if not hasattr(v, "read_value") else v.read_value()).tolist()
            for v in tf.global_variables()
        }
        y = session.run("y:0", {"x:0": np.asarray(feed, np.float32)}).tolist()
        for name in ("Adam",):
            if name in [op.name for op in graph.get_operations()]:
                session.run(name, {"x:0": np.asarray(feed, np.float32)})
        return {"uninitialized": [str(name) for name in names], "values": values, "y": y}


def named(prefix):
    """Save dense/kernel and dense/bias by name."""
    with tf.Graph().as_default():
        tf.get_variable("dense/kernel", [4, 3])
        tf.get_variable("dense/bias", [3])
        _saved(prefix)


def parts(prefix, num_parts, by_name):
    """Save a partitioned variable with its momentum, as slices or `by_name`, each part alone; returns the values.

    They are those of the whole, in which no two numbers are alike.
    """
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 11], "x")
        partitioner = tf.fixed_size_partitioner(num_parts)
        w = tf.get_variable("net/w", [11, 4], partitioner=partitioner)
        train = tf.train.MomentumOptimizer(0.1, 0.9).minimize(tf.reduce_sum(tf.matmul(x, w.as_tensor(), name="y")))
        session.run(tf.global_variables_initializer())
        for variable in w:
            offset = variable._save_slice_info.var_offset[0]
            rows = int(variable.shape[0])
            session.run(variable.assign(np.arange(offset * 4, (offset + rows) * 4).reshape(rows, 4)))
        session.run(train, {x: np.arange(22).reshape(2, 11)})
        saver = tf.train.Saver({v.op.name: v for v in tf.global_variables()} if by_name else None)
        saver.save(session, prefix)
        return _parts(session)


def restored_parts(prefix):
    """Restore by the graph's own saver; returns the values of the whole, as `parts` does."""
    with tf.Graph().as_default(), tf.Session() as session:
        tf.train.import_meta_graph(prefix + ".meta").restore(session, prefix)
        return _parts(session)


def _parts(session):
    found = {}
    for variable in sorted(tf.global_variables(), key=lambda v: int(v.op.name.split("part_")[1].split("/")[0])):
        end = variable.op.name.partition("part_")[2].partition("/")[2]
        found.setdefault(end, []).append(session.run(variable.value()))
    return {end: np.concatenate(values).tolist() for end, values in found.items()}
