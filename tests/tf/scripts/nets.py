"""Small nets in raw ops, as slim and Keras layers spell them in a TF 1 graph. Run on TensorFlow 1.15 and 2.x alike.

Each net is a function of ``get(name, shape, dtype, trainable)`` that makes its variables, and returns its outputs.
"""

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1


def batch_norm(get, scope, tensor, fused=True, depth=None):
    """Inference batch norm: one op when fused, else Rsqrt, Mul, Sub and Add as ``tf.nn`` spells it."""
    depth = depth or tensor.shape.as_list()[-1]
    gamma, beta = get(scope + "/gamma", [depth]), get(scope + "/beta", [depth])
    mean = get(scope + "/moving_mean", [depth], trainable=False)
    variance = get(scope + "/moving_variance", [depth], trainable=False)
    if fused:
        return tf1.nn.fused_batch_norm(tensor, gamma, beta, mean, variance, epsilon=1e-3, is_training=False)[0]
    return tf.nn.batch_normalization(tensor, mean, variance, beta, gamma, 1e-3)


def mobile(get):
    """A stem, three depthwise-separable blocks, pooling and logits: a mobile CNN in miniature."""
    net = tf1.placeholder(tf.float32, [None, 32, 32, 3], "input")
    net = tf1.nn.conv2d(net, get("MobileNet/Conv/weights", [3, 3, 3, 16]), [1, 2, 2, 1], "SAME")
    net = tf.nn.relu6(batch_norm(get, "MobileNet/Conv/BatchNorm", net))
    for number, (width, wider) in enumerate([(16, 32), (32, 64), (64, 80)], 1):
        scope = "MobileNet/Block_%d" % number
        kernel = get(scope + "/depthwise_weights", [3, 3, width, 1])
        net = tf1.nn.depthwise_conv2d_native(net, kernel, [1, 1, 1, 1], "SAME")
        net = tf.nn.relu6(batch_norm(get, scope + "/depthwise/BatchNorm", net))
        net = tf1.nn.conv2d(net, get(scope + "/pointwise_weights", [1, 1, width, wider]), [1, 2, 2, 1], "SAME")
        net = tf.nn.relu6(batch_norm(get, scope + "/pointwise/BatchNorm", net))
    net = tf1.reduce_mean(net, [1, 2], name="MobileNet/Pool")
    logits = tf1.matmul(net, get("Logits/weights", [80, 50]))
    logits = tf.nn.bias_add(logits, get("Logits/biases", [50]), name="Logits/BiasAdd")
    return [tf.nn.softmax(logits, name="Predictions")]


def unfused(get):
    """Batch norm in parts, after a convolution and after a dense layer, one of them without gamma."""
    net = tf1.placeholder(tf.float32, [None, 8, 8, 3], "input")
    net = tf1.nn.conv2d(net, get("conv/kernel", [3, 3, 3, 4]), [1, 1, 1, 1], "SAME")
    net = tf.nn.elu(batch_norm(get, "conv/bn", net, fused=False))
    net = tf.nn.bias_add(tf1.matmul(tf.reshape(net, [-1, 256]), get("fc/kernel", [256, 6])), get("fc/bias", [6]))
    mean, variance = get("fc/bn/moving_mean", [6], trainable=False), get("fc/bn/moving_variance", [6], trainable=False)
    net = tf.nn.batch_normalization(net, mean, variance, get("fc/bn/beta", [6]), None, 1e-3)
    return [tf.identity(net, name="output")]


def transposed(get):
    """Transposed, separable, dilated, 1-D and 3-D convolutions."""
    image = tf1.placeholder(tf.float32, [2, 6, 6, 3], "input")
    up = tf1.nn.conv2d_transpose(image, get("up/kernel", [3, 3, 5, 3]), [2, 12, 12, 5], [1, 2, 2, 1])
    up = tf.nn.bias_add(up, get("up/bias", [5]))
    depthwise, pointwise = get("separable/depthwise", [3, 3, 5, 2]), get("separable/pointwise", [1, 1, 10, 4])
    net = tf1.nn.separable_conv2d(up, depthwise, pointwise, [1, 1, 1, 1], "SAME")
    net = tf.nn.leaky_relu(tf.nn.bias_add(net, get("separable/bias", [4])))
    net = tf.nn.atrous_conv2d(net, get("dilated/kernel", [2, 2, 4, 4]), 2, "VALID")
    line = tf1.nn.conv1d(net[:, 0], get("line/kernel", [2, 4, 3]), 1, "SAME")
    cube = tf.nn.conv3d(net[:, :, :, :, None], get("cube/kernel", [2, 2, 2, 1, 2]), [1, 1, 1, 1, 1], "VALID")
    return [tf.identity(line, name="line_output"), tf.identity(cube, name="cube_output")]


