"""Nets of TensorFlow 1.15's own layer libraries: slim, tf.layers, Keras in a graph, rnn cells. TensorFlow 1 only.

They make their own variables; the variable scope around them decides of which kind.
"""

import tensorflow as tf
from tensorflow.contrib import model_pruning, slim
from tensorflow.contrib import rnn as contrib_rnn
from tensorflow.contrib.slim.python.slim.nets import inception_v3, resnet_v1, resnet_v2, vgg

tf1 = tf.compat.v1


def slim_resnet(_):
    image = tf1.placeholder(tf.float32, [2, 33, 33, 3], "input")
    blocks = [
        resnet_v1.resnet_v1_block("block1", base_depth=4, num_units=2, stride=2),
        resnet_v1.resnet_v1_block("block2", base_depth=8, num_units=1, stride=1),
    ]
    with slim.arg_scope(resnet_v1.resnet_arg_scope()):
        net = resnet_v1.resnet_v1(image, blocks, num_classes=5, is_training=False, scope="resnet_v1_tiny")[0]
    return [tf.identity(net, name="output")]


def slim_resnet_v2(_):
    image = tf1.placeholder(tf.float32, [2, 33, 33, 3], "input")
    blocks = [resnet_v2.resnet_v2_block("block1", base_depth=4, num_units=2, stride=2)]
    with slim.arg_scope(resnet_v2.resnet_arg_scope()):
        net = resnet_v2.resnet_v2(image, blocks, num_classes=5, is_training=False, scope="resnet_v2_tiny")[0]
    return [tf.identity(net, name="output")]


def slim_inception(_):
    image = tf1.placeholder(tf.float32, [1, 75, 75, 3], "input")
    with slim.arg_scope(inception_v3.inception_v3_arg_scope()), slim.arg_scope([slim.batch_norm], is_training=False):
        net = inception_v3.inception_v3_base(image, final_endpoint="Mixed_5c", depth_multiplier=0.1, min_depth=4)[0]
    return [tf.identity(net, name="output")]


def slim_vgg(_):
    image = tf1.placeholder(tf.float32, [2, 16, 16, 3], "input")
    with slim.arg_scope(vgg.vgg_arg_scope()):
        net = slim.repeat(image, 2, slim.conv2d, 4, [3, 3], scope="conv1")
        net = slim.max_pool2d(net, [2, 2], scope="pool1")
        net = slim.conv2d(net, 6, [8, 8], padding="VALID", scope="fc6")
        net = slim.dropout(net, 0.5, is_training=False)
        net = slim.fully_connected(slim.flatten(net), 3, activation_fn=None, scope="fc7")
    return [tf.identity(net, name="output")]


def layers(_):
    image = tf1.placeholder(tf.float32, [2, 9, 9, 3], "input")
    net = tf1.layers.separable_conv2d(image, 4, 3, depth_multiplier=2)
    net = tf1.layers.batch_normalization(net, fused=False)
    net = tf1.layers.batch_normalization(tf1.layers.conv2d_transpose(net, 3, 2), scale=False)
    net = tf1.layers.conv1d(tf.reshape(net, [2, -1, 3]), 2, 3, activation=tf.nn.relu)
    net = tf1.layers.batch_normalization(tf1.layers.dense(tf1.layers.flatten(net), 5))
    return [tf.identity(net, name="output")]


def keras(_):
    image = tf1.placeholder(tf.float32, [2, 9, 9, 3], "input")
    kl = tf.keras.layers
    net = kl.BatchNormalization()(kl.Conv2D(4, 3, name="conv")(image), training=False)
    net = kl.PReLU()(kl.LayerNormalization()(kl.DepthwiseConv2D(3)(net)))
    net = kl.BatchNormalization()(kl.Dense(5)(kl.Flatten()(net)), training=False)
    return [tf.identity(net, name="output")]


def rnn_cells(_):
    words = tf1.placeholder(tf.int32, [2, 4], "words")
    net = tf.contrib.layers.embed_sequence(words, 11, 5)
    with tf1.variable_scope("lstm"):
        cell = tf1.nn.rnn_cell.LSTMCell(6, use_peepholes=True, num_proj=3)
        first = tf1.nn.dynamic_rnn(cell, net, dtype=tf.float32, sequence_length=[4, 2])[0]
    with tf1.variable_scope("stack"):
        cells = tf1.nn.rnn_cell.MultiRNNCell([tf1.nn.rnn_cell.GRUCell(3), contrib_rnn.LayerNormBasicLSTMCell(4)])
        second = tf1.nn.dynamic_rnn(cells, net, dtype=tf.float32)[0]
    with tf1.variable_scope("both"):
        ways = [contrib_rnn.GRUBlockCellV2(2), contrib_rnn.LSTMBlockCell(3)]
        third = tf1.nn.bidirectional_dynamic_rnn(ways[0], ways[1], net, dtype=tf.float32)[0]
    with tf1.variable_scope("fused"):
        fourth = contrib_rnn.LSTMBlockFusedCell(3)(tf.transpose(net, [1, 0, 2]), dtype=tf.float32)[0]
    return [tf.concat([first, second, *third, tf.transpose(fourth, [1, 0, 2])], 2, name="output")]


def unrolled(_):
    series = tf1.placeholder(tf.float32, [2, 3, 4], "input")
    steps = tf.unstack(series, axis=1)
    with tf1.variable_scope("lstm"):
        first = tf1.nn.static_rnn(tf1.nn.rnn_cell.BasicLSTMCell(3), steps, dtype=tf.float32)[0][-1]
    with tf1.variable_scope("attention"):
        cell = contrib_rnn.AttentionCellWrapper(tf1.nn.rnn_cell.GRUCell(3), 2, state_is_tuple=True)
        second = tf1.nn.static_rnn(cell, steps, dtype=tf.float32)[0][-1]
    return [tf.concat([first, second], 1, name="output")]


def pruned(_):
    image = tf1.placeholder(tf.float32, [2, 9, 9, 3], "input")
    net = model_pruning.masked_conv2d(image, 4, 3, scope="conv")
    net = model_pruning.masked_fully_connected(slim.flatten(net), 6, scope="dense")
    cells = [model_pruning.MaskedBasicLSTMCell(3), model_pruning.MaskedLSTMCell(4, use_peepholes=True)]
    net = tf1.nn.dynamic_rnn(tf1.nn.rnn_cell.MultiRNNCell(cells), tf.reshape(net, [2, 3, 2]), dtype=tf.float32)[0]
    with tf1.variable_scope("own"):
        kernel = model_pruning.apply_mask(tf1.get_variable("kernel", [4, 2]), tf1.get_variable_scope())
    return [tf1.matmul(net[:, -1], kernel, name="output")]


NETS = {
    function.__name__: function
    for function in (
        slim_resnet, slim_resnet_v2, slim_inception, slim_vgg, layers, keras, rnn_cells, unrolled, pruned,
    )
}  # fmt: skip
