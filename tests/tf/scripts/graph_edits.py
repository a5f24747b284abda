"""Nets to edit, with loops, branches and variables of both kinds, and what TensorFlow makes of the edited ones.

Runs unchanged on TensorFlow 1.15 and later.
"""

import os

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1

#: Rows, columns of what is fed.
SHAPE = (3, 4)


def kernel(name, resource):
    start = tf1.random_normal_initializer(stddev=0.5, seed=len(name))
    return tf1.get_variable(name, [4, 4], initializer=start, use_resource=resource)


def net(resource):
    """A layer, a batch norm, a loop with a kernel in it, a branch with one, and a layer that makes the output."""
    x = tf1.placeholder(tf.float32, [None, 4], name="x")
    is_large = tf1.placeholder_with_default(True, [], name="is_large")
    fc1 = tf.identity(tf.nn.relu(tf.matmul(x, kernel("first", resource))), name="fc1")
    image = tf.reshape(fc1, [-1, 1, 1, 4])
    scale, offset = (kernel(name, resource)[0] for name in ("scale", "offset"))
    normal = tf1.nn.fused_batch_norm(image, scale, offset)[0]
    fc2 = tf.matmul(tf.reshape(normal, [-1, 4]), kernel("second", resource), name="fc2")
    inside = kernel("inside", resource)
    _, looped = tf1.while_loop(
        lambda i, _: i < 3, lambda i, state: (i + 1, tf.tanh(tf.matmul(state, inside), name="state")), (0, fc2),
        name="while",
    )  # fmt: skip
    branch = kernel("branch", resource)
    chosen = tf1.cond(is_large, lambda: tf.nn.relu(tf.matmul(looped, branch), name="large"), lambda: looped * 2.0)
    return tf.nn.softmax(tf.matmul(chosen, kernel("last", resource)), name="prob")


def make(directory, resource=False):
    """Save the net with a checkpoint, a SavedModel of it, and what it computes; return where."""
    tf1.disable_control_flow_v2()
    prefix, saved = os.path.join(directory, "net.ckpt"), os.path.join(directory, "saved")
    with tf.Graph().as_default() as graph, tf1.Session() as session:
        prob = net(resource)
        graph.add_to_collection("endpoints", graph.get_tensor_by_name("fc1:0"))
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver().save(session, prefix)
        inputs, outputs = {"x": graph.get_tensor_by_name("x:0")}, {"prob": prob}
        signature = tf1.saved_model.predict_signature_def(inputs, outputs)
        builder = tf1.saved_model.Builder(saved)
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
    return {"prefix": prefix, "saved": saved, "values": run(prefix, ["prob:0", "fc1:0"])}


def fed(graph):
    feeds = {"x:0": np.random.RandomState(7).standard_normal(SHAPE).astype(np.float32)}
    for name in ("is_large",):
        if any(node.name == name for node in graph.as_graph_def().node):
            feeds[name + ":0"] = True
    return feeds


def restored(prefix):
    saver = tf1.train.import_meta_graph(prefix + ".meta", clear_devices=False)
    config = tf1.ConfigProto(allow_soft_placement=True)
    session = tf1.Session(config=config)
    saver.restore(session, prefix)
    return session


def run(prefix, fetches, feed=None):
    """What tensors of a restored net are."""
    tf1.disable_control_flow_v2()
    with tf.Graph().as_default() as graph, restored(prefix) as session:
        feeds = dict(fed(graph), **(feed or {}))
        return [np.asarray(value).tolist() for value in session.run(fetches, feeds)]


def serve(path):
    """What the signature of a SavedModel computes, and of which type it says that it is."""
    with tf.Graph().as_default() as graph, tf1.Session() as session:
        loaded = tf1.saved_model.loader.load(session, ["serve"], path)
        (info,) = loaded.signature_def["serving_default"].outputs.values()
        value = session.run(info.name, fed(graph))
        return {
            "value": value.astype(np.float64).tolist(),
            "dtype": value.dtype.name,
            "said": tf.as_dtype(info.dtype).name,
        }


def gradients(prefix, of="prob:0", to=()):
    """The sum of the squares of each variable's gradient, None where there is none; and of tensors."""
    tf1.disable_control_flow_v2()
    with tf.Graph().as_default() as graph, restored(prefix) as session:
        loss = tf.reduce_sum(tf.square(graph.get_tensor_by_name(of)))
        variables = tf1.global_variables()
        targets = [*variables, *(graph.get_tensor_by_name(name) for name in to)]
        names = [each.op.name for each in variables] + list(to)
        found = tf1.gradients(loss, targets)
        sizes = [None if each is None else tf.reduce_sum(tf.square(tf.convert_to_tensor(each))) for each in found]
        values = session.run([each for each in sizes if each is not None], fed(graph))
        values = iter([float(value) for value in values])
        return {name: None if size is None else next(values) for name, size in zip(names, sizes)}


