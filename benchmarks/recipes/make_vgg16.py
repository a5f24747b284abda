"""Write a VGG16-sized model (138 million weights): a checkpoint DIR/vgg.ckpt and TensorFlow's own frozen DIR/vgg.pb.

Usage: python make_vgg16.py DIR, with TensorFlow 1.15 or 2.x.
"""

import sys

import tensorflow as tf

tf1 = tf.compat.v1
BLOCKS = [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]
DENSE = [("fc6", 4096), ("fc7", 4096), ("fc8", 1000)]


def layer(scope, shape, tensor, product):
    """One layer: weights, product, biases."""
    with tf1.variable_scope(scope):
        weights = tf1.get_variable(
            "weights", shape, initializer=tf1.random_normal_initializer(stddev=0.02), use_resource=False
        )
        biases = tf1.get_variable("biases", shape[-1:], initializer=tf1.zeros_initializer(), use_resource=False)
        return tf1.nn.bias_add(product(tensor, weights), biases)


def convolution(tensor, weights):
    return tf1.nn.conv2d(tensor, weights, [1, 1, 1, 1], "SAME")


def vgg16():
    """The network from image to probabilities, in the default graph."""
    tensor, depth = tf1.placeholder(tf.float32, [None, 224, 224, 3], name="input"), 3
    with tf1.variable_scope("vgg_16"):
        for block, (layers, width) in enumerate(BLOCKS, 1):
            for number in range(1, layers + 1):
                scope = f"conv{block}/conv{block}_{number}"
                tensor = tf1.nn.relu(layer(scope, [3, 3, depth, width], tensor, convolution))
                depth = width
            tensor = tf1.nn.max_pool2d(tensor, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
        tensor, depth = tf1.reshape(tensor, [-1, 7 * 7 * 512]), 7 * 7 * 512
        for scope, width in DENSE:
            tensor = layer(scope, [depth, width], tensor, tf1.matmul)
            tensor, depth = (tensor if scope == "fc8" else tf1.nn.relu(tensor)), width
    tf1.nn.softmax(tensor, name="prob")


def main(directory):
    tf1.disable_eager_execution()
    vgg16()
    with tf1.Session() as session:
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver().save(session, directory + "/vgg.ckpt")
        graph = tf1.graph_util.convert_variables_to_constants(session, session.graph.as_graph_def(), ["prob"])
    with open(directory + "/vgg.pb", "wb") as file:
        file.write(graph.SerializeToString())


if __name__ == "__main__":
    main(sys.argv[1])
