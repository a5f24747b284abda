"""Frozen graphs with something odd in them, one oddity each. Run on TensorFlow 1.15 and 2.x alike.

Each function builds into the default graph and returns its outputs. ``weight`` makes a constant as freezing leaves it:
with the ``/read`` Identity, colocated, that once read the variable.
"""

import os

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1
RANDOM = np.random.RandomState(5)


def values(shape, dtype=np.float32):
    return (RANDOM.standard_normal(shape) * 0.5).astype(dtype)


def weight(name, shape, dtype=np.float32):
    """A frozen variable and its read; returns the read."""
    constant = tf1.constant(values(shape, dtype), name=name)
    with tf1.colocate_with(constant.op):
        return tf1.identity(constant, name=name + "/read")


def vector():
    return tf1.placeholder(tf.float32, [2, 4], "input")


def control_inputs():
    """A weight that waits for another node, as a variable made under ``control_dependencies`` leaves it."""
    net = vector()
    with tf1.control_dependencies([net]):
        kernel = weight("kernel", [4, 3])
    return [tf1.matmul(net, kernel, name="output")]


def in_frame():
    """A constant made inside a loop's body: it lives in the loop's frame."""
    net = vector()

    def body(step, value):
        return step + 1, tf.tanh(tf1.matmul(value, tf1.constant(values([4, 4]), name="inner_kernel")))

    outer = tf1.matmul(net, weight("outer", [4, 4]))
    return [tf1.identity(tf1.while_loop(lambda step, _: step < 3, body, [tf1.constant(0), outer])[1], name="output")]


def in_branch():
    """A constant made inside a branch: it has a control input on the branch's pivot."""
    net, flag = vector(), tf1.placeholder(tf.bool, [], "flag")
    yes = lambda: tf1.matmul(net, tf1.constant(values([4, 3]), name="inner_kernel"))  # noqa: E731
    no = lambda: tf1.matmul(net, outer)  # noqa: E731
    outer = weight("outer", [4, 3])
    return [tf1.identity(tf1.cond(flag, yes, no), name="output")]


def is_output():
    """A constant that callers fetch by its own name, besides being read."""
    kernel = tf1.constant(values([4, 3]), name="kernel")
    return [tf1.matmul(vector(), kernel, name="output"), kernel]


def no_read():
    """Weights without any fingerprint, read straight by their consumers."""
    net = tf1.matmul(vector(), tf1.constant(values([4, 5]), name="dense/kernel"))
    net = tf.nn.bias_add(net, tf1.constant(values([5]), name="dense/bias"))
    net = tf.nn.relu(tf.reshape(net, [-1, 5, 1, 1]))
    net = tf1.nn.conv2d(net, tf1.constant(values([3, 1, 1, 2]), name="conv/kernel"), [1, 1, 1, 1], "SAME")
    return [tf1.identity(net, name="output")]


def many_kinds():
    """One constant read as a weight, as a shape, as values, by a gather, by a control edge and twice by one node."""
    net, kernel = vector(), tf1.constant(values([4, 4]), name="kernel")
    read = tf1.identity(kernel, name="kernel/read")
    with tf1.control_dependencies([kernel]):
        late = tf1.identity(net, name="late")
    first = tf1.matmul(late, read) + tf1.gather(kernel, 2)
    second = tf1.matmul(net, kernel) * tf1.cast(tf1.shape(kernel)[0], tf.float32)
    return [tf1.add(first, second, name="output"), tf1.add(kernel, kernel, name="twice")]


def names():
    """Names that end in /read and /Assign, and others that already hold the names a variable's nodes would take."""
    net = tf1.matmul(vector(), weight("a/read", [4, 4]))
    net = tf.nn.bias_add(net, weight("b/Assign", [4]))
    taken = tf1.constant(values([4, 4]), name="c")
    net = tf1.matmul(tf1.nn.relu(net, name="c/read"), tf1.identity(taken, name="c/elsewhere"))
    net = tf1.identity(net, name="c/Assign")
    net = tf.nn.bias_add(net, weight("d", [4]))
    tf1.no_op(name="d/Assign")
    tf1.no_op(name="d/Initializer/zeros")
    return [tf1.identity(net, name="output")]


def saver_scope():
    """A model that calls its own scope ``save``, down to the names of a saver's nodes."""
    net = tf1.matmul(vector(), weight("save/SaveV2", [4, 4]))
    net = tf.nn.bias_add(net, weight("save/restore_all", [4]))
    return [tf1.identity(net + tf1.constant(1.5, name="save/Const"), name="output")]


def characters():
    """Every character that TensorFlow allows in a name."""
    net = tf1.matmul(vector(), weight("0.tower/my-layer.v1/w", [4, 4]))
    net = tf1.matmul(net, weight("Scope/sub-scope_1/k.e-r_n.e-l", [4, 4]))
    if not tf.__version__.startswith("1."):
        net = tf.nn.bias_add(net, weight("a>b/c", [4]))
    return [tf1.identity(net, name="output.1-a/b")]


