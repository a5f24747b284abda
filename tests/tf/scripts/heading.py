"""New heads: trained by ``train_op``, and by tf.gradients and tf.train's optimizers as heads that TensorFlow made."""

import os
import tempfile

import numpy as np
import running
import tensorflow as tf

tf1 = tf.compat.v1
STEPS = 30
OPTIMIZERS = {
    "sgd": lambda: tf1.train.GradientDescentOptimizer(0.05),
    "momentum": lambda: tf1.train.MomentumOptimizer(0.05, 0.8),
    "adam": lambda: tf1.train.AdamOptimizer(0.05, 0.8, 0.95, 1e-6),
}


def compare(prefix, body, names, head):
    """Train a head of ours and one of TensorFlow's on the same body for 30 steps, from the same values.

    ``body`` is the model that the head was put on, a GraphDef or a prefix; ``names`` are those of our nodes, ``head``
    says what TensorFlow's is to be, see `make_head`. Returns which losses and values differ, and whether each restores
    what the other saved.
    """
    graph, saver = running.restored(prefix)
    with running.session(graph) as session, tempfile.TemporaryDirectory() as directory:
        saver.restore(session, prefix)
        feeds = [batch(graph, names["labels"] + ":0", head["units"], step) for step in range(STEPS)]
        keys = saved_keys(graph, saver)
        first = values(session, keys)
        session.run(names["init_head"])
        again = values(session, keys)
        ours = run(session, names["loss"] + ":0", names["train_op"], feeds)
        last = values(session, keys)
        path = saver.save(session, os.path.join(directory, "ours"), write_meta_graph=False)
        for feed in feeds:
            feed["labels:0"] = feed.pop(names["labels"] + ":0")
        theirs = trained_by_tensorflow(body, head, feeds, path, directory)
        saver.restore(session, theirs["path"])
        exchanged = values(session, keys)
    pairs = enumerate(zip(ours, theirs["losses"]))
    return {
        "differing_losses": [step for step, (one, two) in pairs if bits(one) != bits(two)],
        "differing_values": differing(last, theirs["values"]),
        "init_head_differs": differing(first, again),
        "not_restored": differing(last, exchanged),
        "not_restored_by_tensorflow": differing(last, theirs["restored"]),
        "first_values_differ": differing(theirs["first"], first),
        "unmoved": [key for key in keys if bits(first[key]) == bits(last[key])],
        "losses": [float(ours[0]), float(ours[-1])],
    }


def minimize(prefix, loss, labels, units):
    """Let an optimizer of tf.train minimize our loss, beside our own; return what it changes, and how many are its own.

    It needs a name of its own, for its slots would have the names of ours.
    """
    graph, saver = running.restored(prefix)
    with graph.as_default():
        before = tf1.global_variables()
        step = tf1.train.AdamOptimizer(0.1, name="Body").minimize(graph.get_tensor_by_name(loss))
        own = [item for item in tf1.global_variables() if item not in before]
        initialize = tf1.variables_initializer(own)
    keys = saved_keys(graph, saver)
    with running.session(graph) as session:
        saver.restore(session, prefix)
        session.run(initialize)
        first = values(session, keys)
        for number in range(3):
            session.run(step, batch(graph, labels, units, number))
        last = values(session, keys)
    return {"changed": differing(first, last), "slots": len(own)}


def alternate(prefix, heads, units):
    """Run the steps of several heads of one graph by turns; return what each of them changes."""
    graph, saver = running.restored(prefix)
    keys = saved_keys(graph, saver)
    changed = {}
    with running.session(graph) as session:
        saver.restore(session, prefix)
        feed = batch(graph, "", units, 0)
        feed.update({name: np.arange(5) % units for name, value in feed.items() if value.dtype == np.int64})
        for step in heads:
            before = values(session, keys)
            session.run(step, feed)
            changed[step] = differing(before, values(session, keys))
    return changed


def serve(directory, units):
    """Load a SavedModel in version 1 and run a step by its signature; return its losses, and what it serves before."""
    graph = tf.Graph()
    with running.session(graph) as session:
        with graph.as_default():
            meta = tf1.saved_model.loader.load(session, ["serve"], directory)
        signature = meta.signature_def["train"]
        labels = signature.inputs["labels"].name
        feed = batch(graph, labels, units, 0)
        (step,) = graph.get_collection("train_op")
        losses = [session.run([signature.outputs["loss"].name, step], feed)[0] for _ in range(5)]
        fetched = session.run(signature.outputs["prob"].name, feed)
    return {"inputs": sorted(signature.inputs), "losses": [float(loss) for loss in losses], "shape": fetched.shape}


def is_served(prefix, checkpoint, pb, prob):
    """Whether a frozen graph gives, bit for bit, what the one that was trained does."""
    graph, saver = running.restored(prefix)
    feed = batch(running.imported(pb), "", 1, 0)
    with running.session(graph) as session:
        saver.restore(session, checkpoint)
        wanted = session.run(prob, feed)
    with running.session(running.imported(pb)) as session:
        return bits(session.run(prob, feed)) == bits(wanted)


def config():
    """The ConfigProto of our sessions, serialized."""
    return running.quiet().SerializeToString().hex()


def train(body, head, feeds, directory):
    """Train TensorFlow's head by the feeds of each step in an .npz; return losses, and where its values are saved."""
    stored = np.load(feeds)
    count = 1 + max(int(key.partition("/")[0]) for key in stored.files)
    steps = [
        {key.partition("/")[2]: stored[key] for key in stored.files if key.startswith("%d/" % step)}
        for step in range(count)
    ]
    made = trained_by_tensorflow(body, head, steps, None, directory)
    return {"losses": [float(loss).hex() for loss in made["losses"]], "prefix": made["path"]}


