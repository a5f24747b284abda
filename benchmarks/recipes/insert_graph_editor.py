"""Put a StopGradient behind the last hidden layer of a frozen graph, with tf.contrib.graph_editor.

Usage: python insert_graph_editor.py FROZEN.pb OUT.pb, with TensorFlow 1.15.
"""

import sys

import tensorflow as tf
from tensorflow.contrib import graph_editor


def main(source, target):
    graph_def = tf.GraphDef()
    with open(source, "rb") as file:
        graph_def.ParseFromString(file.read())
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
        product = [op for op in graph.get_operations() if op.type == "MatMul"][-1]
        hidden = product.inputs[0]
        readers = hidden.consumers()
        stop = tf.stop_gradient(hidden, name="stop")
        graph_editor.reroute_ts([stop], [hidden], can_modify=readers)
        with open(target, "wb") as file:
            file.write(graph.as_graph_def().SerializeToString())


if __name__ == "__main__":
    main(*sys.argv[1:])
