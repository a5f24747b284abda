"""Unfreeze as TensorFlow 1.x users do: evaluate each constant, make a variable of it, swap them with graph_editor.

Usage: python unfreeze_graph_editor.py FROZEN.pb PREFIX, with TensorFlow 1.15.
"""

import sys

import tensorflow as tf
from tensorflow.contrib import graph_editor


def weights(graph_def):
    """Names of the float constants that hold more than a scalar or two."""
    for node in graph_def.node:
        if node.op == "Const" and node.attr["dtype"].type == tf.float32.as_datatype_enum:
            value = node.attr["value"].tensor
            if len(value.tensor_content) + 4 * len(value.float_val) > 8:
                yield node.name


def variable_for(graph, name):
    """A variable with the value of constant `name`."""
    tensor = graph.get_tensor_by_name(name + ":0")
    with tf.Session(graph=graph) as session:
        value = session.run(tensor)
    return tf.get_variable(
        name + "_variable", shape=tensor.shape, dtype=tf.float32, initializer=tf.constant_initializer(value)
    )


def main(source, prefix):
    graph_def = tf.GraphDef()
    with open(source, "rb") as file:
        graph_def.ParseFromString(file.read())
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
        pairs = [(name, variable_for(graph, name)) for name in weights(graph_def)]
        for name, variable in pairs:
            read = graph.get_operation_by_name(variable.op.name + "/read")
            graph_editor.swap_outputs(graph_editor.sgv(graph.get_operation_by_name(name)), graph_editor.sgv(read))
        with tf.Session(graph=graph) as session:
            session.run(tf.global_variables_initializer())
            tf.train.Saver().save(session, prefix)


if __name__ == "__main__":
    main(*sys.argv[1:3])
