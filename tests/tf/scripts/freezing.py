"""TensorFlow's own freezing, on a meta graph and its checkpoint."""

import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2

tf1 = tf.compat.v1


def freeze(prefix, outputs, path, only=None, without=None):
    """What freeze_graph does with ``--input_meta_graph``: convert the GraphDef as it is in the file."""
    meta = meta_graph_pb2.MetaGraphDef()
    with open(prefix + ".meta", "rb") as file:
        meta.ParseFromString(file.read())
    with tf.Graph().as_default():
        saver = tf1.train.import_meta_graph(prefix + ".meta")
        with tf1.Session() as session:
            saver.restore(session, prefix)
            outputs = [name.split(":")[0] for name in outputs]
            frozen = tf1.graph_util.convert_variables_to_constants(session, meta.graph_def, outputs, only, without)
    with open(path, "wb") as file:
        file.write(frozen.SerializeToString(deterministic=True))
