"""Static shapes as TensorFlow infers them, and nets for images of one size that are fed others. Any TensorFlow."""

import numpy as np
import running
import tensorflow as tf

tf1 = tf.compat.v1


def shapes(path):
    """The shapes of all tensors of a graph; None for one of unknown rank, or in place of a dimension."""
    found = {}
    for op in running.imported(path).get_operations():
        for tensor in op.outputs:
            rank = tensor.shape.rank if hasattr(tensor.shape, "rank") else tensor.shape.ndims
            found[tensor.name] = None if rank is None else tensor.shape.as_list()
    return found


def variable(name, shape):
    return tf1.get_variable(name, shape, initializer=tf1.random_uniform_initializer(-0.5, 0.5, seed=3))


def conv(x, name, channels, size=3, padding="SAME"):
    kernel = variable(name, [size, size, int(x.shape[-1]), channels])
    return tf.nn.relu(tf.nn.bias_add(tf1.nn.conv2d(x, kernel, [1, 1, 1, 1], padding), variable(name + "b", [channels])))


def pool(x):
    return tf1.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")


def dense(x, name, units, activation=tf.identity):
    kernel = variable(name, [int(x.shape[-1]), units])
    return activation(tf.nn.bias_add(tf.matmul(x, kernel), variable(name + "b", [units])))


def pooled(x):
    """Any size: the mean over the image, and a squeeze of it."""
    net = pool(conv(x, "a", 4))
    net = tf1.reduce_mean(conv(net, "b", 5), [1, 2], keepdims=True)
    return tf.squeeze(conv(net, "c", 3, size=1), [1, 2])


def flat(x):
    """Fully connected layers behind a feature map, as in VGG."""
    net = pool(conv(x, "a", 4))
    net = tf.reshape(net, [-1, int(np.prod(net.shape[1:]))])
    return dense(dense(net, "fc6", 7, tf.nn.relu), "fc7", 3)


def flat_dynamic(x):
    """The same with a batch that is asked for, as tf.layers.flatten does."""
    net = conv(x, "a", 4, padding="VALID")
    net = tf.reshape(net, tf.stack([tf.shape(net)[0], -1]))
    net.set_shape([None, 6 * 6 * 4])
    return tf.nn.softmax(dense(dense(net, "fc6", 7, tf.nn.relu), "fc7", 3))


def batched(x):
    """A batch that is written into a constant."""
    net = pool(conv(x, "a", 4))
    return dense(tf.reshape(net, [1, 64]), "fc", 3)


def sequence(x):
    """A recurrent cell over an image's rows."""
    net = tf.reshape(x, [-1, 8, 24])
    weight, state = variable("w", [24 + 4, 4]), tf.zeros([tf.shape(x)[0], 4])
    for row in tf.unstack(net, axis=1):
        state = tf.tanh(tf.matmul(tf.concat([row, state], 1), weight))
    return state


NETS = {"pooled": pooled, "flat": flat, "flat_dynamic": flat_dynamic, "batched": batched, "sequence": sequence}


def make(net, prefix, shape, resource=False):
    """Build a net for an image of one size, and save it with values."""
    with tf.Graph().as_default() as graph:
        x = tf1.placeholder(tf.float32, shape, name="x")
        with tf1.variable_scope("net", use_resource=resource, auxiliary_name_scope=False):
            tf.identity(NETS[net](x), name="output")
        saver = tf1.train.Saver()
        with running.session(graph) as session:
            session.run(tf1.global_variables_initializer())
            saver.save(session, prefix)
    return sorted(net for net in NETS)


def image(shape):
    return np.random.RandomState(1).uniform(-1, 1, shape).astype(np.float32)


def run(prefix, shape, crop=None):
    """What the graph at a prefix gives for an image of some size, or for a part of it, and the shape it declares."""
    graph, saver = running.restored(prefix)
    with graph.as_default(), running.session(graph) as session:
        saver.restore(session, prefix)
        fed = image(shape)
        if crop is not None:
            fed = fed[:, crop[0] : crop[0] + crop[2], crop[1] : crop[1] + crop[3]]
        output, x = graph.get_tensor_by_name("output:0"), graph.get_tensor_by_name("x:0")
        declared = [None if each.shape.ndims is None else each.shape.as_list() for each in (x, output)]
        return {"value": session.run(output, {x: fed}).tolist(), "shapes": declared}


def vgg(x):
    """Three fully connected layers with dropout between, as slim's."""
    net = pool(conv(x, "a", 4))
    net = tf.reshape(net, tf.stack([tf.shape(net)[0], 64]))
    net.set_shape([None, 64])
    net = tf.nn.relu(dense(net, "fc6", 7))
    return tf.nn.softmax(dense(tf.tanh(dense(net, "fc7", 6)), "fc8", 3))


def channels_first(x):
    net = tf.transpose(pool(conv(x, "a", 4)), [0, 3, 1, 2], name="perm_NCHW")
    return dense(tf.reshape(net, [-1, 64]), "fc", 3)


def turned(x):
    """The matrix is multiplied transposed, and read twice."""
    net = tf.reshape(pool(conv(x, "a", 4)), [-1, 64])
    kernel = variable("w", [5, 64])
    return tf.matmul(net, kernel, transpose_b=True, name="fc/MatMul") + tf.reduce_sum(kernel)


NETS.update(vgg=vgg, turned=turned)


def frozen(path, shape):
    """What a frozen graph gives for an image, and the static shape of that."""
    graph = running.imported(path)
    output = graph.get_tensor_by_name("output:0")
    with running.session(graph) as session:
        return session.run(output, {graph.get_tensor_by_name("x:0"): image(shape)}).tolist(), output.shape.as_list()