def trained(prefix):
    """The variables that an optimizer of this TensorFlow changes, and those that it lists."""
    tf1.disable_control_flow_v2()
    with tf.Graph().as_default() as graph, restored(prefix) as session:
        loss = tf.reduce_sum(tf.square(graph.get_tensor_by_name("prob:0")))
        variables, listed = tf1.global_variables(), tf1.trainable_variables()
        step = tf1.train.GradientDescentOptimizer(0.5).minimize(loss)
        before = session.run(variables)
        session.run(step, fed(graph))
        after = session.run(variables)
        changed = [each.op.name for each, a, b in zip(variables, before, after) if (a != b).any()]
        return {"changed": changed, "listed": [each.op.name for each in listed]}


def devices(texts):
    """How nodes ask for devices; None for what is no name of one."""
    found = []
    for text in texts:
        try:
            with tf.Graph().as_default(), tf1.device(text):
                found.append(tf1.placeholder(tf.float32).op.node_def.device)
        except ValueError:
            found.append(None)
    return found


def conv(padding, strides):
    """What a convolution with other attrs computes, of the constants that `conv_net` has."""
    with tf.Graph().as_default(), tf1.Session() as session:
        return session.run(conv_net(padding, strides)).tolist()


def conv_net(padding, strides):
    image = tf.constant(np.arange(192, dtype=np.float32).reshape([1, 8, 8, 3]), name="image")
    weights = tf.constant(np.arange(108, dtype=np.float32).reshape([3, 3, 3, 4]), name="kernel")
    return tf.identity(tf.nn.conv2d(image, weights, [1, strides, strides, 1], padding, name="conv"), name="out")


def save_conv(path, padding, strides):
    with tf.Graph().as_default() as graph:
        conv_net(padding, strides)
        with open(path, "wb") as file:
            file.write(graph.as_graph_def(add_shapes=True).SerializeToString())


def compute(path, fetch="out:0"):
    """What a graph computes, and its static shape."""
    with tf.Graph().as_default() as graph, tf1.Session() as session:
        definition = tf1.GraphDef()
        with open(path, "rb") as file:
            definition.ParseFromString(file.read())
        tf1.import_graph_def(definition, name="")
        tensor = graph.get_tensor_by_name(fetch)
        return {"value": session.run(tensor).tolist(), "shape": tensor.shape.as_list()}


def save_module(path):
    """A SavedModel of TensorFlow 2: two layers, a loop between them that is a While."""

    class Net(tf.Module):
        def __init__(self):
            start = np.random.RandomState(3).standard_normal([3, 4, 4]).astype(np.float32) / 2
            self.kernels = [tf.Variable(each, name="kernel%d" % i) for i, each in enumerate(start)]

        @tf.function(input_signature=[tf.TensorSpec([None, 4], name="x")], autograph=False)
        def __call__(self, x):
            first = tf.nn.relu(tf.matmul(x, self.kernels[0]), name="first")
            _, looped = tf.while_loop(
                lambda i, _: i < 3,
                lambda i, state: (i + 1, tf.tanh(tf.matmul(state, self.kernels[1]), name="state")),
                (0, first),
            )
            return {"prob": tf.nn.softmax(tf.matmul(looped, self.kernels[2]), name="prob")}

    tf.saved_model.save(Net(), path)


def module_gradients(path):
    """What a SavedModel serves, and the size of each kernel's gradient."""
    loaded = tf.saved_model.load(path)
    feed = tf.constant(np.random.RandomState(7).standard_normal(SHAPE).astype(np.float32))
    with tf.GradientTape() as tape:
        value = loaded.signatures["serving_default"](x=feed)["prob"]
        loss = tf.reduce_sum(tf.square(value))
    kernels = sorted(loaded.kernels, key=lambda each: each.name)
    found = tape.gradient(loss, kernels)
    sizes = [0.0 if each is None else float(tf.reduce_sum(tf.square(each))) for each in found]
    return {"value": value.numpy().tolist(), "gradients": sizes, "trainable": [each.trainable for each in kernels]}


def module_value(path):
    """What a SavedModel serves in TensorFlow 2, and its type."""
    feed = tf.constant(np.random.RandomState(7).standard_normal(SHAPE).astype(np.float32))
    (value,) = tf.saved_model.load(path).signatures["serving_default"](x=feed).values()
    return {"value": value.numpy().astype(np.float64).tolist(), "dtype": value.dtype.name}
