"""Keras 3 models in miniature and TensorFlow's own TF 2 freezing of them. TensorFlow 2 only."""

import os

import keras
import numpy as np
import running
import tensorflow as tf
from keras import layers
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

applications = keras.applications


def mobilenet():
    return applications.MobileNet((32, 32, 3), alpha=0.25, weights=None, classes=10)


def mobilenet_v2():
    return applications.MobileNetV2((32, 32, 3), alpha=0.35, weights=None, classes=10)


def mobilenet_v3():
    return applications.MobileNetV3Small((32, 32, 3), alpha=0.25, weights=None, classes=10, minimalistic=False)


def efficientnet():
    from keras.src.applications.efficientnet import EfficientNet

    return EfficientNet(0.2, 0.2, 32, weights=None, input_shape=(32, 32, 3), classes=10, name="efficientnet")


def efficientnet_v2():
    return applications.EfficientNetV2B0(weights=None, input_shape=(32, 32, 3), classes=10)


def densenet():
    from keras.src.applications.densenet import DenseNet

    return DenseNet([1, 2, 1, 1], weights=None, input_shape=(32, 32, 3), classes=10)


def resnet():
    from keras.src.applications.resnet import ResNet, stack_residual_blocks_v1

    def stacks(tensor):
        tensor = stack_residual_blocks_v1(tensor, 8, 2, stride1=1, name="conv2")
        return stack_residual_blocks_v1(tensor, 16, 1, name="conv3")

    return ResNet(stacks, False, True, weights=None, input_shape=(32, 32, 3), classes=10, name="resnet")


def convnext():
    from keras.src.applications.convnext import ConvNeXt

    return ConvNeXt([1, 1, 1, 1], [8, 12, 16, 24], weights=None, input_shape=(32, 32, 3), classes=10, name="convnext")


def convolutions():
    image = keras.Input((12, 12, 3))
    net = layers.SeparableConv2D(6, 3, activation="relu")(image)
    net = layers.BatchNormalization(scale=False)(net)
    net = layers.Conv2DTranspose(4, 3, strides=2)(net)
    net = layers.DepthwiseConv2D(3, depth_multiplier=2)(net)
    net = layers.PReLU(shared_axes=[1, 2])(net)
    net = layers.GroupNormalization(groups=2)(net)
    cube = layers.Conv3D(2, 2)(layers.Reshape((4, 4, 4, -1))(layers.Resizing(8, 8)(net)))
    line = layers.SeparableConv1D(5, 3)(layers.Conv1D(4, 3, dilation_rate=2)(layers.Reshape((-1, 8))(net)))
    line = layers.Conv1DTranspose(3, 2)(line)
    both = layers.Concatenate()([layers.Flatten()(cube), layers.GlobalMaxPooling1D()(line)])
    return keras.Model(image, layers.Dense(4)(both))


def dense():
    vector = keras.Input((7,))
    net = layers.BatchNormalization()(layers.Dense(9, activation="gelu")(vector))
    net = layers.LayerNormalization()(layers.Dense(5, activation="silu")(net))
    net = layers.UnitNormalization()(layers.Dense(6, use_bias=False)(net))
    net = layers.EinsumDense("ab,bc->ac", 8, bias_axes="c")(net)
    return keras.Model(vector, layers.Dense(3, activation="softmax")(net))


def attention():
    words = keras.Input((6,), dtype="int32")
    net = layers.Embedding(13, 8)(words)
    net = layers.Add()([net, layers.MultiHeadAttention(2, 4)(net, net)])
    net = layers.LayerNormalization()(net)
    net = layers.Add()([net, layers.GroupQueryAttention(4, 4, 2)(net, net)])
    net = layers.LayerNormalization(rms_scaling=True)(net)
    net = layers.Attention(use_scale=True)([net, net])
    net = layers.AdditiveAttention()([net, net])
    return keras.Model(words, layers.Dense(3)(layers.Flatten()(net)))


def lstm():
    words = keras.Input((5,), dtype="int32")
    net = layers.Embedding(13, 4)(words)
    net = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(net)
    return keras.Model(words, layers.TimeDistributed(layers.Dense(2))(layers.LSTM(4, return_sequences=True)(net)))


