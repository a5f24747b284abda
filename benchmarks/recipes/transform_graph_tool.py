"""Run the Graph Transform Tool on a frozen graph.

Usage: python transform_graph_tool.py FROZEN.pb OUT.pb INPUT OUTPUT TRANSFORMS, with TensorFlow 1.15 or 2.21, which
still has the tool inside.
"""

import sys

import tensorflow as tf


def main(source, target, inputs, outputs, transforms):
    with open(source, "rb") as file:
        content = file.read()
    if tf.__version__.startswith("1."):
        from tensorflow.tools.graph_transforms import TransformGraph

        graph_def = tf.GraphDef()
        graph_def.ParseFromString(content)
        result = TransformGraph(graph_def, [inputs], [outputs], [transforms]).SerializeToString()
    else:
        from tensorflow.python.util import _pywrap_transform_graph

        result = _pywrap_transform_graph.TransformGraphWithStringInputs(content, inputs, outputs, transforms)
    with open(target, "wb") as file:
        file.write(result)


if __name__ == "__main__":
    main(*sys.argv[1:])
