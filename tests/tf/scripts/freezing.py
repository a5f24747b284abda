"""TensorFlow's own freezing, on a meta graph and its checkpoint."""

import importlib.util

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


def freeze_graph(**flags):
    """TensorFlow's own tool, as a function; unknown flags of old versions are given under the names they had."""
    from tensorflow.python.tools import freeze_graph as tool

    defaults = {
        "input_graph": "", "input_saver": "", "input_binary": True, "input_checkpoint": "", "output_node_names": "",
        "restore_op_name": "save/restore_all", "filename_tensor_name": "save/Const:0", "output_graph": "",
        "clear_devices": True, "initializer_nodes": "",
    }  # fmt: skip
    if "variable_names_denylist" in flags and "1." in tf.__version__[:2]:
        flags["variable_names_blacklist"] = flags.pop("variable_names_denylist")
    with tf.Graph().as_default():
        tool.freeze_graph(**dict(defaults, **flags))


def parts(prefix, directory):
    """Write the graph of a meta graph as binary and text GraphDef, and its saver."""
    import os

    from google.protobuf import text_format

    meta = meta_graph_pb2.MetaGraphDef()
    with open(prefix + ".meta", "rb") as file:
        meta.ParseFromString(file.read())
    with open(os.path.join(directory, "graph.pb"), "wb") as file:
        file.write(meta.graph_def.SerializeToString())
    with open(os.path.join(directory, "graph.pbtxt"), "w") as file:
        file.write(text_format.MessageToString(meta.graph_def))
    with open(os.path.join(directory, "saver.pb"), "wb") as file:
        file.write(meta.saver_def.SerializeToString())
    with open(os.path.join(directory, "saver.pbtxt"), "w") as file:
        file.write(text_format.MessageToString(meta.saver_def))


def saved_model(prefix, directory, outputs):
    """Write a meta graph and its checkpoint as a SavedModel."""
    with tf.Graph().as_default() as graph:
        saver = tf1.train.import_meta_graph(prefix + ".meta")
        with tf1.Session() as session:
            saver.restore(session, prefix)
            tensors = {name.replace("/", "_").replace(":", "_"): graph.get_tensor_by_name(name) for name in outputs}
            inputs = {
                op.name.replace("/", "_"): op.outputs[0] for op in graph.get_operations() if op.type == "Placeholder"
            }
            tf1.saved_model.simple_save(session, directory, inputs, tensors)


def compare(prefix, outputs, package):
    """Freeze in this process, with TensorFlow's function and with ours, from whatever ours takes."""
    import sys

    sys.path.insert(0, package)
    try:
        from graphsurgeon.compat.graph_util import convert_variables_to_constants
    finally:
        sys.path.remove(package)

    meta = meta_graph_pb2.MetaGraphDef()
    with open(prefix + ".meta", "rb") as file:
        meta.ParseFromString(file.read())
    with tf.Graph().as_default():
        saver = tf1.train.import_meta_graph(prefix + ".meta")
        with tf1.Session() as session:
            saver.restore(session, prefix)
            theirs = tf1.graph_util.convert_variables_to_constants(session, meta.graph_def, outputs)
            ours = {"session": convert_variables_to_constants(session, meta.graph_def, outputs)}
    reader = tf1.train.NewCheckpointReader(prefix)
    values = {key: reader.get_tensor(key) for key in reader.get_variable_to_shape_map()}
    ours["mapping"] = convert_variables_to_constants(values, meta.graph_def, outputs)
    # Reading checkpoints takes a package that TensorFlow does not bring along.
    checkpoints = importlib.util.find_spec("crc32c") is not None
    if checkpoints:
        from graphsurgeon.compat.freeze_graph import freeze_graph_with_def_protos

        ours["checkpoint"] = convert_variables_to_constants(prefix, meta.graph_def, outputs)
        ours["def_protos"] = freeze_graph_with_def_protos(
            None, None, prefix, ",".join(outputs), None, None, "", False, "", input_meta_graph_def=meta
        )
    answer = {key: value == theirs for key, value in ours.items()}
    answer["checkpoints"] = checkpoints
    answer["kind"] = all(type(value) is type(theirs) for value in ours.values())
    return answer


def as_v1(prefix, path):
    """Save the values of a checkpoint again, in the V1 format and with the same graph beside them."""
    import shutil

    with tf.Graph().as_default():
        saver = tf1.train.import_meta_graph(prefix + ".meta")
        with tf1.Session() as session:
            saver.restore(session, prefix)
            tf1.train.Saver(write_version=1).save(session, path, write_meta_graph=False)
    shutil.copy(prefix + ".meta", path + ".meta")
