"""Gradients and an optimizer's steps through loops and conditionals of version 1.

`make` writes a net of `loop_nets` as its program would have saved it, contexts included, and frozen; `train` takes
gradients through what is restored, and puts them and the weights after some steps of Adam into a file that numpy reads.
"""

import os

import loop_nets
import making
import numpy as np
import running
import tensorflow as tf
import training

tf1 = tf.compat.v1


def make(net, directory, resource=False):
    """Build, save and freeze a net; return the facts of `making.frozen`, and the variables that train."""
    with version_1(), tf.Graph().as_default() as graph:
        with tf1.variable_scope(tf1.get_variable_scope(), use_resource=resource):
            output = find(net)()
        tf.identity(output, "output")
        facts = making.frozen(graph, net + ("-resource" if resource else ""), directory, ["output"], 4)
        facts["trainable"] = [item.op.name for item in tf1.trainable_variables()]
        return facts


def find(net):
    """A net by name; those of TensorFlow 1's own libraries are only imported when asked for."""
    if net not in loop_nets.NETS:
        import loop_nets_v1

        return loop_nets_v1.NETS[net]
    return loop_nets.NETS[net]


class version_1:
    """Loops and conditionals are of version 1 meanwhile, which TensorFlow 2 differentiates only so."""

    def __enter__(self):
        self.was_v2 = tf1.control_flow_v2_enabled()
        tf1.disable_control_flow_v2()

    def __exit__(self, *_):
        if self.was_v2:
            tf1.enable_control_flow_v2()


def known_ops():
    """Let TensorFlow 1 know the ops of contrib that nets are made of."""
    if tf.__version__.startswith("1."):
        import tensorflow.contrib.seq2seq  # noqa: F401


def train(prefix, outputs, path, trainable=None, scope="", steps=5):
    """Train the variables of those names, by default all that train, on a loss of outputs; write an ``.npz``.

    It holds ``losses``, ``gradient/NAME``, dense, and after the steps ``weight/NAME``. Returns the names without a
    gradient.
    """
    known_ops()
    with version_1(), tf.Graph().as_default() as graph:
        saver = tf1.train.import_meta_graph(prefix + ".meta", import_scope=scope or None)
        start = scope + "/" if scope else ""
        found = {item.op.name[len(start) :]: item for item in tf1.trainable_variables()}
        others = {item.op.name[len(start) :]: item for item in tf1.global_variables()}
        names = sorted(found) if trainable is None else sorted(trainable)
        items = [found.get(name, others.get(name)) for name in names]
        loss = training.squared(graph, [start + running.with_port(name) for name in outputs])
        gradients = tf1.gradients(loss, items)
        missing = [name for name, gradient in zip(names, gradients) if gradient is None]
        pairs = [(gradient, item) for gradient, item in zip(gradients, items) if gradient is not None]
        feeds = running.generic_feeds(graph)
        dense = [tf.convert_to_tensor(gradient) for gradient, _ in pairs]
        # Reference variables would be read while others are stepped.
        with tf.control_dependencies([loss, *dense]):
            step = tf1.train.AdamOptimizer(0.01).apply_gradients(pairs) if pairs and steps else tf.no_op()
        initialize = tf1.variables_initializer([item for item in tf1.global_variables() if item not in others.values()])
        kept = {}
        with running.session(graph) as session:
            saver.restore(session, prefix)
            session.run(initialize)
            for (_, item), value in zip(pairs, session.run(dense, feeds)):
                kept["gradient/" + item.op.name[len(start) :]] = value
            losses = [session.run([loss, step], feeds)[0] for _ in range(steps)]
            kept["losses"] = np.asarray(losses + [session.run(loss, feeds)])
            kept.update({"weight/" + name: session.run(item) for name, item in zip(names, items)})
    os.makedirs(os.path.dirname(path), exist_ok=True)
    np.savez(path, **kept)
    return missing


def differentiate(meta):
    """Import a meta graph, and take the gradients of its float outputs by each float placeholder and constant outside.

    Returns how many there are, and the exception with which TensorFlow ends, or an empty text.
    """
    known_ops()
    with version_1(), tf.Graph().as_default() as graph:
        tf1.train.import_meta_graph(meta, clear_devices=True)
        outputs = [graph.get_tensor_by_name(name) for name in running.guessed_outputs(graph)]
        outputs = [each for each in outputs if each.dtype.base_dtype.is_floating and _is_outside(each)]
        sources = [op.outputs[0] for op in graph.get_operations() if op.type in ("Placeholder", "Const")]
        sources = [each for each in sources if each.dtype.is_floating and _is_outside(each)]
        if not outputs or not sources:
            return 0, ""
        try:
            return len([each for each in tf1.gradients(outputs, sources) if each is not None]), ""
        except Exception as error:
            return 0, "%s: %s" % (type(error).__name__, str(error)[:300])


def _is_outside(tensor):
    return tensor.op._get_control_flow_context() is None
