"""Small graphs with a batch norm, or another scale, behind a layer: of every kind that there is."""

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1
ops = tf.raw_ops if hasattr(tf, "raw_ops") else None


def make(directory):
    """Write each net as ``<name>.pb``; return the paths by name, of those that this TensorFlow can build."""
    paths = {}
    for name, build in sorted(NETS.items()):
        numbers, graph = np.random.RandomState(3), tf.Graph()
        with graph.as_default():
            x = tf1.placeholder(tf.float32, [2, 6, 6, 4], name="x")
            tf.identity(build(x, lambda *shape, r=numbers: r.uniform(0.2, 2, shape).astype(np.float32)), name="out")
        paths[name] = "%s/%s.pb" % (directory, name)
        with open(paths[name], "wb") as file:
            file.write(graph.as_graph_def().SerializeToString())
    return paths


def conv(x, get, name="conv", channels=5):
    return tf.nn.conv2d(x, tf.constant(get(3, 3, int(x.shape[-1]), channels), name=name + "/k"), [1, 1, 1, 1], "SAME",
                        name=name)  # fmt: skip


def norm(x, get, version=3, **how):
    size = int(x.shape[-1])
    kind = {1: ops.FusedBatchNorm, 2: ops.FusedBatchNormV2, 3: ops.FusedBatchNormV3}[version]
    stats = {key: tf.constant(get(size), name="bn/" + key) for key in ("scale", "offset", "mean", "variance")}
    return kind(x=x, is_training=False, epsilon=0.001, **stats, **how)[0]


def written_out(x, get):
    size = int(x.shape[-1])
    return tf.nn.batch_normalization(x, *(tf.constant(get(size)) for _ in range(4)), 1e-3)


def typed(dtype, stats=tf.float32):
    def build(x, get):
        x = tf.cast(x, dtype)
        y = tf.nn.conv2d(x, tf.constant(get(3, 3, 4, 5), dtype), [1, 1, 1, 1], "SAME")
        if stats is None:
            return tf.cast(y * tf.constant(get(5), dtype), tf.float32)
        numbers = [tf.constant(get(5), stats) for _ in range(4)]
        y = ops.FusedBatchNormV3(
            x=y, scale=numbers[0], offset=numbers[1], mean=numbers[2], variance=numbers[3], is_training=False
        )[0]
        return tf.cast(y, tf.float32)

    return build


def depthwise(x, get):
    y = tf1.nn.depthwise_conv2d_native(x, tf.constant(get(3, 3, 4, 2)), [1, 1, 1, 1], "SAME")
    return norm(y, get)


def transposed(x, get):
    y = tf1.nn.conv2d_transpose(x, tf.constant(get(3, 3, 5, 4)), [2, 6, 6, 5], [1, 1, 1, 1])
    return norm(tf.nn.bias_add(y, tf.constant(get(5))), get)


def dense(turned):
    def build(x, get):
        rows = tf.reshape(x, [2, 144])
        kernel = get(7, 144) if turned else get(144, 7)
        return written_out(tf.matmul(rows, tf.constant(kernel), transpose_b=turned), get)

    return build


def square(x, get):
    y = tf.matmul(tf.reshape(x, [72, 4]), tf.constant(get(4, 4)), transpose_b=True)
    return y * tf.constant(get(4))


def joined(x, get):
    return norm(tf.concat([conv(x, get, "a", 3), tf.nn.bias_add(conv(x, get, "b", 2), get(2))], 3), get)


def shared_output(x, get):
    y = conv(x, get)
    return norm(y, get) + y


def shared_kernel(x, get):
    kernel = tf.constant(get(3, 3, 4, 4))
    y = tf.nn.conv2d(x, kernel, [1, 1, 1, 1], "SAME")
    return norm(y, get) + tf.nn.conv2d(x, kernel, [1, 1, 1, 1], "VALID")[:, :1, :1]


def atrous(x, get):
    y = tf1.space_to_batch_nd(x, [2, 2], [[2, 2], [2, 2]])
    y = tf.nn.conv2d(y, tf.constant(get(3, 3, 4, 5)), [1, 1, 1, 1], "VALID")
    return norm(tf1.batch_to_space_nd(y, [2, 2], [[0, 0], [0, 0]]), get)


def in_training(x, get):
    y = conv(x, get)
    numbers = [tf.constant(get(5)) for _ in range(2)]
    empty = tf.constant(np.zeros(0, np.float32))
    return ops.FusedBatchNormV3(x=y, scale=numbers[0], offset=numbers[1], mean=empty, variance=empty)[0]


def volumes(x, get):
    y = tf.nn.conv3d(x[:, :, :, :, None], tf.constant(get(2, 2, 2, 1, 3)), [1, 1, 1, 1, 1], "SAME")
    return y * tf.constant(get(3)) + tf.constant(get(3))


def grouped(x, get):
    return norm(tf.nn.conv2d(x, tf.constant(get(3, 3, 2, 6)), [1, 1, 1, 1], "SAME", dilations=[1, 2, 2, 1]), get)


