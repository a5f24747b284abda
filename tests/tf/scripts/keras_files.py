"""Weights as Keras saves them in HDF5. TensorFlow 2 only."""

import os
import subprocess
import sys

import bundles
import keras_models


def save(directory, name):
    """Save a model's weights in both layouts; returns the digests of all datasets by path, and of all weights."""
    import h5py

    model = keras_models.dense() if name == "dense" else keras_models.convolutions()
    files = {"new": os.path.join(directory, "m.weights.h5"), "old": os.path.join(directory, "m.h5")}
    model.save_weights(files["new"])
    model.save(files["old"])
    found = {}
    for layout, path in files.items():
        found[layout] = {}
        with h5py.File(path, "r") as file:
            file.visititems(
                lambda place, item: (
                    found[layout].update({place: _digest(item[()])}) if isinstance(item, h5py.Dataset) else None  # noqa: B023
                )
            )
    return {"files": files, "found": found, "weights": sorted(_digest(weight.numpy()) for weight in model.weights)}


def save_all(directory):
    """Save a model with a nested one and a wrapper in all forms; returns paths, and the weights by Keras's own paths.

    The weights have digests that are all different.
    """
    model = layered()
    paths = {name: os.path.join(directory, "m" + name) for name in (".weights.h5", ".h5", ".keras")}
    model.save_weights(paths[".weights.h5"])
    model.save(paths[".h5"])
    model.save(paths[".keras"])
    paths[".weights.json"] = os.path.join(directory, "shards", "m.weights.json")
    os.mkdir(os.path.dirname(paths[".weights.json"]))
    largest = max(weight.numpy().nbytes for weight in model.weights)
    model.save_weights(paths[".weights.json"], max_shard_size=largest / 2**30)
    import tensorflow as tf

    paths["checkpoint"] = tf.train.Checkpoint(model=model).write(os.path.join(directory, "checkpoint", "m"))
    paths["export"] = os.path.join(directory, "export")
    model.export(paths["export"], verbose=False)
    return paths, {weight.path: _digest(weight.numpy()) for weight in model.weights}


def loaded(paths):
    """Load weights into new models; returns the digests of each by Keras's own paths, or what Keras says."""
    found = []
    for path in paths:
        model = layered(seed=2)
        try:
            model.load_weights(path)
        except ValueError as error:
            found.append(str(error))
        else:
            found.append({weight.path: _digest(weight.numpy()) for weight in model.weights})
    return found


def layered(seed=1):
    """A model with layers of many kinds, each with a name of its own, and a model in it."""
    import keras

    keras.backend.clear_session(free_memory=True)
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    given = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, name="conv")(given)
    x = layers.BatchNormalization(name="bn")(x)
    x = layers.Conv2D(4, 3, padding="same", name="conv_b")(x)
    x = layers.SeparableConv2D(4, 3, name="sep")(x)
    x = layers.Flatten()(x)
    inner = [keras.Input((64,)), layers.Dense(5, name="d1"), layers.Dense(3, use_bias=False, name="d2")]
    x = keras.Sequential(inner, name="inner")(x)
    x = layers.LayerNormalization(name="norm")(x)
    x = layers.Reshape((3, 1))(x)
    x = layers.Bidirectional(layers.LSTM(2, name="lstm"), name="bi")(x)
    model = keras.Model(given, layers.Dense(2, name="head")(layers.Dropout(0.5)(x)), name="net")
    for number, weight in enumerate(model.weights):
        weight.assign(weight + 0.01 * (number + 1))
    return model


def _digest(value):
    return bundles.digest(value.tobytes())


def export(path, seed, is_reversed):
    """Export a model with its twins in one of two orders, which is chance otherwise."""
    import keras
    from keras.src.export import saved_model_export_archive as archives

    used = archives._list_variables_used_by_fns

    def in_order(functions):
        return [sorted(found, key=lambda variable: variable.name, reverse=is_reversed) for found in used(functions)]

    archives._list_variables_used_by_fns = in_order
    keras.backend.clear_session(free_memory=True)
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Dense(4, name="first"), keras.layers.Dense(4, name="second")]
    model = keras.Sequential([keras.Input((4,)), *layers, keras.layers.BatchNormalization(name="bn")])
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", model.call, [keras.InputSpec(shape=(None, 4), dtype="float32")])
    archive.write_out(path, verbose=False)


def exports(directory):
    """Export one model in two processes, which count functions alike, and one with other weights; returns the paths."""
    a, b, c = (os.path.join(directory, name) for name in "abc")
    calls = ["keras_files.export(%r, 1, False)" % a, "keras_files.export(%r, 1, True)" % b]
    calls[1] += "; keras_files.export(%r, 2, True)" % c
    commands = [[sys.executable, "-c", "import keras_files; " + call] for call in calls]
    started = [subprocess.Popen(command, cwd=os.path.dirname(__file__)) for command in commands]
    assert [process.wait() for process in started] == [0, 0]
    return [a, b, c]


def export_frozen(directory):
    """Export a model of which one layer is not trained."""
    import keras

    keras.backend.clear_session(free_memory=True)
    layers = [
        keras.layers.Dense(4, name="a"),
        keras.layers.BatchNormalization(name="n"),
        keras.layers.Dense(2, name="b"),
    ]
    model = keras.Sequential([keras.Input((3,)), *layers])
    layers[0].trainable = False
    model.export(directory, verbose=False)


def listed(directory):
    """Load a SavedModel; returns the names of what its lists hold, and the digest of what it gives."""
    import numpy as np
    import tensorflow as tf

    loaded = tf.saved_model.load(directory)
    lists = ("variables", "trainable_variables", "non_trainable_variables")
    found = {name: [each.name.split(":")[0] for each in getattr(loaded, name)] for name in lists}
    given = np.arange(6, dtype=np.float32).reshape(2, 3)
    with tf.GradientTape() as tape:
        result = loaded.serve(given)
    found["gradients"] = [each is not None for each in tape.gradient(result, list(loaded.trainable_variables))]
    found["result"] = _digest(result.numpy())
    return found


def averaging(prefix):
    """Save a model whose optimizer has made a step and keeps averages; returns the digests of these by weight."""
    import tensorflow as tf

    model = _averaged(1)
    tf.train.Checkpoint(model=model, optimizer=model.optimizer).write(prefix)
    averages = model.optimizer._model_variables_moving_average
    return {weight.path: _digest(average.numpy()) for weight, average in zip(model.weights, averages)}


def restored_averages(prefix):
    """Restore model and optimizer; returns the digests of the weights."""
    import tensorflow as tf

    model = _averaged(2)
    tf.train.Checkpoint(model=model, optimizer=model.optimizer).read(prefix).expect_partial()
    return {weight.path: _digest(weight.numpy()) for weight in model.weights}


def _averaged(seed):
    import keras
    import numpy as np

    keras.backend.clear_session(free_memory=True)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="a"), keras.layers.Dense(1, name="b")])
    model.compile(keras.optimizers.SGD(0.1, use_ema=True), "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 1)), verbose=0)
    return model
