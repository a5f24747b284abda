"""Published architectures, and small nets of other layers, as SavedModels without values. TensorFlow 2 only."""

import os

import keras
import tensorflow as tf
from keras import layers
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
from tensorflow.python.saved_model.save import save_and_return_nodes


def save(name, path):
    """Save a network of Keras as a SavedModel; return how many parameters Keras counts, trained ones, and by layer."""
    model = getattr(keras.applications, name)(weights=None)
    by_layer = [each.count_params() for each in model.layers if each.count_params() and each.name != "normalization"]
    return [*_save(model, path), by_layer]


def recurrent(path, steps):
    """Save a net with loops and attention, and freeze it with and without functions."""
    given = keras.Input((steps, 16))
    found = layers.LSTM(32, return_sequences=True, name="lstm")(given)
    found = layers.Bidirectional(layers.GRU(8, return_sequences=True), name="both")(found)
    found = layers.MultiHeadAttention(2, 8, name="attention")(found, found)
    model = keras.Model(given, layers.Dense(4, name="head")(layers.LayerNormalization(name="norm")(found)))
    function = _function(model)
    for lowered in (True, False):
        frozen = convert_variables_to_constants_v2(function.get_concrete_function(), lower_control_flow=lowered)
        with open(os.path.join(path, "lowered.pb" if lowered else "calls.pb"), "wb") as file:
            file.write(frozen.graph.as_graph_def().SerializeToString())
    return _save(model, os.path.join(path, "saved"))


def _function(model):
    spec = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name="x")
    return tf.function(lambda x: model(x, training=False), input_signature=[spec])


def _save(model, path):
    function = _function(model)
    module = tf.Module()
    module.variables_of_model = [*model.trainable_variables, *model.non_trainable_variables]
    module.serve = function
    # Hundreds of megabytes of random numbers would be written for nothing.
    save_and_return_nodes(module, path, signatures=function, experimental_skip_checkpoint=True)
    counts = [model.count_params(), sum(each.shape.num_elements() for each in model.trainable_variables)]
    keras.backend.clear_session()
    return counts
