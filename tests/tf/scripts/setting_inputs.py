"""Nets that ask in the middle whether they are being trained, and what they compute when that is fed. Any TensorFlow.

Each net takes ``x`` and returns its output; its settings are the values of its other inputs.
"""

import numpy as np
import running
import tensorflow as tf

tf1 = tf.compat.v1
IS_V1 = tf.__version__.startswith("1.")


def flag(name="is_training", default=None):
    if default is not None:
        return tf1.placeholder_with_default(tf.constant(default), [], name=name)
    return tf1.placeholder(tf.bool, [], name=name)


def variable(name, shape, **how):
    return tf1.get_variable(name, shape, initializer=tf1.random_uniform_initializer(-1, 1, seed=3), **how)


def dense(x, name, units=4):
    return tf.matmul(x, variable(name, [int(x.shape[-1]), units]))


def batch_norm(x):
    """In a condition, with the update of its averages in the branch of training, as in models of 2017."""
    is_training = flag()
    net = dense(x, "a")
    mean, var = variable("mean", [4], trainable=False), variable("var", [4], trainable=False)
    batch_mean, batch_var = tf.nn.moments(net, [0])

    def update():
        with tf.control_dependencies([tf1.assign(mean, batch_mean), tf1.assign(var, batch_var)]):
            return tf.identity(batch_mean), tf.identity(batch_var)

    used = tf.cond(is_training, update, lambda: (tf.identity(mean), tf.abs(var)))
    return tf.nn.batch_normalization(net, used[0], used[1], None, None, 1e-3)


def fused(x):
    net = tf.reshape(dense(x, "a"), [-1, 2, 2, 1])
    is_training = flag("keras_learning_phase", False)
    scale, offset = variable("scale", [1]), variable("offset", [1])
    mean, var = variable("mean", [1], trainable=False), variable("var", [1], trainable=False)

    def norm(is_training):
        given = () if is_training else (mean, tf.abs(var))
        return tf1.nn.fused_batch_norm(net, scale, offset, *given, is_training=is_training)[0]

    return tf.cond(
        tf.logical_and(is_training, tf.not_equal(flag("other"), False)), lambda: norm(True), lambda: norm(False)
    )


def dropout_old(x):
    keep_prob = tf1.placeholder(tf.float32, [], name="keep_prob")
    net = dense(x, "a")
    noise = tf.floor(keep_prob + tf1.random_uniform(tf.shape(net), seed=1))
    return dense(tf1.div(net, keep_prob) * noise, "b")


def dropout(x):
    keep_prob = tf1.placeholder(tf.float32, name="keep_prob")
    return dense(tf1.nn.dropout(dense(x, "a"), keep_prob=keep_prob, seed=1), "b")


def dropout_rate(x):
    rate = tf1.placeholder(tf.float32, [], name="rate")
    return dense(tf.nn.dropout(dense(x, "a"), rate=rate, seed=1), "b")


def dropout_in_branch(x):
    net = dense(x, "a")
    return dense(tf.cond(flag(), lambda: tf.nn.dropout(net, rate=0.5, seed=1), lambda: tf.identity(net)), "b")


def nested(x):
    outer, inner = flag("outer"), flag("inner")
    net = dense(x, "a")

    def first():
        return tf.cond(inner, lambda: tf.nn.relu(net) * 2.0, lambda: tf.tanh(net))

    return tf.cond(outer, first, lambda: tf.sigmoid(net)) + dense(x, "b")


def inner_only(x):
    """The outer condition stays."""
    inner = flag("inner")
    net = dense(x, "a")

    def first():
        return tf.cond(tf.logical_not(inner), lambda: tf.nn.relu(net) * 2.0 + 1.0, lambda: tf.tanh(net) + 3.0)

    return tf.cond(tf.reduce_sum(x) > 0.0, first, lambda: tf.sigmoid(net) - 5.0)


def outer_only(x):
    """The inner condition stays, and stands in no other any more; so does a loop."""
    net = dense(x, "a")

    def first():
        inner = tf.cond(tf.reduce_sum(net) > 0.0, lambda: tf.nn.relu(net) * 2.0, lambda: tf.tanh(net))
        return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 1.5 + net), [0, inner])[1]

    return tf.cond(flag("outer"), first, lambda: tf.sigmoid(net))


def in_loop(x):
    is_training = flag()
    net, weight = dense(x, "a"), variable("w", [4, 4])

    def body(i, y):
        y = tf.matmul(y, weight)
        return i + 1, tf.cond(is_training, lambda: tf.nn.relu(y) + 1.0, lambda: tf.tanh(y))

    return tf.while_loop(lambda i, y: i < 4, body, [0, net])[1]


def rnn(x):
    """A cell of an LSTM in a loop, its output with dropout."""
    keep_prob = tf1.placeholder(tf.float32, [], name="keep_prob")
    weight, steps = variable("w", [8, 16]), tf.stack([x, x * 2.0, x - 1.0])

    def body(i, c, h):
        gates = tf.matmul(tf.concat([steps[i], h], 1), weight)
        a, b, f, o = tf.split(gates, 4, 1)
        c = c * tf.sigmoid(f) + tf.sigmoid(a) * tf.tanh(b)
        h = tf.tanh(c) * tf.sigmoid(o)
        return i + 1, c, tf1.nn.dropout(h, keep_prob=keep_prob, seed=4)

    zeros = tf.zeros_like(x)
    return tf.while_loop(lambda i, c, h: i < 3, body, [0, zeros, zeros])[2]


