"""Loops and conditionals of TensorFlow 2, lowered to those of version 1 when it froze them, and their gradients."""

import os

import loop_training
import numpy as np
import running
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

tf1 = tf.compat.v1


class Weights:
    """Two kernels."""

    def __init__(self):
        random = np.random.RandomState(1)
        self.trainable_variables = [tf.Variable(random.randn(4, 4).astype("f") * 0.4, name=name) for name in "ab"]
        self.a, self.b = self.trainable_variables


def loop(body, first, count=3):
    return tf.while_loop(lambda i, _: i < count, lambda i, v: (i + 1, body(i, v)), (tf.constant(0), first))[1]


def cond(w, limit=0.0):
    return lambda x: tf.cond(tf.reduce_sum(x) > limit, lambda: tf.matmul(x, w.a), lambda: tf.tanh(tf.matmul(x, w.b)))


def cond_in_while(w):
    even, odd = lambda v: tf.tanh(tf.matmul(v, w.a)), lambda v: tf.sin(tf.matmul(v, w.b))
    return lambda x: loop(lambda i, v: tf.cond(tf.equal(i % 2, 0), lambda: even(v), lambda: odd(v)), x)


def passing_in_while(w):
    """One branch hands on what it gets."""
    even = lambda v: tf.tanh(tf.matmul(v, w.a))  # noqa: E731
    return lambda x: loop(lambda i, v: tf.cond(tf.equal(i % 2, 0), lambda: even(v), lambda: v), tf.matmul(x, w.b))


def while_in_cond(w):
    return lambda x: tf.cond(
        tf.reduce_sum(x) > -100.0, lambda: loop(lambda _, v: tf.tanh(tf.matmul(v, w.a)), x), lambda: tf.matmul(x, w.b)
    )


def nested(w):
    inner = lambda v: loop(lambda _, u: tf.tanh(tf.matmul(u, w.a)), v, 2)  # noqa: E731
    return lambda x: loop(lambda _, v: tf.tanh(tf.matmul(inner(v), w.b)), x)


def nested_cond(w):
    return lambda x: tf.cond(tf.reduce_sum(x) > -100.0, lambda: cond(w, 1.0)(x), lambda: tf.matmul(x, w.b))


PLAIN = {
    "cond": cond, "cond_false": lambda w: cond(w, 100.0), "cond_in_while": cond_in_while,
    "passing_in_while": passing_in_while, "while_in_cond": while_in_cond, "nested": nested, "nested_cond": nested_cond,
}  # fmt: skip


def keras(name):
    """A recurrent net of Keras, with random biases so that all its weights can be told apart."""
    layers = [tf.keras.Input([4, 3])]
    if name == "keras_lstm":
        layers.append(tf.keras.layers.LSTM(5))
    else:
        layers += [tf.keras.layers.Masking(), tf.keras.layers.Bidirectional(tf.keras.layers.GRU(4))]
    net = tf.keras.Sequential([*layers, tf.keras.layers.Dense(2)])
    random = np.random.RandomState(3)
    net.set_weights([random.randn(*value.shape).astype("f") * 0.4 for value in net.get_weights()])
    return net


def make(net, directory):
    """Freeze a net with its control flow lowered; return its path, the output, and a file of weights and gradients."""
    shape = [2, 4] if net in PLAIN else [2, 4, 3]
    weights = Weights() if net in PLAIN else keras(net)
    call = PLAIN[net](weights) if net in PLAIN else weights
    traced = tf.function(call).get_concrete_function(tf.TensorSpec(shape, tf.float32, name="input"))
    frozen = convert_variables_to_constants_v2(traced, lower_control_flow=True)
    pb, path = (os.path.join(directory, net + suffix) for suffix in (".pb", ".npz"))
    with open(pb, "wb") as file:
        file.write(frozen.graph.as_graph_def().SerializeToString(deterministic=True))
    x = running.filler("float32", shape, 7)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(call(tf.constant(x)) - 0.5))
    found = tape.gradient(loss, weights.trainable_variables)
    kept = {"input": x}
    for number, (variable, gradient) in enumerate(zip(weights.trainable_variables, found)):
        kept["weight/%d" % number] = variable.numpy()
        kept["gradient/%d" % number] = np.zeros(variable.shape) if gradient is None else np.asarray(gradient)
    np.savez(path, **kept)
    return {"pb": pb, "output": frozen.outputs[0].name, "gradients": path}


def compare(prefix, output, gradients):
    """Take the gradients in v1 mode of what was unfrozen; return by weight how far they are from those of the tape.

    A weight is told by its value; one that is not found is at infinity.
    """
    wanted = np.load(gradients)
    with loop_training.version_1(), tf.Graph().as_default() as graph:
        saver = tf1.train.import_meta_graph(prefix + ".meta")
        loss = tf.reduce_mean(tf.square(graph.get_tensor_by_name(output) - 0.5))
        variables = tf1.trainable_variables()
        found = tf1.gradients(loss, variables)
        pairs = [(each, gradient) for each, gradient in zip(variables, found) if gradient is not None]
        with running.session(graph) as session:
            saver.restore(session, prefix)
            values = session.run([tf.convert_to_tensor(each) for each, _ in pairs])
            values = list(zip(values, session.run([each for _, each in pairs], {"input:0": wanted["input"]})))
    answer = {}
    for key in [key for key in wanted if key.startswith("weight/")]:
        mine = [gradient for value, gradient in values if np.array_equal(value, wanted[key])]
        true = wanted[key.replace("weight/", "gradient/")]
        scale = max(float(np.max(np.abs(true))), 1e-30)
        answer[key] = float(np.max(np.abs(sum(mine) - true))) / scale if mine else float("inf")
    return answer
