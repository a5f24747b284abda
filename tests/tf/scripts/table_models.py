"""SavedModels whose tables, signatures and init ops must live on: of TensorFlow 1, of TensorFlow 2, and of Keras."""

import os

import numpy as np
import running
import saved_models
import tensorflow as tf

tf1 = tf.compat.v1
WORDS = ["a", "b", "c"]


def make(kind, directory):
    """Write the SavedModel of a kind; returns how many signatures it has."""
    running.quiet()
    vocabulary = os.path.join(os.path.dirname(directory), "vocabulary.txt")
    with open(vocabulary, "w") as file:
        file.write("".join(word + "\n" for word in WORDS))
    makers = {"v1": v1, "v2": v2, "plain": plain, "single": single, "keras": keras, "network": network}
    return makers[kind](directory, vocabulary)


def v1(directory, vocabulary):
    """Two signatures on a table of a file and one of constants, behind one main op with the variables' initializer."""
    graph = tf.Graph()
    with graph.as_default(), running.session(graph) as session:
        words = tf1.placeholder(tf.string, [None], "words")
        path = tf1.constant(vocabulary, name="path")
        tf1.add_to_collection(tf1.GraphKeys.ASSET_FILEPATHS, path)
        by_file = tf1.lookup.StaticVocabularyTable(
            tf.lookup.TextFileInitializer(
                path, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
            ),
            1,
        )
        pairs = tf.lookup.KeyValueTensorInitializer(WORDS, tf.constant([2, 1, 0], tf.int64))
        by_value = tf1.lookup.StaticHashTable(pairs, 3)
        weights = tf1.get_variable("weights", [4, 2], initializer=tf1.constant_initializer(np.arange(8.0)))
        scores = tf.gather(weights, by_file.lookup(words), name="scores")
        others = tf.gather(weights, by_value.lookup(words), name="others")
        session.run([tf1.global_variables_initializer(), tf1.tables_initializer()])
        builder = tf1.saved_model.builder.SavedModelBuilder(directory)
        info = tf1.saved_model.build_tensor_info
        signatures = {
            key: tf1.saved_model.build_signature_def({"text": info(words)}, {"result": info(tensor)}, "predict")
            for key, tensor in (("serving_default", scores), ("others", others))
        }
        main_op = tf.group(tf1.tables_initializer(), tf1.local_variables_initializer(), name="main")
        assets = tf1.get_collection(tf1.GraphKeys.ASSET_FILEPATHS)
        builder.add_meta_graph_and_variables(session, ["serve"], signatures, assets_collection=assets, main_op=main_op)
        builder.save()
    return 2


def plain(directory, _):
    """Two outputs and no table."""
    module = tf.Module()
    module.w, module.b = tf.Variable(np.ones([3, 2], np.float32), name="w"), tf.Variable([1.0, 2.0], name="b")

    @tf.function(input_signature=[tf.TensorSpec([None, 3], name="x")])
    def predict(x):
        y = tf.matmul(x, module.w) + module.b
        return {"logits": y, "probabilities": tf.nn.softmax(y)}

    tf.saved_model.save(module, directory, signatures=predict)
    return 1


def v2(directory, vocabulary):
    """Two signatures, a table of a file and one of constants, a branch and a loop."""
    module = tf.Module()
    module.w, module.b = tf.Variable(np.ones([3, 2], np.float32), name="w"), tf.Variable([1.0, 2.0], name="b")
    module.table = file_table(vocabulary)
    module.other = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(WORDS, tf.constant([0.5, 1.5, 2.5])), -1.0
    )

    @tf.function(input_signature=[tf.TensorSpec([None, 3], name="x")])
    def predict(x):
        y = tf.matmul(x, module.w) + module.b
        if tf.reduce_sum(y) > 0.0:
            y = y * 2.0 + module.b
        steps = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a + module.b), [0, y])[1]
        return {"y": y, "steps": steps}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="words")])
    def look_up(words):
        return {"ids": module.table.lookup(words), "values": module.other.lookup(words) + module.b[0]}

    tf.saved_model.save(module, directory, signatures={"serving_default": predict, "look_up": look_up})
    return 2


def single(directory, vocabulary):
    """One signature, and a table of a file."""
    module = tf.Module()
    module.table, module.w = file_table(vocabulary), tf.Variable([1.0, 2.0, 4.0], name="w")

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="words")])
    def look_up(words):
        ids = module.table.lookup(words)
        return {"ids": ids, "weights": tf.gather(module.w, tf.maximum(ids, 0))}

    tf.saved_model.save(module, directory, signatures=look_up)
    return 1


def file_table(vocabulary):
    index = tf.lookup.TextFileIndex
    lines = tf.lookup.TextFileInitializer(vocabulary, tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER)
    return tf.lookup.StaticHashTable(lines, -1)


def keras(directory, _):
    """Text in, probabilities out: TextVectorization, an embedding, a dense layer."""
    layers = tf.keras.layers
    text = tf.keras.Input([], dtype=tf.string, name="text")
    ids = layers.TextVectorization(vocabulary=WORDS, output_sequence_length=4)(text)
    hidden = layers.GlobalAveragePooling1D()(layers.Embedding(8, 3)(ids))
    model = tf.keras.Model(text, layers.Dense(2, "softmax")(hidden))
    model.export(directory, verbose=False)
    return 1


def network(directory, _):
    """Two outputs, exported by Keras under two keys."""
    layers = tf.keras.layers
    image = tf.keras.Input([8, 8, 3], name="image")
    hidden = layers.BatchNormalization()(layers.Conv2D(4, 3, activation="relu")(image))
    pooled = layers.GlobalAveragePooling2D()(hidden)
    model = tf.keras.Model(image, [layers.Dense(2, "softmax")(pooled), layers.Dense(1)(pooled)])
    model.export(directory, verbose=False)
    return 2


def judge(original, frozen, pb=None, init=None):
    """Compare a SavedModel with a frozen one in every way this TensorFlow loads them; and with a frozen GraphDef.

    `init` is the op that fills the tables of the GraphDef, whose tensors have the names that `frozen` gives them.
    Returns `saved_models.compare`'s answer.
    """
    saved_models.TEXTS[:] = [b"b", b"z", b"a", b"c b a q"]
    answer = saved_models.compare(original, frozen, ["serve"])
    if pb is not None:
        wanted = saved_models.run_in_session(original, ["serve"])
        graph = running.imported(pb)
        with graph.as_default(), running.session(graph) as session:
            if init:
                session.run(init)
            found = saved_models.run_signatures(session, graph, saved_models.meta_graph(frozen))
        for name in set(wanted) | set(found):
            if wanted.get(name) != found.get(name) or isinstance(wanted.get(name), str):
                answer["differ"]["pb " + name] = [wanted.get(name), found.get(name)]
    return answer


def freeze_v2(directory):
    """TensorFlow's own frozen graph of the only signature: the nodes of its outputs, and all ops by name."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    loaded = tf.saved_model.load(directory)  # which holds the variables
    frozen = convert_variables_to_constants_v2(loaded.signatures["serving_default"])
    nodes = {node.name: node.op for node in frozen.graph.as_graph_def().node}
    return {"outputs": [tensor.name[:-2] for tensor in frozen.outputs], "nodes": nodes}
