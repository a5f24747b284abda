"""Graphs with functions, frozen in this process by TensorFlow's `convert_variables_to_constants` and by ours.

A net returns its outputs; variables are resource variables unless they are said to be references, control flow is that
of TensorFlow 2.
"""

import re
import sys

import tensorflow as tf
from google.protobuf import text_format
from tensorflow.python.framework import function as defuns

tf1 = tf.compat.v1


def variable(name, is_resource=True):
    return tf1.get_variable(name, [2], initializer=tf1.ones_initializer(), use_resource=is_resource)


def reference(name):
    return variable(name, is_resource=False)


def fed():
    return tf1.placeholder(tf.float32, [2], name="x")


def called_twice():
    v, w = variable("v"), variable("w")
    f = tf.function(lambda x: x * v + w, autograph=False)
    return [f(f(fed()))]


def calls_in_calls():
    v, w = variable("v"), variable("w")
    inner = tf.function(lambda x: x * v, autograph=False)
    outer = tf.function(lambda x: inner(x) + w + inner(x + 1), autograph=False)
    return [outer(fed())]


def one_branch_reads():
    v, w, x = variable("v"), variable("w"), fed()
    return [tf1.cond(tf.reduce_sum(x) > 0, v.read_value, lambda: x * w)]


def branches_are_variables():
    """The read is what the branch returns: TensorFlow leaves ``ret`` at an output that an Identity does not have."""
    v, w, x = variable("v"), variable("w"), fed()
    return [tf1.cond(tf.reduce_sum(x) > 0, lambda: v, lambda: w) * x]


def loop():
    v = variable("v")
    return [tf1.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * v), (0, fed()))[1]]


def cases():
    v, w, x = variable("v"), variable("w"), fed()
    number = tf1.placeholder_with_default(1, [], name="i")
    return [tf.switch_case(number, [lambda: x * v, lambda: x * w, lambda: x])]


def not_called():
    """A function that an output does not need, and what that calls, stay in the library."""
    v, x = variable("v"), fed()
    inner = tf.function(lambda x: x + 1, autograph=False)
    tf.function(lambda x: inner(x) * v, autograph=False)(x)
    return [tf.function(lambda x: x * v, autograph=False)(x)]


def numbered():
    """Names end in numbers, by which TensorFlow sorts them."""
    v, x = variable("v"), fed()
    for name in ("f_10", "f_9", "f", "a_10"):

        @defuns.Defun(tf.float32, func_name=name)
        def add(x):
            return x + 1

        x = add(x)
    return [tf.function(lambda x: x * v, autograph=False)(x)]


def gradient():
    v, x = variable("v"), fed()
    y = tf.function(lambda x: tf.nn.relu(x * v), autograph=False)(x)
    return [y, *tf1.gradients(y, x)]


def reads_are_returned():
    v = variable("v")
    a, b = tf.function(lambda x: (v.read_value(), x), autograph=False)(fed())
    return [a + b]


def defun():
    v, x = variable("v"), fed()

    @defuns.Defun(tf.float32)
    def scaled(x):
        return x * v

    return [tf.reshape(scaled(x), [2])]


def references_in_branches():
    """The functions take the same as before, and TensorFlow converts them all the same."""
    v, w, x = reference("v"), reference("w"), fed()
    return [tf1.cond(tf.reduce_sum(x) > 0, lambda: x * v, lambda: x + w)]


def references_in_loops():
    v, w, x = reference("v"), reference("w"), fed()

    def body(i, y):
        return i + 1, tf1.cond(i > 1, lambda: y * v, lambda: y + w)

    return [tf1.while_loop(lambda i, y: i < 3, body, (0, v))[1] + x]


def references_that_are_handed_on():
    v, x = reference("v"), fed()
    number = tf1.placeholder_with_default(1, [], name="i")
    f = tf.function(lambda a, b: a * b, autograph=False)
    return [tf.switch_case(number, [lambda: f(x, v), lambda: f(v, x), lambda: x])]


NETS = {
    each.__name__: each
    for each in (
        called_twice, calls_in_calls, one_branch_reads, branches_are_variables, loop, cases, not_called, numbered,
        gradient, reads_are_returned, defun, references_in_branches, references_in_loops,
        references_that_are_handed_on,
    )
}  # fmt: skip


def with_ranks(graph):
    """The graph with the numbers of converted functions as their ranks: TensorFlow counts on through a process."""
    text = text_format.MessageToString(graph)
    ranks = {number: rank for rank, number in enumerate(sorted({int(n) for n in re.findall(r"_frozen_(\d+)", text)}))}
    text = re.sub(r"_frozen_(\d+)", lambda found: "_frozen_%d" % ranks[int(found.group(1))], text)
    return text_format.Parse(text, type(graph)()).SerializeToString(deterministic=True)


def runs(graph, names):
    """The values of the outputs; None when TensorFlow does not take the graph."""
    try:
        with tf.Graph().as_default(), tf1.Session() as session:
            tf.import_graph_def(graph, name="")
            return [value.tolist() for value in session.run([name + ":0" for name in names], {"x:0": [1.0, 2.0]})]
    except (ValueError, tf.errors.InvalidArgumentError):
        return None


def compare(net, add_shapes, package):
    """Whether both results are the same bytes, and what each computes."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants as theirs

    sys.path.insert(0, package)
    try:
        from graphsurgeon.compat.graph_util import convert_variables_to_constants as ours
    finally:
        sys.path.remove(package)
    tf1.enable_control_flow_v2()
    try:
        with tf.Graph().as_default() as graph, tf1.Session() as session:
            outputs = [tf.identity(each, name="out_%d" % number) for number, each in enumerate(NETS[net]())]
            names = [each.op.name for each in outputs]
            session.run(tf1.global_variables_initializer())
            expected = [value.tolist() for value in session.run(outputs, {"x:0": [1.0, 2.0]})]
            given = graph.as_graph_def(add_shapes=add_shapes)
            made = [each(session, given, names) for each in (theirs, ours)]
    finally:
        tf1.disable_control_flow_v2()
    return {
        "same": with_ranks(made[0]) == with_ranks(made[1]),
        "expected": expected,
        "theirs": runs(made[0], names),
        "ours": runs(made[1], names),
        "functions": [each.signature.name for each in made[1].library.function],
    }