def holds_variables():
    """A graph that was frozen in part: one weight is a constant, another still a variable with its initializer."""
    net = vector()
    left = tf1.get_variable("left", [4, 3], initializer=tf1.ones_initializer(), use_resource=False)
    tf1.matmul(net, left, name="uses_left")
    return [tf1.matmul(net, weight("frozen", [4, 3]), name="output")]


def devices():
    """Constants and their reads placed on devices."""
    net = vector()
    with tf1.device("/device:CPU:0"):
        kernel = weight("kernel", [4, 4])
    with tf1.device("/job:localhost/replica:0/task:0/device:CPU:0"):
        bias = weight("bias", [4])
    return [tf.nn.bias_add(tf1.matmul(net, kernel), bias, name="output")]


def strings():
    """String tables beside a weight."""
    table = tf1.constant([b"zero", b"one", b"", b"\x00\xff"], name="labels")
    best = tf1.argmax(tf1.matmul(vector(), weight("kernel", [4, 4])), 1)
    return [tf1.gather(table, best, name="output")]


def sizes():
    """A scalar, an empty and a one-element weight, and one whose values are all alike (stored as a short list)."""
    net = tf1.matmul(vector(), weight("kernel", [4, 4])) * weight("scale", [])
    net = tf1.concat([net, tf1.matmul(tf1.zeros([2, 0]), weight("empty", [0, 4]))], 0)
    net = tf1.matmul(net, tf1.identity(tf1.constant(0.25, shape=[4, 4], name="alike"), name="alike/read"))
    return [tf1.add(net, weight("one", [1]), name="output")]


def nothing():
    """Shapes and hyper-parameters only: there is no weight in it."""
    net = tf1.reshape(vector(), [4, 2])
    return [tf1.multiply(tf1.transpose(net, [1, 0]), 0.5, name="output")]


def colocated():
    """Nodes colocated with a constant and with its read, and a control edge from the constant."""
    net, kernel = vector(), tf1.constant(values([4, 4]), name="kernel")
    with tf1.colocate_with(kernel.op):
        read = tf1.identity(kernel, name="kernel/read")
        near = tf1.matmul(net, read)
        with tf1.control_dependencies([kernel.op]):
            far = tf1.identity(near)
    return [tf1.identity(far, name="output")]


def quantized():
    """Weights kept in eight bits and dequantized before use, as quantize_weights leaves them."""
    codes = tf1.constant(RANDOM.randint(0, 255, [4, 3]).astype(np.uint8), name="kernel_quantized")
    codes = tf1.bitcast(codes, tf.quint8)
    low, high = tf1.constant(-1.0, name="kernel_min"), tf1.constant(1.0, name="kernel_max")
    return [tf1.matmul(vector(), tf1.quantization.dequantize(codes, low, high, "MIN_FIRST"), name="output")]


def tiny_floats():
    """Weights in 8-bit floats and 4-bit integers, cast before use. TensorFlow 2 only."""
    net = vector()
    for name in ("float8_e5m2", "float8_e4m3fn", "int4", "uint4"):
        dtype = getattr(tf.dtypes, name, None) or getattr(tf.dtypes.experimental, name)
        constant = tf1.constant(RANDOM.randint(0, 4, [4, 4]).astype(dtype.as_numpy_dtype), dtype, name=name)
        wider = tf1.cast(tf1.identity(constant, name=name + "/read"), tf.int8 if "int" in name else tf.float16)
        net = tf1.matmul(net, tf1.cast(wider, tf.float32))
    return [tf1.identity(net, name="output")]


def function_body():
    """A function with a constant in its body and a weight passed to it as an argument. TensorFlow 2 only."""

    @tf.function(autograph=False)
    def inner(value, kernel):
        return tf1.matmul(tf1.matmul(value, kernel), tf1.constant(values([4, 3]), name="inner_kernel"))

    return [tf1.identity(inner(vector(), weight("outer", [4, 4])), name="output")]


CASES = {
    function.__name__: function
    for function in (
        control_inputs, in_frame, in_branch, is_output, no_read, many_kinds, names, saver_scope, characters,
        holds_variables, devices, strings, sizes, nothing, colocated, quantized, tiny_floats, function_body,
    )
}  # fmt: skip


def make(case, directory, control_flow_v2=False):
    """Build one case and write it to ``<case>.pb``; returns ``{"pb", "outputs"}``."""
    RANDOM.seed(5)
    was_v2 = tf1.control_flow_v2_enabled()
    (tf1.enable_control_flow_v2 if control_flow_v2 else tf1.disable_control_flow_v2)()
    graph = tf.Graph()
    with graph.as_default():
        outputs = [tensor.name for tensor in CASES[case]()]
    (tf1.enable_control_flow_v2 if was_v2 else tf1.disable_control_flow_v2)()
    path = os.path.join(directory, case + ".pb")
    with open(path, "wb") as file:
        file.write(graph.as_graph_def().SerializeToString(deterministic=True))
    return {"pb": path, "outputs": outputs}
