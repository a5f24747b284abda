"""State that is no variable: graphs that hold tables and trees, saved with their values, and what they compute."""

from __future__ import annotations

import os

import tensorflow as tf

v1 = tf.compat.v1

_TREES = """trees {
  nodes { bucketized_split { feature_id: 0 threshold: 1 left_id: 1 right_id: 2 } metadata { gain: 1 } }
  nodes { leaf { scalar: 0.5 } } nodes { leaf { scalar: 9 } } }
tree_weights: 1.0 tree_metadata { num_layers_grown: 1 is_finalized: true }
growing_metadata { num_trees_attempted: 1 num_layers_attempted: 1 }"""


def build_v1(prefix):
    """Save a TensorFlow 1 graph with tables of all kinds, trees, quantiles and two variables; return what it gives."""
    import numpy as np
    from google.protobuf import text_format
    from tensorflow.core.kernels.boosted_trees import boosted_trees_pb2
    from tensorflow.python.ops import boosted_trees_ops, gen_boosted_trees_ops, gen_lookup_ops, resources

    with tf.Graph().as_default(), v1.Session() as session:
        x, c = v1.placeholder(tf.int64, [None], "x"), v1.placeholder(tf.int32, [None], "c")
        w, v = v1.get_variable("w", initializer=[2.0]), v1.get_variable("v", initializer=[3.0])
        kernel = tf.constant(np.arange(64, dtype=np.float32).reshape(8, 8), name="kernel")
        keys = tf.constant([1, 2, 3], tf.int64)
        lookup = tf.contrib.lookup
        counts = lookup.MutableHashTable(tf.int64, tf.float32, -1.0, name="scope/counts")
        dense = lookup.MutableDenseHashTable(
            tf.int64, tf.float32, [-1.0, 1.0], empty_key=0, deleted_key=-1, name="dense"
        )
        words = lookup.HashTable(
            lookup.KeyValueTensorInitializer(keys, tf.constant([3, 2, 1], tf.int64)), 7, name="words"
        )
        twin = gen_lookup_ops.mutable_hash_table_v2(
            tf.int64, tf.float32, shared_name="scope/counts", use_node_name_sharing=True
        )
        trees = boosted_trees_ops.TreeEnsemble("trees")
        quantiles = boosted_trees_ops.QuantileAccumulator(
            epsilon=0.01, num_streams=2, num_quantiles=4, name="quantiles"
        )
        predicted = gen_boosted_trees_ops.boosted_trees_predict(trees.resource_handle, [c], logits_dimension=1)
        ends = [
            tf.add(counts.lookup(words.lookup(x)) * w, 0.5, name="score"),
            tf.multiply(tf.reduce_sum(dense.lookup(x), 1), v, name="sums"),
            tf.add(predicted, w, name="leaves"),
            tf.add(quantiles.get_bucket_boundaries()[0], v, name="bounds"),
            tf.matmul(tf.ones([1, 8]), kernel, name="product"),
            tf.multiply(gen_lookup_ops.lookup_table_find_v2(twin, x, -1.0), w, name="shared"),
        ]
        learned = text_format.Merge(_TREES, boosted_trees_pb2.TreeEnsemble()).SerializeToString()
        many = tf.constant([1.0, 2, 3, 4, 5])
        fills = [
            gen_boosted_trees_ops.boosted_trees_deserialize_ensemble(trees.resource_handle, 1, learned),
            counts.insert(keys, tf.constant([10.0, 20, 30])),
            dense.insert(keys, tf.constant([[1.0, 2], [2, 3], [3, 4]])),
            quantiles.add_summaries([many, many], tf.ones([5])),
        ]
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        session.run(resources.initialize_resources(resources.shared_resources()))
        session.run(fills)
        session.run(quantiles.flush())
        v1.train.Saver().save(session, prefix)
        return _plain(session.run(ends, {x: [1, 3, 9], c: [0, 1, 2]}))


