"""TensorFlow's own Saver and export_meta_graph, for variables as specified."""

import tensorflow as tf

tf1 = tf.compat.v1


def export(path, specs):
    """Make variables, the op that initializes them and a Saver for all of them, and export the meta graph.

    A specification is ``{"name", "shape", "dtype", "resource", "device", "trainable", "partitions"}``; all but the
    first may be left out.
    """
    with tf.Graph().as_default():
        for spec in specs:
            _variable(spec)
        tf1.global_variables_initializer()
        tf1.train.Saver().export_meta_graph(path)


def _variable(spec):
    partitions = spec.get("partitions")
    with tf.device(spec.get("device")):
        return tf1.get_variable(
            spec["name"],
            shape=spec.get("shape", [2]),
            dtype=tf.as_dtype(spec.get("dtype", "float32")),
            initializer=tf1.zeros_initializer(),
            trainable=spec.get("trainable", True),
            use_resource=spec.get("resource", False),
            partitioner=tf1.fixed_size_partitioner(partitions) if partitions else None,
        )


def imported(path):
    """What TensorFlow makes of a meta graph: its collections' names and sizes, and the meta graph it exports again."""
    with tf.Graph().as_default() as graph:
        saver = tf1.train.import_meta_graph(path)
        saver.export_meta_graph(path + ".again")
        return {key: len(graph.get_collection(key)) for key in graph.get_all_collection_keys()}