def case(x):
    """Which input of a Merge came is asked, too."""
    net = dense(x, "a")
    left, right = switch(net, flag())
    merged = merge([tf.tanh(left), tf.nn.relu(right)])
    return merged[0] + tf.cast(merged[1], tf.float32)


def switch(net, pred):
    from tensorflow.python.ops import control_flow_ops

    return control_flow_ops.switch(net, pred)


def merge(inputs):
    from tensorflow.python.ops import control_flow_ops

    return control_flow_ops.merge(inputs)


def functions(x):
    """A function that is called twice, with a known flag and with one that is fed."""
    weight = variable("w", [4, 4])

    @tf.function
    def layer(y, is_training, rate):
        y = tf.matmul(y, weight)
        y = tf.cond(is_training, lambda: tf.nn.relu(y) + 1.0, lambda: tf.tanh(y))
        return tf.nn.dropout(y, rate=rate, seed=1)

    rate = tf1.placeholder(tf.float32, [], name="rate")
    return layer(layer(x, flag(), rate), tf.reduce_sum(x) > 0.0, rate)


def switch_case(x):
    index = tf1.placeholder(tf.int32, [], name="index")
    net = dense(x, "a")
    return tf.switch_case(index, [lambda: tf.tanh(net), lambda: tf.nn.relu(net), lambda: net * 2.0])


SETTINGS = {
    "batch_norm": {"is_training": False},
    "batch_norm+": {"is_training": True},
    "fused": {"keras_learning_phase": False, "other": True},
    "dropout_old": {"keep_prob": 1.0},
    "dropout": {"keep_prob": 1.0},
    "dropout_rate": {"rate": 0.0},
    "dropout_in_branch": {"is_training": False},
    "nested": {"outer": True, "inner": False},
    "nested+": {"outer": False, "inner": False},
    "inner_only": {"inner": True},
    "outer_only": {"outer": True},
    "outer_only+": {"outer": False},
    "in_loop": {"is_training": False},
    "in_loop+": {"is_training": True},
    "rnn": {"keep_prob": 1.0},
    "case": {"is_training": True},
    "functions": {"is_training": False, "rate": 0.0},
    "switch_case": {"index": 1},
    "switch_case+": {"index": 7},
}


def settings():
    """The nets, each with the values of its inputs; a name with + is the net once more."""
    return SETTINGS


def make(net, prefix, resource, v2):
    """Build a net and save it with values, with variables and conditions of either kind; what it is made of."""
    was_v2 = tf1.control_flow_v2_enabled()
    (tf1.enable_control_flow_v2 if v2 else tf1.disable_control_flow_v2)()
    try:
        with tf.Graph().as_default() as graph:
            x = tf1.placeholder(tf.float32, [None, 4], name="x")
            with tf1.variable_scope("net", use_resource=resource, auxiliary_name_scope=False):
                tf.identity(globals()[net.rstrip("+")](x), name="output")
            saver = tf1.train.Saver()
            with running.session(graph) as session:
                session.run(tf1.global_variables_initializer())
                saver.save(session, prefix)
    finally:
        # Whoever builds nets in this process next builds them as before.
        (tf1.enable_control_flow_v2 if was_v2 else tf1.disable_control_flow_v2)()
    return sorted({op.type for op in graph.get_operations()})


def run(prefix, feeds, gradients=False):
    """What the graph at a prefix gives for some input, as bits; with gradients, those of its variables too."""
    graph, saver = running.restored(prefix)
    with graph.as_default(), running.session(graph) as session:
        saver.restore(session, prefix)
        fed = {graph.get_tensor_by_name(name + ":0"): value for name, value in feeds.items()}
        fed[graph.get_tensor_by_name("x:0")] = np.linspace(-1, 2, 12, dtype=np.float32).reshape(3, 4)
        output = graph.get_tensor_by_name("output:0")
        fetches = [output]
        if gradients:
            found = tf1.gradients(output, tf1.trainable_variables())
            fetches += [each for each in found if each is not None]
        return [[value.tolist(), running.bits(value)] for value in session.run(fetches, fed)]


def again(prefix, other):
    """Import and restore the graph at a prefix, and save it at another."""
    graph, saver = running.restored(prefix)
    with graph.as_default(), running.session(graph) as session:
        saver.restore(session, prefix)
        saver.save(session, other)


def frozen(path, output, feeds):
    """What a frozen graph gives for some input, a placeholder of its own, and for the feeds, as bits."""
    graph = running.imported(path)
    fed = {graph.get_tensor_by_name(name + ":0"): value for name, value in feeds.items()}
    for tensor in running.placeholders(graph):
        if tensor.name.split(":")[0] not in feeds:
            shape = [size or 3 for size in tensor.shape.as_list()]
            fed[tensor] = np.random.RandomState(0).uniform(-1, 1, shape).astype(tensor.dtype.as_numpy_dtype)
    with running.session(graph) as session:
        return running.bits(session.run(output + ":0", fed))
