"""Unfreeze as TensorFlow 2.x users do, without graph_editor: import the graph with its constants mapped to variables.

Usage: python unfreeze_import_map.py FROZEN.pb PREFIX, with TensorFlow 2.x.
"""

import sys

import tensorflow as tf

tf1 = tf.compat.v1


def main(source, prefix):
    tf1.disable_eager_execution()
    graph_def = tf1.GraphDef()
    with open(source, "rb") as file:
        graph_def.ParseFromString(file.read())
    with tf1.Session() as session:
        values, replaced = [], {}
        for node in graph_def.node:
            if node.op != "Const" or node.attr["dtype"].type != tf.float32.as_datatype_enum:
                continue
            value = tf.make_ndarray(node.attr["value"].tensor)
            if value.size > 2:
                variable = tf1.get_variable(
                    node.name, shape=value.shape, initializer=tf1.zeros_initializer(), use_resource=False
                )
                values.append((variable, value))
                replaced[node.name + ":0"] = tf1.identity(variable)
        tf1.import_graph_def(graph_def, input_map=replaced, name="graph")
        for variable, value in values:
            variable.load(value, session)
        saver = tf1.train.Saver()
        try:
            saver.save(session, prefix)
        except ValueError:  # a graph that still carries its weights is past protobuf's limit: no .meta then
            saver.save(session, prefix, write_meta_graph=False)


if __name__ == "__main__":
    main(*sys.argv[1:3])
