"""Nets with loops and conditionals of version 1, each as TensorFlow 1.15 builds it: all weights train through them.

A net is a function without arguments that builds an output from placeholders; the variable scope around it decides of
which kind its variables are. Those of ``contrib`` and of Keras are in `loop_nets_v1`. Runs on TensorFlow 2 too.
"""

import tensorflow as tf

tf1 = tf.compat.v1


def weight(name, *shape):
    return tf1.get_variable(name, shape)


def rows(width=4):
    return tf1.placeholder(tf.float32, [2, width], "input")


def loop(body, first, count=3, **options):
    """Run a body of one variable some times."""
    return tf1.while_loop(lambda i, _: i < count, lambda i, v: (i + 1, body(v)), (tf.constant(0), first), **options)[1]


def nested():
    outer, inner = weight("outer", 4, 4), weight("inner", 4, 4)

    def body(state):
        return tf.tanh(tf.matmul(loop(lambda v: tf.tanh(tf.matmul(v, inner)), state, 2), outer))

    return loop(body, rows())


def cond():
    first, second = weight("first", 4, 4), weight("second", 4, 4)
    x = rows()
    return tf1.cond(tf.reduce_sum(x) > 0.0, lambda: tf.matmul(x, first), lambda: tf.tanh(tf.matmul(x, second)))


def nested_cond():
    kernels = [weight(name, 4, 4) for name in ("first", "second", "third")]
    x = rows()
    total = tf.reduce_sum(x)
    inner = lambda: tf1.cond(total > 1.0, lambda: tf.matmul(x, kernels[0]), lambda: tf.matmul(x, kernels[1]))  # noqa: E731
    return tf1.cond(total > -100.0, lambda: tf.tanh(inner()), lambda: tf.matmul(x, kernels[2]))


def cond_in_while():
    even, odd = weight("even", 4, 4), weight("odd", 4, 4)

    def body(i, v):
        made = tf1.cond(tf.equal(i % 2, 0), lambda: tf.tanh(tf.matmul(v, even)), lambda: tf.sin(tf.matmul(v, odd)))
        return i + 1, made

    return tf1.while_loop(lambda i, _: i < 3, body, (tf.constant(0), rows()))[1]


def while_in_cond():
    kernel, other = weight("kernel", 4, 4), weight("other", 4, 4)
    x = rows()
    looped = lambda: loop(lambda v: tf.tanh(tf.matmul(v, kernel)), x)  # noqa: E731
    return tf1.cond(tf.reduce_sum(x) > -100.0, looped, lambda: tf.matmul(x, other))


def cond_mixed():
    """A branch that hands on, one that is a constant, and a predicate of two conditionals."""
    kernel, bias = weight("kernel", 4, 4), weight("bias", 4)
    x = rows()
    net = tf.matmul(x, kernel)
    pred = tf.reduce_sum(x) > -100.0
    net = tf1.cond(pred, lambda: net, lambda: tf.zeros([2, 4]))
    return tf1.cond(pred, lambda: net + bias, lambda: net * 2.0)


def map_fn():
    kernel = weight("kernel", 4, 4)
    return tf.map_fn(lambda row: tf.tanh(tf.linalg.matvec(kernel, row)), rows())


def scan():
    kernel = weight("kernel", 4, 4)
    x = tf1.placeholder(tf.float32, [5, 4], "input")
    return tf.scan(lambda state, row: tf.tanh(tf.linalg.matvec(kernel, state) + row), x, initializer=tf.zeros([4]))


def embedding():
    """A lookup in the loop, whose gradients are IndexedSlices."""
    table, kernel = weight("table", 6, 4), weight("kernel", 4, 4)
    indices = tf1.placeholder(tf.int32, [3, 2], "input")

    def body(i, state):
        return i + 1, tf.tanh(tf.matmul(state, kernel) + tf.nn.embedding_lookup(table, indices[i]))

    return tf1.while_loop(lambda i, _: i < 3, body, (tf.constant(0), tf.zeros([2, 4])))[1]


def array_loop():
    """A TensorArray that is written in a loop, whose tensors are swapped out and whose iterations are limited."""
    kernel = weight("kernel", 4, 4)

    def body(i, state, array):
        state = tf.tanh(tf.matmul(state, kernel))
        return i + 1, state, array.write(i, state)

    first = (tf.constant(0), rows(), tf.TensorArray(tf.float32, 4))
    options = {"swap_memory": True, "maximum_iterations": 4}
    array = tf1.while_loop(lambda i, *_: i < 10, body, first, **options)[2]
    return array.stack()


NETS = {
    "nested": nested, "cond": cond, "nested_cond": nested_cond, "cond_in_while": cond_in_while,
    "while_in_cond": while_in_cond, "cond_mixed": cond_mixed, "map_fn": map_fn, "scan": scan, "embedding": embedding,
    "array_loop": array_loop,
}  # fmt: skip
