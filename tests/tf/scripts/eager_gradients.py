"""Gradients that GradientTape gives in eager TensorFlow 2 for loaded SavedModels, and for Keras models."""

import os

import numpy as np
import running
import tensorflow as tf
import training
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2


def gradients(directory, path):
    """Write gradients of the loss that `loop_training.train` has into an ``.npz``, as it writes them.

    Returns the variables that train, those of them without a gradient, and the bits of outputs.
    """
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    loaded = tf.saved_model.load(directory)
    call = loaded.signatures["serving_default"]
    specs = sorted(call.structured_input_signature[1].items())
    feeds = {name: fed(spec, number) for number, (name, spec) in enumerate(specs)}
    weights = [each for each in loaded.variables if each.trainable]
    with tf.GradientTape() as tape:
        outputs = call(**feeds)
        loss = training.mean_squares([outputs[name] for name in sorted(outputs)])
    kept, missing = {"loss": loss.numpy()}, []
    for weight, gradient in zip(weights, tape.gradient(loss, weights)):
        if gradient is None:
            missing.append(weight.name[:-2])
        else:
            kept["gradient/" + weight.name[:-2]] = tf.convert_to_tensor(gradient).numpy()
            kept["weight/" + weight.name[:-2]] = weight.numpy()
    np.savez(path, **kept)
    return {"missing": missing, "outputs": {name: running.bits(value.numpy()) for name, value in outputs.items()}}


def fed(spec, number):
    """What `running.generic_feeds` gives to the placeholder of that number."""
    shape = tuple(2 if dim is None else dim for dim in spec.shape)
    return tf.constant(running.filler(spec.dtype.as_numpy_dtype, shape, 7 + number))


def lstm():
    return [tf.keras.layers.LSTM(5), tf.keras.layers.Dense(2)]


def bidirectional_gru():
    return [tf.keras.layers.Masking(), tf.keras.layers.Bidirectional(tf.keras.layers.GRU(4)), tf.keras.layers.Dense(2)]


def lstm_stack():
    return [tf.keras.layers.LSTM(4, return_sequences=True), tf.keras.layers.LSTM(3)]


KERAS = {function.__name__: function for function in (lstm, bidirectional_gru, lstm_stack)}


def make_keras(net, directory, path):
    """Freeze a Keras model with its loops lowered to control flow v1; write its own gradients into an ``.npz``.

    Returns the graph's path.
    """
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    model = tf.keras.Sequential([tf.keras.Input([4, 3], batch_size=2), *KERAS[net]()])
    random = np.random.RandomState(3)
    model.set_weights([random.standard_normal(each.shape).astype("f") * 0.5 for each in model.get_weights()])
    spec = tf.TensorSpec([2, 4, 3], tf.float32, name="input")
    call = tf.function(model).get_concrete_function(spec)
    frozen = convert_variables_to_constants_v2(call, lower_control_flow=True)
    pb = os.path.join(directory, net + ".pb")
    with open(pb, "wb") as file:
        file.write(frozen.graph.as_graph_def().SerializeToString(deterministic=True))
    with tf.GradientTape() as tape:
        loss = training.mean_squares([call(fed(spec, 0))])
    found = tape.gradient(loss, model.trainable_variables)
    kept = {"gradient/%d" % number: gradient.numpy() for number, gradient in enumerate(found)}
    kept.update({"weight/%d" % number: each.numpy() for number, each in enumerate(model.trainable_variables)})
    np.savez(path, loss=loss.numpy(), **kept)
    return pb
