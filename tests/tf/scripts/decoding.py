"""What TensorFlow makes of a TensorProto: the value that a Const with it has when it runs."""

import json

import numpy as np
import running
import tensorflow as tf

tf1 = tf.compat.v1


def constants(path):
    """For every hex-coded TensorProto of a JSON file, ``[shape, hex of its raw values]``, or ``{"refused": why}``."""
    with open(path) as file:
        protos = json.load(file)
    return {name: constant(bytes.fromhex(text)) for name, text in protos.items()}


def constant(raw):
    graph_def = tf1.GraphDef()
    node = graph_def.node.add(name="c", op="Const")
    try:
        node.attr["value"].tensor.ParseFromString(raw)
        node.attr["dtype"].type = node.attr["value"].tensor.dtype
        graph = tf.Graph()
        with graph.as_default():
            tf1.import_graph_def(graph_def, name="")
        with running.session(graph) as session:
            value = session.run("c:0")
            value = np.asarray(value, dtype=object if isinstance(value, bytes) else None)
    except Exception as error:
        return {"refused": "%s: %s" % (type(error).__name__, str(error)[:200])}
    if value.dtype == object:
        return [list(value.shape), [item.hex() for item in value.ravel().tolist()]]
    return [list(value.shape), np.ascontiguousarray(value).tobytes().hex()]
