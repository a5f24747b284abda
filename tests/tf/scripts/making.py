"""Train-side checkpoints and TensorFlow's own frozen graphs of the nets in ``nets.py``."""

import os

import nets
import running
import tensorflow as tf

tf1 = tf.compat.v1


def make(net, directory, resource=False, control_flow_v2=False, partitions=0, seed=1, initial="zeros", trained=False):
    """Build a net, fill its variables, save ``<net>.ckpt`` and freeze it to ``<net>.pb``.

    With ``trained`` the checkpoint holds what training adds too: an optimizer's slots and a global step.
    Returns ``{"pb", "prefix", "outputs", "bits": {output: bits of the original}, "variables": {name: facts}}``.
    """
    graph = tf.Graph()
    switch = tf1.enable_control_flow_v2 if control_flow_v2 else tf1.disable_control_flow_v2
    was_v2 = tf1.control_flow_v2_enabled()
    switch()
    try:
        with graph.as_default(), tf1.variable_scope(tf1.get_variable_scope(), use_resource=resource):
            outputs = find(net)(getter(resource, partitions, initial))
            if trained:
                add_training(outputs)
            return frozen(graph, net, directory, [output.op.name for output in outputs], seed)
    finally:
        (tf1.enable_control_flow_v2 if was_v2 else tf1.disable_control_flow_v2)()


def add_training(outputs):
    """A loss, an optimizer with slots, and the step counter."""
    loss = tf.add_n([tf.reduce_mean(tf.square(output)) for output in outputs])
    tf1.train.AdamOptimizer().minimize(loss, global_step=tf1.train.get_or_create_global_step())


def find(net):
    """A net by name; those of TensorFlow 1's own libraries are only imported when asked for."""
    if net not in nets.NETS:
        import nets_v1

        return nets_v1.NETS[net]
    return nets.NETS[net]


def getter(resource, partitions, initial):
    """``get(name, shape, dtype, trainable)`` for ``nets``; a partitioned weight is read as their concatenation."""

    initializer = {"zeros": tf1.zeros_initializer(), "ones": tf1.ones_initializer()}[initial]

    def get(name, shape, dtype=tf.float32, trainable=True):
        split = tf1.fixed_size_partitioner(partitions) if partitions and shape and shape[0] > partitions else None
        item = tf1.get_variable(
            name, shape, dtype, initializer, trainable=trainable, use_resource=resource, partitioner=split
        )
        return tf.convert_to_tensor(item) if split else item

    return get


def frozen(graph, name, directory, outputs, seed):
    """Fill, save and freeze the default graph."""
    import judging

    prefix, path = os.path.join(directory, name + ".ckpt"), os.path.join(directory, name + ".pb")
    variables = tf1.global_variables()
    saver = tf1.train.Saver(save_relative_paths=True)
    with running.session(graph) as session:
        session.run(tf1.global_variables_initializer())
        for item, value in zip(variables, nets.values(variables, seed)):
            item.load(value, session)
        saver.save(session, prefix)
        sort_maps(prefix + ".meta")
        tensors = [output + ":0" for output in outputs]
        feeds = running.generic_feeds(graph)
        original = running.fetch(session, tensors, feeds)
        facts = judging.described(graph, session)
        constant = tf1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), outputs)
    with open(path, "wb") as file:
        file.write(constant.SerializeToString(deterministic=True))
    bits = {key: running.bits(value) for key, value in original.items()}
    return {"pb": path, "prefix": prefix, "outputs": tensors, "bits": bits, "variables": facts}


def sort_maps(path):
    """Write a meta graph again with its maps sorted: TensorFlow 1.15 writes them in another order each time."""
    from tensorflow.python.framework import ops

    meta = tf1.MetaGraphDef()
    with open(path, "rb") as file:
        meta.ParseFromString(file.read())
    for key, collection in meta.collection_def.items():
        contexts = collection.bytes_list.value
        for number, data in enumerate(contexts):
            contexts[number] = ops.get_collection_proto_type(key).FromString(data).SerializeToString(deterministic=True)
    with open(path, "wb") as file:
        file.write(meta.SerializeToString(deterministic=True))


def as_text(pb, pbtxt):
    """Write a binary graph as TensorFlow writes text."""
    tf.io.write_graph(running.graph_def(pb), os.path.dirname(pbtxt), os.path.basename(pbtxt), as_text=True)
