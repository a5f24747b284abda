"""Meta graphs that TensorFlow makes, imports, trains and exports again."""

import numpy as np
import running
import tensorflow as tf

tf1 = tf.compat.v1


def with_contexts(path, control_flow):
    """Export a frozen graph with a constant `inside` a loop, a branch or a loop in a loop, contexts included."""
    switched = tf1.control_flow_v2_enabled() if hasattr(tf1, "control_flow_v2_enabled") else False
    tf1.disable_control_flow_v2()
    try:
        with tf.Graph().as_default():
            x = tf1.placeholder(tf.float32, [3], name="x")
            tf.identity(BUILDERS[control_flow](x), name="y")
            tf1.train.export_meta_graph(path)
    finally:
        if switched:
            tf1.enable_control_flow_v2()


def inside():
    return tf.constant([1.0, 2.0, 0.5], name="inside")


def branch(x):
    return tf1.cond(tf.reduce_sum(x) > -100.0, lambda: x * inside(), lambda: x)


def loop(x, body=None):
    body = body or (lambda v: v * inside())
    return tf1.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, body(v)), (0, x))[1]


BUILDERS = {
    "branch": branch,
    "loop": loop,
    "loop in a loop": lambda x: loop(x, loop),
    "branch in a loop": lambda x: loop(x, branch),
}


def trains(prefix, name):
    """Import a meta graph with its checkpoint and train its only variable.

    Returns the output before, and the variable's value after one step of descent.
    """
    graph, saver = running.restored(prefix)
    with graph.as_default(), running.session(graph) as session:
        (variable,) = tf1.trainable_variables()
        loss = tf.reduce_sum(graph.get_tensor_by_name("y:0"))
        step = tf1.train.GradientDescentOptimizer(0.1).minimize(loss)
        session.run(tf1.global_variables_initializer())
        saver.restore(session, prefix)
        feeds = {"x:0": np.float32([1, 2, 3])}
        before = session.run("y:0", feeds)
        session.run(step, feeds)
        return {"before": before.tolist(), "variable": variable.op.name, "after": session.run(variable).tolist()}


def frozen_output(path):
    """The output of a meta graph without variables."""
    graph, _ = running.restored(path[: -len(".meta")])
    with running.session(graph) as session:
        return session.run("y:0", {"x:0": np.float32([1, 2, 3])}).tolist()


def exported_again(prefix, scope=None):
    """Import and export; the names of the collections, and whether the saver still restores."""
    with tf.Graph().as_default() as graph:
        saver = tf1.train.import_meta_graph(prefix + ".meta", import_scope=scope)
        with running.session(graph) as session:
            saver.restore(session, prefix)
            saver.save(session, prefix + ".again")
        return sorted(graph.get_all_collection_keys())


def versions(path, candidates):
    """Those of the version strings with which the meta graph can be imported."""
    meta = tf1.MetaGraphDef()
    with open(path, "rb") as file:
        meta.ParseFromString(file.read())
    good = []
    for version in candidates:
        meta.meta_info_def.tensorflow_version = version
        try:
            with tf.Graph().as_default():
                tf1.train.import_meta_graph(meta)
        except Exception:
            continue
        good.append(version)
    return good


def half_frozen(prefix):
    """Save a graph of which one weight is a constant; others still are variables, with other keys and in parts."""
    with tf.Graph().as_default() as graph, running.session(graph) as session:
        x = tf1.placeholder(tf.float32, [None, 4], name="x")
        initial = tf1.random_normal_initializer(seed=1)
        with tf1.variable_scope("parts", partitioner=tf1.fixed_size_partitioner(2)):
            parts = tf1.get_variable("p", [4, 3], initializer=initial, use_resource=False)
        renamed = tf1.get_variable("renamed", [3], initializer=initial, use_resource=False)
        handle = tf1.get_variable("handle", [3], initializer=initial, use_resource=True, trainable=False)
        w = tf.constant(np.arange(9, dtype=np.float32).reshape(3, 3), name="w")
        tf.identity(tf.matmul(tf.matmul(x, parts) + renamed, tf.identity(w, name="w/read")) * handle, name="y")
        session.run(tf1.global_variables_initializer())
        keys = {"other/name": renamed, "handle": handle, "parts/p": list(parts)}
        tf1.train.Saver(keys, max_to_keep=3).save(session, prefix)


def output(prefix, name="y:0"):
    """An output after a restore."""
    graph, saver = running.restored(prefix)
    with running.session(graph) as session:
        saver.restore(session, prefix)
        return running.bits(session.run(name, running.generic_feeds(graph)))
