"""A script for NVIDIA's graphsurgeon, run with ours in the process of TensorFlow: its graphs, and messages of its own.

Arguments: the project's directory, a directory to write in. Prints what came out.
"""

import json
import os
import sys

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import graph_pb2

tf1 = tf.compat.v1


def main(root, directory):
    sys.path.insert(0, root)
    import graphsurgeon.compat.nvidia as gs

    with tf.Graph().as_default() as graph:
        x = tf1.placeholder(tf.float32, [2, 3], name="x")
        with tf1.name_scope("act"):
            y = tf.minimum(tf.maximum(tf.identity(x), 0.0), 6.0)
        tf.identity(tf.identity(y) * 2.0, name="out")
    dynamic = gs.DynamicGraph(graph)
    dynamic.forward_inputs(dynamic.find_nodes_by_op("Identity"))
    # An op of TensorFlow's, so that what comes out runs.
    clip = gs.create_plugin_node("clip", op="Relu6", T=tf.float32)
    dynamic.collapse_namespaces({"act": clip})
    dynamic.append(gs.create_node("two", "Const", value=np.float32([2, 2, 2]), trt_plugin=False))
    dynamic.append(gs.create_node("more", "Mul", inputs=["out", "two"], T=tf.float32))
    path = os.path.join(directory, "out.pb")
    dynamic.write(path)
    made = dynamic.as_graph_def()
    with tf.Graph().as_default(), tf1.Session() as session:
        tf1.import_graph_def(gs.StaticGraph(path).as_graph_def(), name="")
        value = session.run("more:0", {"x:0": [[-1, 2, 9], [3, 7, 0]]})
    return {
        "is_tensorflows": isinstance(made, graph_pb2.GraphDef) and isinstance(clip, type(made.node[0])),
        "clip": list(dynamic["clip"].input),
        "outputs": [node.name for node in dynamic.graph_outputs],
        "value": value.tolist(),
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