def trained_by_tensorflow(body, head, feeds, ours, directory):
    """Train TensorFlow's head; then restore what ours became, if that is given, and save all."""
    graph, saver = (running.imported(body), None) if body.endswith(".pb") else running.restored(body)
    with graph.as_default():
        others = tf1.global_variables()
        loss, step = make_head(graph, **head)
        own = [item for item in tf1.global_variables() if item not in others]
        initialize, both = tf1.variables_initializer(own), tf1.train.Saver()
    keys = [item.op.name for item in own + others]
    with running.session(graph) as session:
        session.run(initialize)
        if saver is not None:
            saver.restore(session, body)
        answer = {"first": values(session, keys), "losses": run(session, loss, step, feeds)}
        answer["values"] = values(session, keys)
        if ours is not None:
            both.restore(session, ours)
        answer["restored"] = values(session, keys)
        answer["path"] = both.save(session, os.path.join(directory, "theirs"), write_meta_graph=False)
    return answer


def make_head(
    graph, at, width, units, loss, optimizer, labels, kind="dense", pool="none", seed=0, resource=False, axes=(1, 2)
):
    """The same head as people write it in TensorFlow; ``axes`` are those of places in a map."""
    features = graph.get_tensor_by_name(at)
    if features.shape.ndims is None:
        features.set_shape([None, width])
    if features.dtype in (tf.float16, tf.bfloat16):
        features = tf.cast(features, tf.float32)
    if pool == "mean":
        features = tf.reduce_mean(features, axes)
    elif pool == "flatten":
        features = tf.reshape(features, [-1, int(np.prod(features.shape.as_list()[1:]))])
    elif kind == "conv" and tuple(axes) == (2, 3):
        features = tf.transpose(features, [0, 2, 3, 1])
    dtype = features.dtype
    with tf1.variable_scope("head", use_resource=resource):
        shape = [width, units] if kind == "dense" else [1, 1, width, units]
        kernel = tf1.get_variable("kernel", shape, dtype, tf1.glorot_uniform_initializer(seed=seed, dtype=dtype))
        bias = tf1.get_variable("bias", [units], dtype, tf1.zeros_initializer(dtype=dtype))
    if kind == "dense":
        logits = tf1.nn.bias_add(tf.matmul(features, kernel), bias)
    else:
        logits = tf1.nn.bias_add(tf1.nn.conv2d(features, kernel, strides=[1] * 4, padding="VALID"), bias)
    mean = tf.reduce_mean(each_loss(logits, loss, labels))
    gradients = tf1.gradients(mean, [kernel, bias])
    return mean, OPTIMIZERS[optimizer]().apply_gradients(zip(gradients, [kernel, bias]))


def each_loss(logits, loss, labels):
    known = logits.shape.as_list()
    if loss == "softmax" and labels == "sparse":
        fed = tf1.placeholder(tf.int64, known[:-1], "labels")
        return tf1.nn.sparse_softmax_cross_entropy_with_logits(labels=fed, logits=logits)
    fed = tf1.placeholder(logits.dtype, known, "labels")
    if loss == "softmax":
        return tf1.nn.softmax_cross_entropy_with_logits_v2(labels=tf.stop_gradient(fed), logits=logits)
    if loss == "sigmoid":
        return tf1.nn.sigmoid_cross_entropy_with_logits(labels=fed, logits=logits)
    return tf1.squared_difference(logits, fed)


def batch(graph, labels, units, step):
    """Numbers for the placeholders of a step, by the names of their tensors."""
    numbers = np.random.RandomState(step)
    found = {}
    for op in graph.get_operations():
        if op.type != "Placeholder":
            continue
        tensor = op.outputs[0]
        known = [] if tensor.shape.ndims is None else tensor.shape.as_list()
        shape = [5 + step % 3 if dim is None else dim for dim in known]
        if tensor.name != labels:
            value = numbers.normal(size=shape) if tensor.dtype.is_floating else numbers.randint(0, 2, size=shape)
        elif tensor.dtype == tf.int64:
            value = numbers.randint(0, units, size=shape)
        else:
            value = np.asarray(numbers.uniform(size=shape))
            value /= value.sum(-1, keepdims=True) if units > 1 else 1
        found[tensor.name] = np.asarray(value).astype(tensor.dtype.as_numpy_dtype)
    return found


def run(session, loss, step, feeds):
    return [session.run([loss, step], feed)[0] for feed in feeds]


def values(session, keys):
    graph = session.graph
    tensors = {}
    for key in keys:
        handle = graph.get_tensor_by_name(key + ":0")
        is_resource = handle.dtype == tf.resource
        tensors[key] = graph.get_tensor_by_name(key + "/Read/ReadVariableOp:0") if is_resource else handle
    return session.run(tensors)


def saved_keys(graph, saver):
    scope = saver.as_saver_def().restore_op_name.rsplit("/", 1)[0]
    names = graph.get_operation_by_name(scope + "/RestoreV2/tensor_names")
    return [name.decode() for name in tf.make_ndarray(names.get_attr("value")).ravel()]


def differing(one, two):
    return [key for key, value in one.items() if bits(value) != bits(two[key])]


def bits(value):
    return np.asarray(value).tobytes()