def depthwise_dilated(x, get):
    kind = tf1.raw_ops.DepthwiseConv2dNative if hasattr(tf1, "raw_ops") else ops.DepthwiseConv2dNative
    y = kind(input=x, filter=tf.constant(get(3, 3, 4, 3)), strides=[1, 1, 1, 1], padding="SAME", dilations=[1, 2, 2, 1])
    return norm(y, get) * tf.constant(get(12))


def volumes_transposed(x, get):
    kernel = tf.constant(get(2, 2, 2, 3, 1))
    y = tf1.nn.conv3d_transpose(x[:, :, :, :, None], kernel, [2, 6, 6, 4, 3], [1, 1, 1, 1, 1])
    return y * tf.constant(get(3)) + tf.constant(get(3))


def turned_rows(x, get):
    return written_out(tf.matmul(tf.reshape(x, [4, 72]), tf.constant(get(4, 5)), transpose_a=True), get)


def with_numbers(scale=(1.0, 0.0, 2.0, 1.0, 1.0), variance=(1.0, 2.0, 3.0, 4.0, 5.0)):
    def build(x, get):
        scale_, variance_ = tf.constant(scale, tf.float32), tf.constant(variance, tf.float32)
        y = conv(x, get)
        return ops.FusedBatchNormV3(
            x=y,
            scale=scale_,
            offset=tf.constant(get(5)),
            mean=tf.constant(get(5)),
            variance=variance_,
            is_training=False,
        )[0]

    return build


def half_overflow(x, get):
    y = tf.nn.conv2d(tf.cast(x, tf.float16), tf.constant(get(3, 3, 4, 5), tf.float16), [1, 1, 1, 1], "SAME")
    return tf.cast(y * tf.constant(60000, tf.float16) * tf.constant(1e-4, tf.float16), tf.float32)


def gram(x, get):
    kernel = tf.constant(get(4, 4))
    return tf.matmul(kernel, kernel) * 0.5 + tf.reshape(x, [72, 4])[:1]


def waits(x, get):
    y = conv(x, get)
    with tf.control_dependencies([y]):
        others = tf.no_op("others")
    with tf.control_dependencies([others]):
        return y * tf.constant(get(5))


def by_zero(x, get):
    return conv(x, get) / tf.constant(0.0)


def shared_factor(x, get):
    factor = tf.constant(get(5))
    return conv(x, get) * factor + tf.nn.conv2d(x, tf.constant(get(1, 1, 4, 5)), [1, 1, 1, 1], "SAME") * factor + factor


def parts(x, get):
    kernel = tf.concat([tf.constant(get(3, 3, 2, 5)), tf.constant(get(3, 3, 2, 5))], 2)
    return norm(tf.nn.conv2d(x, kernel, [1, 1, 1, 1], "SAME"), get)


NETS = {
    "v1": lambda x, get: norm(conv(x, get), get, 1),
    "v2": lambda x, get: norm(conv(x, get), get, 2),
    "v3": lambda x, get: norm(conv(x, get), get, 3),
    "biased": lambda x, get: norm(tf.nn.bias_add(conv(x, get), get(5)), get),
    "added": lambda x, get: norm(conv(x, get) + get(5), get),
    "subtracted": lambda x, get: norm(conv(x, get) - get(1, 1, 1, 5), get),
    "identities": lambda x, get: norm(tf.identity(tf.identity(conv(x, get))), get),
    "written_out": lambda x, get: written_out(conv(x, get), get),
    "product": lambda x, get: conv(x, get) * get(5),
    "product_turned": lambda x, get: tf.constant(get(5)) * conv(x, get),
    "scalar": lambda x, get: conv(x, get) * 0.5,
    "quotient": lambda x, get: conv(x, get) / get(5),
    "by_pixel": lambda x, get: conv(x, get) * get(6, 6, 1),
    "twice": lambda x, get: norm(norm(conv(x, get), get), get),
    "chain": lambda x, get: norm(conv(tf.nn.relu(norm(conv(x, get), get)), get, "second"), get),
    "depthwise": depthwise, "transposed": transposed, "dense": dense(turned=False), "dense_turned": dense(turned=True),
    "square": square, "joined": joined, "shared_output": shared_output, "shared_kernel": shared_kernel,
    "atrous": atrous, "in_training": in_training, "volumes": volumes,
    "grouped": grouped, "depthwise_dilated": depthwise_dilated, "volumes_transposed": volumes_transposed,
    "turned_rows": turned_rows,
    "zero_scale": with_numbers(), "bad_variance": with_numbers(variance=(1.0, -2.0, float("nan"), 4.0, 5.0)),
    "half_overflow": half_overflow, "gram": gram, "waits": waits, "by_zero": by_zero, "shared_factor": shared_factor,
    "parts": parts,
    "half": typed(tf.float16), "double": typed(tf.float64, None),
}  # fmt: skip
