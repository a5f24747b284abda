"""SavedModels of TensorFlow 2 whose weights are read in function bodies; what they give, each in a fresh process.

The argument is a JSON list of lists: a SavedModel, and those to be compared with it. Prints what `compare` returns.
"""

import json
import os
import sys

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1


def make(net, directory):
    """Write the SavedModel of a net; returns its path."""
    path = os.path.join(directory, net)
    if net == "module":
        module = Module()
        tf.saved_model.save(module, path, signatures={"serving_default": module.serve, "train": module.train})
    else:
        _keras(net, path)
    return path


def _weight(rows, columns, name):
    random = np.random.RandomState(rows + columns + len(name))
    return tf.Variable(random.standard_normal((rows, columns)).astype(np.float32) / rows**0.5, name=name)


class Module(tf.Module):
    """Weights that branches, loops and shared functions read, that are gathered, changed, and given away."""

    def __init__(self):
        super().__init__()
        self.first, self.around = _weight(4, 8, "first"), _weight(8, 8, "around")
        self.left, self.right = _weight(8, 8, "left"), _weight(8, 8, "right")
        self.same, self.other = _weight(8, 6, "same"), _weight(8, 6, "other")
        self.alike, self.summed = _weight(8, 7, "alike"), _weight(8, 7, "summed")
        self.rows, self.points = _weight(9, 8, "rows"), _weight(9, 5, "points")
        self.mapped, self.shown = _weight(8, 8, "mapped"), _weight(8, 8, "shown")
        self.trained, self.given = _weight(8, 8, "trained"), _weight(8, 8, "given")

    @tf.function
    def dense(self, x, weight):
        return tf.matmul(x, weight)

    @tf.function
    def read(self):
        return self.shown.read_value()

    @tf.function(input_signature=[tf.TensorSpec([None, 4], name="x"), tf.TensorSpec([None], tf.int32, name="ids")])
    def serve(self, x, ids):
        h = tf.nn.relu(tf.matmul(x, self.first))
        if tf.reduce_sum(h) > 1.0:
            h = tf.matmul(h, self.left)
        else:
            h = tf.matmul(h, self.right)
        h = tf.while_loop(lambda i, h: i < 3, lambda i, h: (i + 1, tf.tanh(tf.matmul(h, self.around))), [0, h])[1]
        h += tf.gather(self.rows, ids)
        # One body, to which each call gives another handle.
        found = {"both": self.dense(h, self.same) + self.dense(h, self.other)}
        found["one"] = self.dense(h, self.alike) + self.dense(h, self.summed) + tf.reduce_sum(self.summed)
        # By value, as Keras 2 gives weights to the functions of its LSTM and GRU.
        found["given"] = self.dense(h, self.given.read_value())
        found["points"] = tf.gather_nd(self.points, ids[:, tf.newaxis])
        numbers = tf.data.Dataset.range(2).map(lambda i: tf.reduce_sum(self.mapped) * tf.cast(i, tf.float32))
        found["mapped"] = numbers.reduce(0.0, lambda a, b: a + b)
        found["shown"], found["trained"] = tf.matmul(h, self.read()), tf.matmul(h, self.trained)
        return found

    @tf.function(input_signature=[tf.TensorSpec([], name="rate")])
    def train(self, rate):
        self.trained.assign_sub(rate * self.trained)
        return {"norm": tf.reduce_sum(tf.square(self.trained))}


def _keras(net, path):
    import keras

    keras.backend.clear_session()
    keras.utils.set_random_seed(3)
    layers = keras.layers
    inner = keras.Sequential([keras.Input((8,)), layers.Dense(16, activation="relu"), layers.Dense(8)], name="inner")
    if net == "images":
        given = keras.Input((8, 8, 3))
        x = layers.BatchNormalization()(layers.Conv2D(8, 3, activation="relu")(given))
        x = layers.BatchNormalization()(layers.DepthwiseConv2D(3)(x))
        x = layers.Dense(8)(layers.Flatten()(x))
    else:
        given = keras.Input((6,), dtype="int32")
        x = layers.GRU(8)(layers.Embedding(16, 8)(given))
    model = keras.Model(given, layers.Dense(3, activation="softmax")(layers.LayerNormalization()(inner(inner(x)))))
    for weight in model.weights:
        if "seed" not in weight.path:
            # Statistics and factors that are neither 0 nor 1.
            weight.assign(weight + np.abs(np.random.RandomState(len(weight.path)).standard_normal(weight.shape)) / 10)
    if net == "text":
        tf.saved_model.save(model, path)
    else:
        model.export(path, verbose=False)


