"""Whether TensorFlow imports a meta graph, restores its checkpoint and saves it again."""

from __future__ import annotations

import os
import tempfile

import tensorflow.compat.v1 as tf


def outcome(meta, prefix):
    """Return the step at which TensorFlow fails and why, or two empty strings."""
    step = "import"
    try:
        with tf.Graph().as_default(), tf.Session() as session:
            saver = tf.train.import_meta_graph(meta, clear_devices=True)
            step = "restore"
            saver.restore(session, prefix)
            step = "save"
            saver.save(session, os.path.join(tempfile.mkdtemp(), "m"))
    except Exception as error:  # whatever TensorFlow raises is the answer
        return [step, "%s: %s" % (type(error).__name__, str(error)[:600])]
    return ["", ""]


def served(directory):
    """Return why TensorFlow cannot load a SavedModel or fetch what its signatures name; empty when it can."""
    try:
        with tf.Graph().as_default() as graph, tf.Session() as session:
            meta = tf.saved_model.loader.load(session, ["serve"], directory)
            for signature in meta.signature_def.values():
                for info in list(signature.inputs.values()) + list(signature.outputs.values()):
                    graph.get_tensor_by_name(info.name)
    except Exception as error:  # whatever TensorFlow raises is the answer
        return "%s: %s" % (type(error).__name__, str(error)[:600])
    return ""
