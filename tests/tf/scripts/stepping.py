"""What a training graph gives, and what its variables are, after steps of its own training op."""

import running
import tensorflow as tf

tf1 = tf.compat.v1


def step(prefixes, outputs, steps=2):
    """Restore each checkpoint with its meta graph; return by prefix bits of outputs, and of variables after steps."""
    return {prefix: _after(prefix, [running.with_port(name) for name in outputs], steps) for prefix in prefixes}


def _after(prefix, outputs, steps):
    graph, saver = running.restored(prefix)
    feeds = running.generic_feeds(graph)
    with running.session(graph) as session:
        saver.restore(session, prefix)
        before = {name: running.bits(value) for name, value in running.fetch(session, outputs, feeds).items()}
        for _ in range(steps):
            session.run(graph.get_collection(tf1.GraphKeys.TRAIN_OP), feeds)
        with graph.as_default():
            after = {item.op.name: running.bits(session.run(item)) for item in tf1.global_variables()}
    return {"outputs": before, "variables": after}