def compare(first, *others):
    """How far apart the outputs of SavedModels are, relative to the greatest, each way of running them."""
    wanted, answers = dict(eager(first), **in_session(first)), []
    for path in others:
        found = dict(eager(path), **in_session(path))
        assert {name for name in wanted if name != "called"} <= found.keys(), (sorted(wanted), sorted(found))
        differences = {name: np.abs(wanted[name] - found[name]).max() for name in found if name in wanted}
        answers.append({name: float(each / np.abs(wanted[name]).max()) for name, each in differences.items()})
    return answers


def _feeds(specs):
    random, feeds = np.random.RandomState(1), {}
    for name in sorted(specs):
        shape, dtype = [3 if dim is None else dim for dim in specs[name].shape.as_list()], specs[name].dtype
        feeds[name] = random.randint(0, 9, shape) if dtype.is_integer else random.standard_normal(shape)
        feeds[name] = feeds[name].astype(dtype.as_numpy_dtype)
    return feeds


def eager(path):
    """The outputs of all signatures, and of what else a program calls; then the checkpoint of it can be written."""
    loaded, found = tf.saved_model.load(path), {}
    for key in sorted(loaded.signatures):
        function = loaded.signatures[key]
        feeds = _feeds(function.structured_input_signature[1])
        values = function(**{name: tf.constant(value) for name, value in feeds.items()})
        found.update({"%s %s" % (key, name): value.numpy() for name, value in values.items()})
    if hasattr(loaded, "serve") and not hasattr(loaded, "train"):
        (concrete,) = loaded.serve.concrete_functions
        feeds = _feeds({"x": tf.nest.flatten(concrete.structured_input_signature)[0]})
        found["called"] = np.asarray(loaded.serve(tf.constant(feeds["x"])))
    if os.path.exists(os.path.join(path, "variables")):
        again = os.path.join(path, "again")
        tf.train.Checkpoint(loaded).write(again)
        assert _types(again) == _types(os.path.join(path, "variables", "variables"))
    return found


def _types(prefix):
    return {
        key: dtype
        for key, dtype in tf.train.load_checkpoint(prefix).get_variable_to_dtype_map().items()
        if key.endswith("VARIABLE_VALUE")
    }


def in_session(path):
    """The same in a session, whose saver saves what it restored."""
    found = {}
    with tf.Graph().as_default() as graph, tf1.Session() as session:
        meta = tf1.saved_model.load(session, ["serve"], path)
        saver, saved = meta.saver_def, os.path.join(path, "saved")
        if saver.save_tensor_name:
            session.run(saver.save_tensor_name, {saver.filename_tensor_name: saved})
            assert _types(saved) == _types(os.path.join(path, "variables", "variables"))
        for key in sorted(key for key in meta.signature_def if not key.startswith("__")):
            signature = meta.signature_def[key]
            tensors = {name: graph.get_tensor_by_name(info.name) for name, info in signature.inputs.items()}
            feeds = {tensors[name]: value for name, value in _feeds(tensors).items()}
            tensors = {"session %s %s" % (key, name): info.name for name, info in sorted(signature.outputs.items())}
            try:
                found.update(session.run(tensors, feeds))
            except tf.errors.FailedPreconditionError:
                continue  # in a session what tf.saved_model.save makes of a Keras 3 model has no weights
    return found


if __name__ == "__main__":
    print(json.dumps([compare(*paths) for paths in json.loads(sys.argv[1])]))
