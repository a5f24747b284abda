"""Graphs whose variables have all kinds of initializers, and what TensorFlow initializes them to."""

from __future__ import annotations

import numpy as np
import tensorflow.compat.v1 as tf

# Those whose initial value is read from another variable.
_READERS = ("made/second", "made/fourth")


def graph(meta, values, seeded=True):
    """Export a graph with variables, and what one run of their initializers gives; return what is deterministic."""
    with tf.Graph().as_default():
        if seeded:
            tf.set_random_seed(20)
        _deterministic()
        _random()
        tf.train.export_meta_graph(meta)
        with tf.Session() as session:
            # TensorFlow runs initializers at once, also one that reads a variable whose own is still at work.
            for is_last in (False, True):
                turn = [v for v in tf.global_variables() if (v.op.name in _READERS) is is_last]
                session.run(tf.variables_initializer(turn))
            arrays = {v.op.name: session.run(v.read_value()) for v in tf.global_variables()}
    np.savez(values, **{name.replace("/", "|"): _plain(array) for name, array in arrays.items()})
    return {name: str(array.dtype) for name, array in arrays.items()}


def _plain(array):
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


def _deterministic():
    init = tf.initializers
    for kind in (False, True):
        with tf.variable_scope("exact_resource" if kind else "exact", use_resource=kind):
            tf.get_variable("zeros", [3, 4])
            tf.get_variable("zeros64", [3, 4], tf.float64, init.zeros())
            tf.get_variable("ones", [70, 700], tf.float16, init.ones())
            tf.get_variable("ints", [5], tf.int32, init.ones())
            tf.get_variable("constant", [2, 3], initializer=init.constant(0.1))
            tf.get_variable("short", [2, 3], initializer=init.constant([1, 2, 3, 4, 5, 6]))
            tf.get_variable("array", initializer=np.arange(6, dtype=np.int64).reshape(3, 2))
            tf.get_variable("eye", [4, 6], initializer=init.identity(2.0))
            tf.get_variable("scalar", initializer=tf.constant(7, tf.int64), trainable=False)
    with tf.variable_scope("made"):
        made = {
            "range": tf.range(3, 30, 4), "line": tf.linspace(0.0, 1.0, 5), "cast": tf.cast(tf.range(9) * 3, tf.float32),
            "mixed": tf.reshape(tf.range(12.0), [3, 4]) + tf.constant([1.0, 2.0, 3.0, 4.0]),
            "turned": tf.transpose(tf.reshape(tf.range(6.0), [2, 3])),
            "joined": tf.concat([tf.zeros([2, 3]), tf.ones([1, 3])], 0), "packed": tf.stack([1.0, 2.0]),
            "cut": tf.range(20)[3:15:2], "row": tf.reshape(tf.range(6), [2, 3])[1],
            "padded": tf.pad(tf.ones([2, 2]), [[0, 1], [2, 0]]),
            "diagonal": tf.linalg.diag([1.0, 2.0, 3.0]), "eye": tf.eye(5, 3), "filled": tf.fill([2, 2], 3.5),
            "tiled": tf.tile([[1, 2]], [2, 3]), "band": tf.linalg.band_part(tf.ones([4, 4]), -1, 0),
            "hot": tf.one_hot([0, 2], 3), "sum": tf.reduce_sum(tf.reshape(tf.range(6.0), [2, 3]), 1),
            "chosen": tf.where(tf.range(4) < 2, tf.zeros([4]), tf.ones([4])), "square": tf.sqrt(tf.range(5.0)),
            "mul": tf.matmul(tf.ones([2, 3]), tf.eye(3)), "dims": tf.expand_dims(tf.squeeze(tf.ones([2, 1, 3])), 0),
            "like": tf.ones_like(tf.zeros([2, 5])), "reversed": tf.reverse(tf.range(5), [0]),
            "size": tf.size(tf.zeros([3, 4])), "shape": tf.shape(tf.zeros([3, 4])),
            "gathered": tf.gather([5, 6, 7], [2, 0]), "text": tf.constant([b"a", b"bc"]),
        }  # fmt: skip
        for name, value in sorted(made.items()):
            tf.Variable(value, name=name)
        first = tf.Variable(tf.range(4.0), name="first", use_resource=False)
        tf.Variable(_initialized(first) * 2, name="second", use_resource=False)
        third = tf.Variable(tf.range(4.0), name="third", use_resource=True)
        tf.Variable(_initialized(third) * 3, name="fourth", use_resource=True)
    with tf.variable_scope("parts", partitioner=tf.fixed_size_partitioner(3)):
        tf.get_variable("p", [7, 2], initializer=init.ones())
        tf.get_variable("q", [7, 2], initializer=init.constant(2.5))


def _initialized(variable):
    # What Variable.initialized_value() of TensorFlow 1 makes.
    return tf.cond(tf.is_variable_initialized(variable), variable.read_value, lambda: variable.initial_value)


def _random():
    init = tf.initializers
    kinds = {
        "uniform": init.random_uniform(-2.0, 3.0), "normal": init.random_normal(1.0, 0.5),
        "truncated": init.truncated_normal(1.0, 0.5), "glorot_uniform": init.glorot_uniform(),
        "glorot_normal": init.glorot_normal(), "he_normal": init.he_normal(), "he_uniform": init.he_uniform(),
        "lecun": init.lecun_normal(), "scaling": init.variance_scaling(2.0, "fan_out", "untruncated_normal"),
        "unit": init.uniform_unit_scaling(1.5), "orthogonal": init.orthogonal(1.5),
    }  # fmt: skip
    for name, each in sorted(kinds.items()):
        for dtype in (tf.float32, tf.float64) + ((tf.float16, tf.bfloat16) if name == "uniform" else ()):
            with tf.variable_scope("random/%s" % dtype.name):
                tf.get_variable(name, [67, 45], dtype, each)
    with tf.variable_scope("random"):
        tf.get_variable("wide", [20, 50], initializer=init.orthogonal())
        tf.get_variable("large", [700, 500], initializer=init.truncated_normal(), use_resource=True)
        tf.get_variable("ints", [50], tf.int32, init.random_uniform(-3, 30, dtype=tf.int32))
        tf.get_variable("ints64", [50], tf.int64, init.random_uniform(-3, 30, dtype=tf.int64))
        tf.Variable(tf.random.stateless_uniform([30], [3, 4], minval=-1.0, maxval=1.0), name="stateless_uniform")
        tf.Variable(tf.random.stateless_normal([31], [3, -4]), name="stateless_normal")
        tf.Variable(tf.random.stateless_truncated_normal([5, 5], [2**40, 4]), name="stateless_truncated")
        tf.Variable(tf.random.stateless_uniform([9], [3, 4], minval=-5, maxval=9, dtype=tf.int32), name="stateless_int")
