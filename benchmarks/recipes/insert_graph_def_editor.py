"""Put a StopGradient behind the last hidden layer of a frozen graph, with CODAIT's graph_def_editor.

Usage: python insert_graph_def_editor.py FROZEN.pb OUT.pb, with TensorFlow 1.15 and graph_def_editor.
"""

import sys

import graph_def_editor
import tensorflow as tf


def main(source, target):
    graph_def = tf.GraphDef()
    with open(source, "rb") as file:
        graph_def.ParseFromString(file.read())
    graph = graph_def_editor.Graph(graph_def)
    product = [node for node in graph.nodes if node.op_type == "MatMul"][-1]
    hidden = product.inputs[0]
    readers = list(hidden.consumers())
    stop = graph.add_node("stop", "StopGradient")
    stop.add_attr("T", tf.float32)
    stop.set_inputs([hidden])
    stop.infer_outputs()
    graph_def_editor.reroute_ts([stop.outputs[0]], [hidden], can_modify=readers)
    with open(target, "wb") as file:
        file.write(graph.to_graph_def().SerializeToString())


if __name__ == "__main__":
    main(*sys.argv[1:])