def build_contrib(prefix):
    """Save quantiles and trees of tf.contrib, whose savers prepare what they read; return what these give."""
    from tensorflow.contrib.boosted_trees.python.ops import model_ops, quantile_ops
    from tensorflow.python.ops import resources

    with tf.Graph().as_default(), v1.Session() as session:
        quantiles = quantile_ops.QuantileAccumulator(
            init_stamp_token=0, num_quantiles=3, epsilon=0.33, name="quantiles"
        )
        add = quantiles.add_summary(0, tf.constant([[1.0], [2], [3]]), tf.ones([3, 1]))
        flush = quantiles.flush(0, 1)
        v = v1.get_variable("v", initializer=[1.0])
        ends = [
            tf.add(v, tf.reduce_sum(quantiles.get_buckets(1)[1]), name="total"),
            tf.identity(
                model_ops.tree_ensemble_stamp_token(model_ops.tree_ensemble_variable(7, "", "trees")), name="stamp"
            ),
        ]
        session.run(v1.global_variables_initializer())
        session.run(resources.initialize_resources(resources.shared_resources()))
        session.run(add)
        session.run(flush)
        v1.train.Saver().save(session, prefix)
        return _plain(session.run(ends))


def build_iterator(prefix):
    """Save a TensorFlow 1 graph with the position of its iterator."""
    with tf.Graph().as_default(), v1.Session() as session:
        iterator = tf.compat.v1.data.make_initializable_iterator(tf.data.Dataset.range(10))
        w = v1.get_variable("w", initializer=[2.0])
        score = tf.multiply(tf.cast(iterator.get_next(), tf.float32), w, name="score")
        v1.add_to_collection(v1.GraphKeys.SAVEABLE_OBJECTS, tf.data.experimental.make_saveable_from_iterator(iterator))
        session.run([v1.global_variables_initializer(), iterator.initializer])
        session.run(score)
        v1.train.Saver().save(session, prefix)


def build_v2(directory):
    """Save a TensorFlow 2 SavedModel per kind of table, and the first one again after loading."""
    keys, values = tf.constant([1, 2, 3], tf.int64), tf.constant([10.0, 20, 30])
    lookup = tf.lookup.experimental
    tables = {
        "hash": lookup.MutableHashTable(tf.int64, tf.float32, -1.0),
        "dense": lookup.DenseHashTable(tf.int64, tf.float32, -1.0, empty_key=0, deleted_key=-5),
        "static": tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), -1.0),
    }
    for name, table in tables.items():
        if name != "static":
            table.insert(keys, values)
        module = tf.Module()
        module.table, module.w = table, tf.Variable([2.0], name="w")
        _save_module(module, os.path.join(directory, name))
    again = tf.saved_model.load(os.path.join(directory, "hash"))
    tf.saved_model.save(again, os.path.join(directory, "again"), signatures=again.signatures)


def _save_module(module, path):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64, "x")])
    def serve(x):
        return {"score": module.table.lookup(x) * module.w + 0.5}

    tf.saved_model.save(module, path, signatures={"serving_default": serve})


def run(path, fetches, feeds, init=None):
    """Run a frozen graph, a SavedModel or a checkpoint, after nothing but what sets it up."""
    with tf.Graph().as_default(), v1.Session() as session:
        if os.path.isdir(path):
            v1.saved_model.load(session, ["serve"], path)
        elif path.endswith(".pb"):
            graph_def = v1.GraphDef()
            with open(path, "rb") as file:
                graph_def.ParseFromString(file.read())
            tf.import_graph_def(graph_def, name="")
        else:
            saver = v1.train.import_meta_graph(path + ".meta")
            session.run(v1.tables_initializer())
            saver.restore(session, path)
        if init:
            session.run(init)
        return _plain(session.run([f"{each}:0" for each in fetches], {f"{k}:0": each for k, each in feeds.items()}))


def save_again(path, copy, fill):
    """Restore a checkpoint, run an op that changes state, and save with the graph's own saver."""
    with tf.Graph().as_default(), v1.Session() as session:
        saver = v1.train.import_meta_graph(path + ".meta")
        session.run(v1.tables_initializer())
        saver.restore(session, path)
        session.run(fill)
        saver.save(session, copy)


def _plain(values):
    return [value.tolist() for value in values]