def text(get):
    """Embedding, positions, attention, layer norm in parts, PReLU and a tied output projection."""
    words = tf1.placeholder(tf.int32, [None, 5], "words")
    table = get("embeddings/words", [11, 8])
    net = tf1.nn.embedding_lookup(table, words) + get("embeddings/positions", [5, 8])
    query, key, value = (tf.tensordot(net, get("attention/" + name, [8, 8]), [[2], [0]]) for name in ("q", "k", "v"))
    scores = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) * 0.35)
    net += tf.matmul(scores, value)
    mean, variance = tf1.nn.moments(net, [-1], keep_dims=True)
    net = tf.nn.batch_normalization(net, mean, variance, get("norm/beta", [8]), get("norm/gamma", [8]), 1e-6)
    alpha = get("prelu/alpha", [8])
    net = tf.nn.relu(net) - alpha * tf.nn.relu(-net)
    flat = tf.reshape(net, [-1, 8])
    logits = tf1.matmul(flat, table, transpose_b=True) + get("output/bias", [11])
    return [tf.nn.log_softmax(logits, name="output")]


def loop(get, length=4, width=6):
    """An LSTM and a GRU, each step inside a ``while_loop`` that reads its weights from outside."""
    inputs = tf1.placeholder(tf.float32, [2, length, 3], "input")
    lstm_kernel, lstm_bias = get("rnn/lstm/kernel", [3 + width, 4 * width]), get("rnn/lstm/bias", [4 * width])
    gate_kernel, gate_bias = get("rnn/gru/gates/kernel", [3 + width, 2 * width]), get("rnn/gru/gates/bias", [2 * width])
    new_kernel, new_bias = get("rnn/gru/candidate/kernel", [3 + width, width]), get("rnn/gru/candidate/bias", [width])

    def lstm(item, cell, state):
        gates = tf.nn.bias_add(tf1.matmul(tf.concat([item, state], 1), lstm_kernel), lstm_bias)
        i, j, f, o = tf.split(gates, 4, 1)
        cell = cell * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
        return cell, tf.tanh(cell) * tf.sigmoid(o)

    def gru(item, state):
        gates = tf.sigmoid(tf.nn.bias_add(tf1.matmul(tf.concat([item, state], 1), gate_kernel), gate_bias))
        reset, update = tf.split(gates, 2, 1)
        new = tf.tanh(tf.nn.bias_add(tf1.matmul(tf.concat([item, reset * state], 1), new_kernel), new_bias))
        return update * state + (1 - update) * new

    def body(step, cell, state, second):
        cell, state = lstm(inputs[:, step], cell, state)
        return step + 1, cell, state, gru(inputs[:, step], second)

    zeros = tf.zeros([2, width])
    ends = tf1.while_loop(lambda step, *_: step < length, body, [tf.constant(0), zeros, zeros, zeros], name="rnn/while")
    return [tf.identity(ends[2], name="lstm_output"), tf.identity(ends[3], name="gru_output")]


def branches(get):
    """A weight of either branch of a cond, and one read both inside and outside it."""
    flag = tf1.placeholder(tf.bool, [], "flag")
    net = tf1.placeholder(tf.float32, [2, 4], "input")
    left, right, both = get("left/kernel", [4, 4]), get("right/kernel", [4, 4]), get("shared/bias", [4])

    def yes():
        return tf1.matmul(net, left) + both

    def no():
        return tf.nn.bias_add(tf1.matmul(net, right), both)

    chosen = tf1.cond(flag, yes, no, name="choice")
    return [tf.add(chosen, tf.nn.bias_add(net, both), name="output")]


