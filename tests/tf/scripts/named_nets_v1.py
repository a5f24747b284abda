"""A net of the Keras in TensorFlow 1.15, frozen in a session, and its weights as Keras saves them. TensorFlow 1.15."""

import os

import numpy as np
import running
import tensorflow as tf

tf1 = tf.compat.v1
keras = tf.keras
layers = keras.layers


def build():
    """Make a net of loops and convolutions, with a model and a Sequential in it."""
    words, image = keras.Input((5,), dtype="int32"), keras.Input((8, 8, 3))
    net = layers.Bidirectional(layers.LSTM(3, return_sequences=True), name="both")(layers.Embedding(13, 4)(words))
    net = layers.TimeDistributed(layers.Dense(4))(net)
    left = layers.Dense(3, name="head")(layers.GRU(4, reset_after=True)(net))
    net = layers.BatchNormalization(name="bn1")(layers.Conv2D(4, 3, name="conv1")(image))
    net = layers.PReLU(shared_axes=[1, 2])(layers.DepthwiseConv2D(2)(layers.SeparableConv2D(4, 2)(net)))
    inner = keras.Input((4, 4, 4))
    inner = keras.Model(inner, layers.Flatten()(layers.Conv2D(2, 3, name="c")(inner)), name="inner")
    right = keras.Sequential([layers.Dense(4), layers.LayerNormalization(), layers.Dense(3)])(inner(net))
    return keras.Model([words, image], layers.Add()([left, right]), name="net")


def fill(net, seed):
    random = np.random.RandomState(seed)
    net.set_weights([random.uniform(0.5, 1.5, value.shape).astype("float32") for value in net.get_weights()])


def weights(net):
    """The digests of weights by their names."""
    return {of.op.name: running.bits(value) for of, value in zip(net.weights, net.get_weights())}


def make(directory):
    """Freeze a net with some weights, and save it with others."""
    paths = [os.path.join(directory, name) for name in ("v1.pb", "v1.h5")]
    keras.backend.clear_session()
    with tf.Graph().as_default(), tf1.Session() as session:
        keras.backend.set_session(session)
        keras.backend.set_learning_phase(0)
        net = build()
        fill(net, 1)
        graph = session.graph.as_graph_def()
        frozen = tf1.graph_util.convert_variables_to_constants(session, graph, [net.output.op.name])
        with open(paths[0], "wb") as file:
            file.write(frozen.SerializeToString())
        some = weights(net)
        fill(net, 2)
        net.save_weights(paths[1])
        made = {"pb": paths[0], "saved": paths[1], "outputs": [net.output.name]}
        made.update(weights=some, others=weights(net))
    keras.backend.clear_session()
    return made


def loaded(path):
    """Load weights into a new net; returns their digests."""
    keras.backend.clear_session()
    with tf.Graph().as_default(), tf1.Session() as session:
        keras.backend.set_session(session)
        net = build()
        net.load_weights(path)
        found = weights(net)
    keras.backend.clear_session()
    return found
