"""Whether TensorFlow runs graphs with loops, up to the feed that they ask for."""

import base64

import tensorflow as tf

tf1 = tf.compat.v1


def loops():
    """A GraphDef with a loop in a loop, what they read and what reads them; nothing runs without a feed."""
    tf1.disable_control_flow_v2()
    with tf.Graph().as_default() as graph:
        x = tf1.placeholder(tf.float32, [], name="x")
        w = tf.multiply(x, 2.0, name="w")

        def inner(total):
            more = tf1.while_loop(lambda i, _: i < x, lambda i, s: (i + 1.0, s + w), (x, total), name="inner")
            return tf.identity(more[1], name="body")

        _, out = tf1.while_loop(lambda i, _: i < w, lambda i, s: (i + 1.0, inner(s)), (x, w), name="outer")
        tf.negative(out, name="y")
        return base64.b64encode(graph.as_graph_def().SerializeToString()).decode()


def are_run(graph_defs):
    """What TensorFlow says of each of the graphs before it asks for the feed; nothing when it does ask."""
    return [_said(base64.b64decode(each)) for each in graph_defs]


def _said(data):
    message = tf1.GraphDef.FromString(data)
    with tf.Graph().as_default() as graph, tf1.Session(config=_as_it_is()) as session:
        try:
            tf.import_graph_def(message, name="")
            session.run([each for each in graph.get_operations() if each.type != "Placeholder"],
                        options=tf1.RunOptions(timeout_in_ms=5000))  # fmt: skip
        except (tf.errors.OpError, ValueError) as error:
            return "" if "must feed a value" in str(error) else str(error)[:200]
    return ""


def _as_it_is():
    config = tf1.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    config.graph_options.optimizer_options.opt_level = -1
    return config