def gru():
    series = keras.Input((5, 3))
    net = layers.GRU(4, return_sequences=True)(series)
    net = layers.GRU(3, reset_after=False, return_sequences=True)(net)
    net = layers.ConvLSTM1D(2, 2, return_sequences=True)(layers.Reshape((5, 3, 1))(net))
    return keras.Model(series, layers.SimpleRNN(2)(layers.TimeDistributed(layers.Flatten())(net)))


def shared():
    first, second = keras.Input((6, 6, 2)), keras.Input((6, 6, 2))
    tower = keras.Sequential([layers.Conv2D(3, 3), layers.BatchNormalization(), layers.Flatten(), layers.Dense(4)])
    difference = layers.Subtract()([tower(first), tower(second)])
    head = layers.Dense(4, activation="tanh")
    return keras.Model([first, second], head(head(difference)))


def half():
    with_half = keras.dtype_policies.DTypePolicy("float16")
    vector = keras.Input((7,), dtype="float16")
    net = layers.Dense(5, activation="relu", dtype=with_half)(vector)
    return keras.Model(vector, layers.Dense(3, dtype=with_half)(net))


def mixed():
    policy = keras.dtype_policies.DTypePolicy("mixed_bfloat16")
    image = keras.Input((8, 8, 3))
    net = layers.Conv2D(4, 3, dtype=policy)(image)
    net = layers.BatchNormalization(dtype=policy)(net)
    return keras.Model(image, layers.Dense(3, dtype=policy)(layers.Flatten(dtype=policy)(net)))


MODELS = {
    function.__name__: function
    for function in (
        mobilenet, mobilenet_v2, mobilenet_v3, efficientnet, efficientnet_v2, densenet, resnet, convnext, convolutions,
        dense, attention, lstm, gru, shared, half, mixed,
    )
}  # fmt: skip


def make(model, directory, lower=True, seed=3):
    """Build a model, randomize its weights and freeze it as TF 2 does; ``lower`` turns its loops into v1 ops.

    Returns ``{"pb", "outputs", "weights": [{"name", "shape", "dtype", "trainable", "bits"}]}``.
    """
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    network = MODELS[model]()
    randomize(network, seed)
    inputs = enumerate(network.inputs)
    signature = [tf.TensorSpec([2, *item.shape[1:]], item.dtype, name="input_%d" % number) for number, item in inputs]
    traced = tf.function(lambda *inputs: network(list(inputs) if len(inputs) > 1 else inputs[0], training=False))
    constant = convert_variables_to_constants_v2(traced.get_concrete_function(*signature), lower_control_flow=lower)
    path = os.path.join(directory, "%s_%s.pb" % (model, "lowered" if lower else "calls"))
    with open(path, "wb") as file:
        file.write(constant.graph.as_graph_def().SerializeToString(deterministic=True))
    return {"pb": path, "outputs": [tensor.name for tensor in constant.outputs], "weights": weights(network)}


def randomize(network, seed):
    """A random value for each weight, of a size at which signals neither die nor saturate; variances positive."""
    random = np.random.RandomState(seed)
    for item in network.weights:
        shape = tuple(item.shape)
        fan_in = np.prod(shape[:-1]) if len(shape) > 1 else 10
        around_one = "variance" in item.path or "gamma" in item.path
        value = random.uniform(0.5, 1.5, shape) if around_one else random.standard_normal(shape) / np.sqrt(fan_in)
        if "seed_generator" not in item.path and np.dtype(item.dtype).kind != "i":
            item.assign(value.astype(item.dtype))


def weights(network):
    """Every weight that inference reads, once: a Normalization layer bakes its own into the graph."""
    return [
        {
            "name": item.path,
            "shape": list(item.shape),
            "dtype": str(item.dtype),
            "trainable": bool(item.trainable),
            "bits": running.bits(item.numpy()),
        }
        for item in network.weights
        if "seed_generator" not in item.path and not item.path.startswith("normalization/")
    ]