def dtypes(get):
    """Weights of every float width, and integer and boolean tables that are not trained."""
    small = tf1.placeholder(tf.float16, [2, 3], "half")
    wide = tf1.placeholder(tf.float64, [2, 3], "double")
    brain = tf1.placeholder(tf.float32, [2, 3], "brain")
    index = tf1.placeholder(tf.int32, [2], "index")
    outputs = [
        tf1.matmul(small, get("half/kernel", [3, 4], tf.float16)) + get("half/bias", [4], tf.float16),
        tf1.matmul(wide, get("double/kernel", [3, 4], tf.float64)),
        tf.cast(tf1.matmul(tf.cast(brain, tf.bfloat16), get("brain/kernel", [3, 4], tf.bfloat16)), tf.float32),
        tf1.gather(get("tables/short", [5, 2], tf.int32, trainable=False), index),
        tf1.gather(get("tables/long", [5, 2], tf.int64, trainable=False), index),
        tf1.gather(get("tables/bytes", [5, 2], tf.uint8, trainable=False), index),
        tf1.gather(get("tables/flags", [5], tf.bool, trainable=False), index),
    ]
    return [tf.identity(output, name="output_%d" % number) for number, output in enumerate(outputs)]


def awkward(get):
    """One weight with consumers of several kinds, scalars, weights that are outputs, odd names and scopes."""
    net = tf1.placeholder(tf.float32, [2, 4], "input")
    kernel = get("save/kernel", [4, 4])
    both = tf1.matmul(net, kernel) + tf1.reduce_sum(kernel) + tf1.gather(kernel, 1)
    odd = get("tower_0/my-layer.v1/read", [4])
    net = tf.nn.bias_add(both, odd) * get("scale", [])
    net = tf.nn.bias_add(net, get("last/Assign", [4]))
    exposed = get("exposed/weights", [4, 2])
    return [tf1.matmul(net, exposed, name="output"), tf.identity(exposed, name="weights_output")]


def normalized(get):
    """Inputs that statistics of the data are taken out of, and back into the output; and weights that look alike."""

    def statistic(name, *shape):
        return get(name, list(shape), trainable=False)

    data = tf1.placeholder(tf.float32, [2, 4], "data")
    image = tf1.placeholder(tf.uint8, [2, 3, 3, 3], "image")
    pixels = tf.cast(image, tf.float32) / 255.0 - statistic("mean_image", 3, 3, 3)
    parts = [
        (data - statistic("t_avg", 4)) / statistic("t_std", 4),
        (data - statistic("mu", 4)) / (statistic("sigma", 4) + 1e-8),
        (data - statistic("input_mean", 4)) * (1.0 / statistic("input_std", 4)),
        (data - statistic("scaler/mean", 1, 4)) * statistic("scaler/scale", 1, 4),
        data * statistic("minmax/x_scale", 4) + statistic("minmax/x_min", 4),
        (data[:, :2] - statistic("x_shift")) / statistic("x_scale"),
        (data - statistic("stats/mean", 4)) / tf.maximum(tf.sqrt(statistic("stats/variance", 4)), 1e-7),
        tf.square(data - get("centers", [4])),
        (data * get("slope", [4]) + get("intercept", [4])) * get("gate", [4]),
        tf.reshape(pixels, [2, 27]),
    ]
    net = tf.nn.relu(tf1.matmul(tf.concat(parts, 1), get("hidden/kernel", [61, 4])) + get("hidden/bias", [4]))
    net = (net - get("center", [4])) / get("temperature", [])
    net = tf1.matmul(net, get("last/kernel", [4, 3])) + get("last/bias", [3])
    return [tf.add(net * statistic("y_std", 3), statistic("y_mean", 3), name="output")]


def dead_end(get):
    """A weight that no gradient reaches, beside one that it does."""
    net = tf1.placeholder(tf.float32, [2, 4], "input")
    stopped = tf.stop_gradient(get("behind_a_stop", [4, 4]))
    return [tf1.matmul(tf1.matmul(net, stopped), get("alive", [4, 4]), name="output")]


def noisy(get):
    """An output that is another one each time."""
    net = tf1.placeholder(tf.float32, [2, 4], "input")
    return [tf1.matmul(net + tf1.random_normal([2, 4], seed=None), get("kernel", [4, 4]), name="output")]


NETS = {
    function.__name__: function
    for function in (mobile, unfused, transposed, text, loop, branches, dtypes, awkward, normalized, dead_end, noisy)
}


def values(variables, seed):
    """A value for each variable: random, positive for variances, so that nothing is a fill or a NaN."""
    random = np.random.RandomState(seed)
    for item in variables:
        dtype = item.dtype.base_dtype
        shape = item.shape.as_list()
        if dtype.is_floating:
            around_one = "variance" in item.op.name
            value = random.uniform(0.5, 1.5, shape) if around_one else random.standard_normal(shape) * 0.4
        else:
            value = random.randint(0, 2 if dtype == tf.bool else 100, shape)
        yield np.asarray(value).astype(dtype.as_numpy_dtype)
