"""Training graphs as TensorFlow 1.15 freezes them, with training ops or every node among the outputs. Runs on 1.15."""

import os

import numpy as np
import running
import tensorflow as tf

tf1 = tf.compat.v1
IMAGES = np.random.RandomState(5).rand(4, 6, 6, 2).astype(np.float32)
FED = {"image:0": IMAGES, "label:0": np.array([0, 1, 2, 1], np.int32)}
OPTIMIZERS = {
    "sgd": lambda: tf1.train.GradientDescentOptimizer(0.05),
    "momentum": lambda: tf1.train.MomentumOptimizer(0.05, 0.9),
    "adam": lambda: tf1.train.AdamOptimizer(0.01),
    "rmsprop": lambda: tf1.train.RMSPropOptimizer(0.01, momentum=0.5),
}


def freeze(directory, cases):
    """Freeze nets as ``(kind, optimizer, net, outputs)`` tell.

    Returns for each ``{"pb", "values", "weights"}``: what TensorFlow makes of it, what the graph computed before of
    some nodes, and the names of its variables.
    """
    return [_freeze(os.path.join(directory, "%d.pb" % i), *case) for i, case in enumerate(cases)]


def run(pbs, names):
    """What frozen graphs compute of nodes."""
    found = []
    for pb, each in zip(pbs, names):
        with running.imported(pb).as_default() as graph, tf1.Session(graph=graph, config=running.quiet()) as session:
            names = {operation.name for operation in graph.get_operations()}
            fed = {key: value for key, value in FED.items() if key[:-2] in names}
            found.append([_bits(session.run(name + ":0", fed)) for name in each])
    return found


def _freeze(pb, kind, optimizer, net, outputs):
    graph = tf.Graph()
    with graph.as_default(), tf1.variable_scope("", use_resource=kind == "resource"):
        tf1.set_random_seed(3)
        train = _net(graph, optimizer, net)
        with tf1.Session(config=running.quiet()) as session:
            session.run(tf1.global_variables_initializer())
            if train is not None:
                for _ in range(3):
                    session.run(train, FED)
            nodes = graph.as_graph_def()
            if outputs == "all":
                kept = [node.name for node in nodes.node]
            else:
                kept = outputs.split(",")
            frozen = tf1.graph_util.convert_variables_to_constants(session, nodes, kept)
            names = ["mean_prob" if net == "averaged" else "prob"]
            if net == "batch_norm" and outputs == "all":
                names += ["gradients/logits/BiasAdd_grad/BiasAddGrad", "loss"]
            values = [_bits(session.run(name + ":0", FED)) for name in names]
        weights = [variable.op.name for variable in tf1.trainable_variables()]
    with open(pb, "wb") as file:
        file.write(frozen.SerializeToString())
    return {"pb": pb, "names": names, "values": values, "weights": weights}


def _net(graph, optimizer, net):
    image = tf1.placeholder(tf.float32, [None, 6, 6, 2], "image")
    label = tf1.placeholder(tf.int32, [None], "label")
    if net == "quantized":
        hidden = tf.contrib.layers.conv2d(image, 3, 3, scope="conv", activation_fn=tf.nn.relu6)
    else:
        hidden = tf1.layers.conv2d(image, 3, 3, name="conv")
        hidden = tf1.layers.batch_normalization(hidden, training=True, name="bn", fused=net != "plain_norm")
    logits = tf1.layers.dense(tf.reduce_mean(hidden, [1, 2]), 3, name="logits")
    prob = tf.nn.softmax(logits, name="prob")
    if net == "quantized":
        tf.contrib.quantize.create_training_graph(graph, quant_delay=0)
    loss = tf1.losses.sparse_softmax_cross_entropy(label, tf1.log(prob))
    loss = tf.identity(loss, "loss")
    if net == "averaged":
        # Only the average reads what is an output.
        average = tf1.train.ExponentialMovingAverage(0.9).apply([tf.reduce_mean(prob, 0, name="mean_prob")])
        return tf.group(average, name="train")
    if not optimizer:
        return None
    with tf.control_dependencies(tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)):
        step = tf1.train.get_or_create_global_step()
        return OPTIMIZERS[optimizer]().minimize(loss, global_step=step, name="train")


def _bits(value):
    return np.asarray(value).tobytes().hex()


def fetch(pb, feed, name="y:0"):
    """What a frozen graph computes of one node."""
    with running.imported(pb).as_default() as graph, tf1.Session(graph=graph) as session:
        return session.run(name, feed).tolist()


def checkpoint(directory, kind, net):
    """A training graph with its checkpoint; returns its prefix and what ``prob`` is, as bits."""
    graph = tf.Graph()
    with graph.as_default(), tf1.variable_scope("", use_resource=kind == "resource"):
        tf1.set_random_seed(3)
        train = _net(graph, "momentum", net)
        saver, prefix = tf1.train.Saver(), os.path.join(directory, "%s_%s" % (kind, net))
        with tf1.Session(config=running.quiet()) as session:
            session.run(tf1.global_variables_initializer())
            session.run(train, FED)
            saver.save(session, prefix)
            return {"prefix": prefix, "prob": _bits(session.run("prob:0", FED))}
