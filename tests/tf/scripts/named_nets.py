"""Keras 3 nets frozen in ways that lose the names of variables, and their weights as Keras saves them. TensorFlow 2."""

import os

import keras
import keras_models
import tensorflow as tf
from keras import layers
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2


def named():
    image = keras.Input((12, 12, 3))
    net = layers.Conv2D(4, 3, name="conv1")(image)
    net = layers.ReLU()(layers.BatchNormalization(name="bn1")(net))
    net = layers.DepthwiseConv2D(3, name="dw")(net)
    net = layers.SeparableConv2D(5, 3, name="sep")(net)
    net = layers.BatchNormalization(name="bn2", scale=False)(net)
    net = layers.Dropout(0.5)(layers.Flatten()(net))
    return keras.Model(image, layers.Dense(3, name="head")(net), name="net")


def residual():
    image = keras.Input((8, 8, 4))
    net = image
    for number in range(2):
        left = layers.Conv2D(4, 3, padding="same", name=f"left_{number}")(net)
        left = layers.Conv2D(4, 3, padding="same", name=f"twice_{number}")(layers.ReLU()(left))
        net = layers.Add()([layers.Conv2D(4, 1, name=f"short_{number}")(net), left])
    return keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling2D()(net)))


def nested():
    inner = keras.Input((8,))
    inner = keras.Model(inner, layers.Dense(4, name="d")(layers.Dense(5, name="c")(inner)), name="inner")
    first, second = keras.Input((8,)), keras.Input((8,))
    both = layers.Add()([inner(first), inner(second)])
    return keras.Model([first, second], layers.Dense(2, name="out")(both), name="outer")


def transfer():
    image = keras.Input((32, 32, 3))
    base = keras.applications.MobileNet((32, 32, 3), alpha=0.25, weights=None, include_top=False, pooling="avg")
    return keras.Model(image, layers.Dense(3, name="new_head")(base(image)))


def sequential():
    image = keras.Input((8, 8, 3))
    middle = [layers.Conv2D(3, 3), layers.BatchNormalization(), layers.Flatten(), layers.Dense(3)]
    return keras.Sequential([image, layers.Conv2D(4, 3), *middle, layers.Dense(3, name="last")])


def steps():
    """Layers that are called for each step of a series, in which Keras opens no scope."""
    series = keras.Input((4, 6, 6, 3))
    net = layers.TimeDistributed(layers.Conv2D(4, 3, name="conv"))(series)
    net = layers.TimeDistributed(layers.BatchNormalization())(net)
    net = layers.TimeDistributed(layers.Flatten())(net)
    both = keras.Sequential([layers.Dense(6, name="p"), layers.Dense(4, name="q")], name="both")
    net = layers.RMSNormalization()(layers.TimeDistributed(both)(net))
    return keras.Model(series, layers.Dense(2, name="out")(layers.Flatten()(net)))


class Blocks(keras.Model):
    """A model that is a class of its own."""

    def __init__(self):
        super().__init__(name="blocks")
        self.first = layers.Dense(4, name="in")
        self.dense = [layers.Dense(4, activation="relu") for _ in range(2)]
        self.scale = self.add_weight(shape=(4,), name="gamma", initializer="ones")

    def call(self, inputs):
        net = self.first(inputs)
        for layer in self.dense:
            net = layer(net)
        return net * self.scale


def subclassed():
    model = Blocks()
    model(keras.ops.zeros((2, 6)))
    return model


OWN = (named, residual, nested, transfer, sequential, steps, subclassed)
NETS = {**keras_models.MODELS, **{f.__name__: f for f in OWN}}


def build(net, seed=1):
    """Make a net of random weights."""
    keras.backend.clear_session(free_memory=True)
    keras.utils.set_random_seed(seed)
    made = NETS[net]()
    keras_models.randomize(made, seed)
    return made


def weights(made):
    """The digests of weights by Keras's own paths."""
    return {each["name"]: each["bits"] for each in keras_models.weights(made)}


def freeze(made, directory, ways):
    """Freeze a net in ways, each a route and whether loops become those of version 1; returns paths and outputs."""
    shapes = [tf.TensorSpec([2, *each.shape[1:]], each.dtype) for each in getattr(made, "inputs", None) or ()]
    signature = [tf.TensorSpec(each.shape, each.dtype, name=f"input_{i}") for i, each in enumerate(shapes)]
    signature = signature or [tf.TensorSpec([2, 6], name="input_0")]
    function = tf.function(lambda *given: {"y": made(list(given) if len(given) > 1 else given[0], training=False)})
    functions = {"traced": function.get_concrete_function(*signature)}
    if any(route == "saved_model" for route, _ in ways):
        tf.saved_model.save(made, os.path.join(directory, "saved_model"), signatures=functions["traced"])
        module = tf.saved_model.load(os.path.join(directory, "saved_model"))  # which keeps the variables
        functions["saved_model"] = module.signatures["serving_default"]
    frozen = []
    for route, lower in ways:
        constant = convert_variables_to_constants_v2(functions[route], lower_control_flow=lower)
        path = os.path.join(directory, f"{route}_{int(lower)}.pb")
        with open(path, "wb") as file:
            file.write(constant.graph.as_graph_def().SerializeToString(deterministic=True))
        frozen.append({"pb": path, "outputs": [tensor.name for tensor in constant.outputs]})
    return frozen


def make(net, directory, ways):
    """Freeze a net with some weights, then save it with others in all forms."""
    made = build(net)
    frozen, some = freeze(made, directory, ways), weights(made)
    keras_models.randomize(made, 2)
    saved = {form: os.path.join(directory, "m" + form) for form in (".weights.h5", ".h5", ".keras")}
    made.save_weights(saved[".weights.h5"])
    for form in (".h5", ".keras"):
        made.save(saved[form])
    saved["checkpoint"] = tf.train.Checkpoint(model=made).write(os.path.join(directory, "saved", "m"))
    return {"frozen": frozen, "weights": some, "others": weights(made), "saved": saved}


def loaded(net, paths):
    """Load files of weights into a new net, one after the other; returns what each made of it, or what Keras says."""
    made = build(net, seed=3)
    found = []
    for path in paths:
        keras_models.randomize(made, 3)
        try:
            made.load_weights(path)
            found.append(weights(made))
        except ValueError as error:
            found.append(str(error))
    return found
