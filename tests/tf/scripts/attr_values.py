"""What attrs of a graph hold, as TensorFlow has them once it has imported it."""

import tensorflow as tf


def held(path, asked):
    """Import a GraphDef; the attrs asked for, as pairs of node and attr, in TensorFlow's words."""
    graph_def = tf.compat.v1.GraphDef()
    with open(path, "rb") as file:
        graph_def.ParseFromString(file.read())
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
        return [_told(graph.get_operation_by_name(node).get_attr(attr)) for node, attr in asked]


def _told(value):
    if isinstance(value, (list, tuple)):
        return [_told(each) for each in value]
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, tf.DType):
        return value.name
    if hasattr(value, "tensor_content"):
        return (
            tf.make_ndarray(value).tolist()
            if hasattr(tf, "make_ndarray")
            else tf.contrib.util.make_ndarray(value).tolist()
        )
    return [dim.size if dim.size >= 0 else None for dim in value.dim]
