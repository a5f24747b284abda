"""Load graphs into TensorFlow, feed them and fetch bits. Runs on TensorFlow 1.15 (Python 3.7) and 2.x alike."""

import hashlib

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1

# Ops whose outputs are nothing one compares, when outputs are guessed.
NOT_OUTPUTS = frozenset(
    ["Assert", "Assign", "AssignVariableOp", "Const", "NoOp", "Placeholder", "PlaceholderWithDefault", "Print"]
    + ["PrintV2", "RestoreV2", "SaveV2", "VarHandleOp", "Variable", "VariableV2"]
)
UNFETCHABLE = (tf.resource, tf.variant)
OPTIONS = tf1.RunOptions()
DIMENSIONS = (2, 1, 4, 3, 8, 16, 32)


def quiet():
    """A session configuration with Grappler off and one thread, so that bits can be compared."""
    config = tf1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    config.graph_options.optimizer_options.opt_level = tf1.OptimizerOptions.L0
    return config


def graph_def(path):
    """The GraphDef in a file, binary or text."""
    from google.protobuf import message, text_format

    with open(path, "rb") as file:
        data = file.read()
    parsed = tf1.GraphDef()
    try:
        parsed.ParseFromString(data)
        return parsed
    except message.DecodeError:
        return text_format.Parse(data.decode("utf-8"), tf1.GraphDef())


def imported(path):
    """A new Graph with the graph of a file imported under no scope."""
    graph = tf.Graph()
    with graph.as_default():
        tf1.import_graph_def(graph_def(path), name="")
    return graph


def restored(prefix, clear_devices=False):
    """Context-free half of ``import_meta_graph``: a new Graph, and the saver that goes with it."""
    graph = tf.Graph()
    with graph.as_default():
        saver = tf1.train.import_meta_graph(prefix + ".meta", clear_devices=clear_devices)
    return graph, saver


def session(graph, grappler=False):
    """A session on ``graph``, quiet unless ``grappler``."""
    return tf1.Session(graph=graph, config=None if grappler else quiet())


def guessed_outputs(graph):
    """Names of the output tensors of ops that compute something which nothing consumes."""
    found = []
    for operation in graph.get_operations():
        used = any(tensor.consumers() for tensor in operation.outputs)
        if operation.type not in NOT_OUTPUTS and not used:
            found += [tensor.name for tensor in defined(operation) if tensor.dtype.base_dtype not in UNFETCHABLE]
    return found


def defined(operation):
    """The outputs that an op writes: some leave others as the memory was."""
    if operation.type == "Svd" and not operation.get_attr("compute_uv"):
        return operation.outputs[:1]
    return operation.outputs[:1] if operation.type.startswith("FusedBatchNorm") else operation.outputs


def placeholders(graph):
    """The tensors to feed."""
    return [op.outputs[0] for op in graph.get_operations() if op.type in ("Placeholder", "PlaceholderV2")]


def generic_feeds(graph, dimension=2, seed=7, shapes=None):
    """Values for every placeholder, the same for the same graph and seed.

    ``dimension`` stands for each unknown dimension; ``shapes`` gives whole shapes by tensor name.
    """
    shapes = shapes or {}
    feeds = {}
    for tensor in sorted(placeholders(graph), key=lambda tensor: tensor.name):
        if tensor.dtype.base_dtype in UNFETCHABLE:
            continue
        shape = shapes.get(tensor.name)
        if shape is None:
            known = tensor.shape
            shape = () if known.rank is None else [dimension if size is None else size for size in known.as_list()]
        feeds[tensor.name] = filler(tensor.dtype.base_dtype.as_numpy_dtype, tuple(shape), seed)
        seed += 1
    return feeds


def filler(dtype, shape, seed):
    """Random values of a dtype: floats around zero, integers 0 to 2, so that they are good indices too."""
    random = np.random.RandomState(seed)
    kind = np.dtype(dtype)
    if kind == np.dtype(object):
        return np.array([b"text %d" % number for number in range(int(np.prod(shape)))], object).reshape(shape)
    if kind == np.dtype(bool):
        return np.asarray(random.rand(*shape) < 0.5)
    if kind.kind in "iu":
        return np.asarray(random.randint(0, 3, shape)).astype(kind)
    if kind.kind == "c":
        return np.asarray(random.standard_normal(shape) + 1j * random.standard_normal(shape)).astype(kind)
    return np.asarray(random.standard_normal(shape)).astype(kind)


def bits(value):
    """``[dtype, shape, hash]`` of a value that a session returned; equal for equal bits only."""
    array = np.asarray(value)
    if array.dtype.kind in "OSU":
        payload = b"".join(b"%d:%s" % (len(item), item) for item in map(as_bytes, array.ravel().tolist()))
    else:
        payload = np.ascontiguousarray(array).tobytes()
    return [str(array.dtype), list(array.shape), hashlib.sha256(payload).hexdigest()]


def is_nonzero(value):
    """Whether an array holds anything but zeros or empty strings."""
    array = np.asarray(value)
    if array.dtype.kind not in "OSU":
        array = array if array.dtype.kind in "biufc" else array.astype(np.float32)  # bfloat16 is of kind V
        return bool(np.any(array != 0))
    return any(as_bytes(item) for item in array.ravel().tolist())


def as_bytes(item):
    return item if isinstance(item, bytes) else str(item).encode("utf-8")


def fetch(running, outputs, feeds):
    """Values by tensor name. A list that fails as a whole is fetched one by one, each error in its place.

    Once one takes too long, so would others: all the rest get that error.
    """
    try:
        return dict(zip(outputs, running.run(list(outputs), feeds, OPTIONS)))
    except tf.errors.DeadlineExceededError as error:
        return dict.fromkeys(outputs, error)
    except tf.errors.OpError:
        values = {}
        for name in outputs:
            try:
                values[name] = running.run(name, feeds, OPTIONS)
            except tf.errors.DeadlineExceededError as error:
                return dict(dict.fromkeys(outputs, error), **values)
            except tf.errors.OpError as error:
                values[name] = error
        return values


def run_frozen(path, outputs=None, feeds=None, dimension=2, grappler=False, seed=7):
    """Run a frozen graph.

    Returns the output names, the feeds, and the values by name (an exception where TensorFlow raised one).
    """
    graph = imported(path)
    outputs = [with_port(name) for name in outputs] if outputs else guessed_outputs(graph)
    feeds = generic_feeds(graph, dimension, seed) if feeds is None else feeds
    with session(graph, grappler) as running:
        tables = graph.get_collection(tf1.GraphKeys.TABLE_INITIALIZERS)
        running.run(tables)
        return outputs, feeds, fetch(running, outputs, feeds)


def run_restored(prefix, outputs, feeds, grappler=False):
    """Restore a checkpoint with its own meta graph and fetch ``outputs``."""
    graph, saver = restored(prefix)
    with session(graph, grappler) as running:
        saver.restore(running, prefix)
        return fetch(running, outputs, feeds)


def with_port(name):
    return name if ":" in name else name + ":0"
