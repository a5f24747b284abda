"""A net with everything that names things, and what TensorFlow makes of it under other names."""

import os

import numpy as np
import running
import tensorflow as tf

tf1 = tf.compat.v1
BATCH = np.linspace(-1, 1, 24, dtype=np.float32).reshape(4, 6)


def make(directory, resource=False, control_flow_v2=False, sharded=False):
    """Build, train and save it; returns its prefix, and the names of all nodes and variables.

    It has partitioned variables, batch norm with update ops, a loop and branches that read weights, Adam with slots,
    averages, a table, a queue with its runner, a saver with keys that are not names, and one for another checkpoint.
    """
    switch = tf1.enable_control_flow_v2 if control_flow_v2 else tf1.disable_control_flow_v2
    was_v2 = tf1.control_flow_v2_enabled()
    switch()
    try:
        graph = tf.Graph()
        with graph.as_default(), tf1.variable_scope(tf1.get_variable_scope(), use_resource=resource):
            build()
            saver = tf1.train.Saver(keys(), sharded=sharded, save_relative_paths=True)
            prefix = os.path.join(directory, "net.ckpt")
            with running.session(graph) as session:
                start(session)
                for _ in range(2):
                    session.run("train_op", feeds())
                saver.save(session, prefix)
    finally:
        (tf1.enable_control_flow_v2 if was_v2 else tf1.disable_control_flow_v2)()
    variables = [item.op.name for item in graph.get_collection("variables")]
    return {"prefix": prefix, "nodes": [op.name for op in graph.get_operations()], "variables": variables}


def build():
    initializer = tf1.glorot_uniform_initializer(seed=3)
    batch = tf1.placeholder(tf.float32, [4, 6], "batch")
    with tf1.variable_scope("tower/first", partitioner=tf1.fixed_size_partitioner(2)):
        table = tf1.get_variable("embeddings", [6, 5], initializer=initializer)
        net = tf1.matmul(batch, tf.convert_to_tensor(table))
    with tf1.variable_scope("tower/second"):
        net = normed(net)
        net = looped(net, tf1.get_variable("kernel", [5, 5], initializer=initializer))
        net = chosen(net, tf1.get_variable("bias", [5], initializer=initializer_of(0.5)))
    words = tf1.placeholder(tf.string, [4], "words")
    keys_of_table, values = tf.constant(["a", "b"]), tf.constant([1.0, 2.0])
    lookup = tf1.lookup if hasattr(tf1, "lookup") else tf.lookup
    found = tf.lookup.StaticHashTable(lookup.KeyValueTensorInitializer(keys_of_table, values), 0.5).lookup(words)
    output = tf.identity(net * found[:, None], name="output")
    tf1.train.range_input_producer(3, shuffle=False, name="numbers").dequeue(name="number")
    loss = tf.reduce_mean(tf.square(output - 1.0), name="loss")
    tf1.add_to_collection("losses", loss)
    tf1.add_to_collection("names_of_outputs", "output:0")
    step = tf1.train.get_or_create_global_step()
    with tf.control_dependencies(tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)):
        train = tf1.train.AdamOptimizer(0.05).minimize(loss, global_step=step)
    average = tf1.train.ExponentialMovingAverage(0.5, step)
    with tf.control_dependencies([train]):
        averaged = average.apply(tf1.trainable_variables())
    tf.group(averaged, name="train_op")
    kernel = [item for item in tf1.global_variables() if item.op.name == "tower/second/kernel"]
    tf1.train.Saver({"pretrained/kernel": kernel[0]}, name="pretrained_saver")


def initializer_of(value):
    return tf1.constant_initializer(value)


def normed(net):
    """Batch norm in training, whose averages are updated by ops in a collection."""
    size = net.shape.as_list()[-1]
    gamma = tf1.get_variable("norm/gamma", [size], initializer=initializer_of(1.0))
    beta = tf1.get_variable("norm/beta", [size], initializer=initializer_of(0.0))
    mean = tf1.get_variable("norm/moving_mean", [size], initializer=initializer_of(0.0), trainable=False)
    batch_mean, batch_variance = tf1.nn.moments(net, [0])
    tf1.add_to_collection(tf1.GraphKeys.UPDATE_OPS, tf1.assign_sub(mean, (mean - batch_mean) * 0.1).op)
    return tf.nn.batch_normalization(net, batch_mean, batch_variance, beta, gamma, 1e-3)


def looped(net, kernel):
    return tf1.while_loop(
        lambda i, _: i < 3, lambda i, value: (i + 1, tf.tanh(tf1.matmul(value, kernel))), [tf.constant(0), net]
    )[1]


def chosen(net, bias):
    flag = tf1.placeholder_with_default(True, [], "flag")
    return tf1.cond(flag, lambda: net + bias, lambda: net * bias, name="choice")


def keys():
    """A saver's variables: most by name, parts by slices, one under another key."""
    found = {}
    for item in tf1.global_variables():
        info = item._get_save_slice_info()
        if info is not None:
            found.setdefault(info.full_name, []).append(item)
        elif item.op.name == "tower/second/bias":
            found["tower/other/bias"] = item
        else:
            found[item.op.name] = item
    return found


def feeds(rename=None):
    rename = rename or (lambda name: name)
    return {rename("batch") + ":0": BATCH, rename("words") + ":0": np.array(["a", "b", "c", "a"], object)}


def start(session):
    session.run([tf1.global_variables_initializer(), tf1.local_variables_initializer(), tf1.tables_initializer()])


def trained(prefix, names, steps=2):
    """Import, restore, run and train by the graph's own ops, whose names ``names`` maps.

    Returns the bits of all variables before and after, of the outputs, of what the queue gives, and the losses.
    """

    def new(name):
        return names.get(name, name)

    graph, saver = running.restored(prefix)
    found = {}
    with graph.as_default(), running.session(graph) as session:
        session.run([tf1.local_variables_initializer(), tf1.tables_initializer()])
        saver.restore(session, prefix)
        found["restored"] = bits_of_variables(session)
        found["output"] = running.bits(session.run(new("output") + ":0", feeds(new)))
        coordinator = tf1.train.Coordinator()
        threads = tf1.train.start_queue_runners(session, coordinator)
        found["numbers"] = [int(session.run(new("number") + ":0")) for _ in range(4)]
        coordinator.request_stop()
        coordinator.join(threads, stop_grace_period_secs=5, ignore_live_threads=True)
        found["losses"] = []
        for _ in range(steps):
            loss, _ = session.run([tf1.get_collection("losses")[0], new("train_op")], feeds(new))
            found["losses"].append(float(loss))
        found["trained"] = bits_of_variables(session)
        found["gradients"] = gradients_are_there()
        found["collections"] = sizes_of_collections(graph)
        found["names_of_outputs"] = [as_text(name) for name in tf1.get_collection("names_of_outputs")]
    return found


def as_text(name):
    return name.decode() if isinstance(name, bytes) else name


def bits_of_variables(session):
    return {item.op.name: running.bits(session.run(item)) for item in tf1.global_variables()}


def sizes_of_collections(graph):
    return {
        name: len(graph.get_collection(name))
        for name in graph.get_all_collection_keys()
        if isinstance(name, str) and not name.startswith("_")
    }


def gradients_are_there():
    """Differentiate anew, and say which variables have no gradient."""
    weights = tf1.trainable_variables()
    gradients = tf1.gradients(tf1.get_collection("losses")[0], weights)
    return [item.op.name for item, gradient in zip(weights, gradients) if gradient is None]


def saves_again(prefix):
    """Restore, save with the model's saver and with a new one; the keys of the checkpoint and of both."""
    graph, saver = running.restored(prefix)
    directory = os.path.dirname(prefix)
    with graph.as_default(), running.session(graph) as session:
        saver.restore(session, prefix)
        again = saver.save(session, os.path.join(directory, "again"), write_meta_graph=False, write_state=False)
        new = tf1.train.Saver().save(session, os.path.join(directory, "new"), write_meta_graph=False, write_state=False)
    return [sorted(tf1.train.NewCheckpointReader(path).get_variable_to_shape_map()) for path in (prefix, again, new)]


def serves_equal(first, second, tags):
    """Load two SavedModels, the second being the first under other names, and run their signatures on equal feeds.

    Returns how many outputs are equal and those that are not; what the first is refused for does not count.
    """
    import saved_models

    answer = {"equal": 0, "differ": {}}
    for way, run in (("session", run_signatures), ("eager", saved_models.run_eagerly)):
        wanted = saved_models.outcome(run, first, tags)
        if isinstance(wanted, str):
            continue
        found = saved_models.outcome(run, second, tags)
        for name in wanted:
            same = not isinstance(found, str) and found.get(name) == wanted[name]
            if same or random_in(wanted[name], run, first, tags, name):
                answer["equal"] += same
            else:
                answer["differ"]["%s %s" % (way, name)] = [wanted[name], found if isinstance(found, str) else None]
    return answer


def random_in(bits, run, directory, tags, name):
    """Whether a model does not repeat an output itself."""
    return run(directory, tags)[name] != bits


def run_signatures(directory, tags):
    """``{"signature/output": bits, or the error's class}``; feeds go by the names of the signature's inputs."""
    graph = tf.Graph()
    found = {}
    with graph.as_default(), running.session(graph) as session:
        meta = tf1.saved_model.load(session, tags, directory)
        for key, signature in sorted(meta.signature_def.items()):
            if key.startswith("__"):
                continue
            # Two inputs may be one tensor, and a map has no order.
            given = {info.name: fed(graph, info, name) for name, info in sorted(signature.inputs.items())}
            for name, info in sorted(signature.outputs.items()):
                try:
                    value = session.run(graph.get_tensor_by_name(info.name), given)
                    found["%s/%s" % (key, name)] = running.bits(value)
                except tf.errors.OpError as error:
                    found["%s/%s" % (key, name)] = type(error).__name__
    return found


def fed(graph, info, name):
    tensor = graph.get_tensor_by_name(info.name)
    shape = () if tensor.shape.rank is None else [2 if size is None else size for size in tensor.shape.as_list()]
    return running.filler(tensor.dtype.base_dtype.as_numpy_dtype, tuple(shape), sum(map(ord, name)))


class Holder(tf.Module):
    """An object with a layer of two variables, and a step."""

    def __init__(self):
        super(Holder, self).__init__()
        self.layer = tf.Module()
        self.layer.kernel = tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="first/kernel")
        self.layer.bias = tf.Variable([5.0, 6.0], name="first/bias")


def make_objects(directory):
    """Save a checkpoint of objects, with an optimizer's slots."""
    holder = Holder()
    optimizer = tf.keras.optimizers.Adam()
    optimizer.apply_gradients([(tf.ones_like(item), item) for item in (holder.layer.kernel, holder.layer.bias)])
    saved = tf.train.Checkpoint(layer=holder.layer, optimizer=optimizer)
    return saved.write(os.path.join(directory, "objects"))


def restore_objects(prefix, scope, layer):
    """Restore a checkpoint by its objects, of which the root calls one `layer`, and by the full names below a scope."""
    holder = Holder()
    for item in (holder.layer.kernel, holder.layer.bias):
        item.assign(tf.zeros_like(item))
    optimizer = tf.keras.optimizers.Adam()
    optimizer.build([holder.layer.kernel, holder.layer.bias])
    status = tf.train.Checkpoint(optimizer=optimizer, **{layer: holder.layer}).read(prefix)
    status.assert_consumed()
    values = [holder.layer.kernel.numpy().tolist(), holder.layer.bias.numpy().tolist()]
    with tf.Graph().as_default() as graph:
        items = [tf1.get_variable(scope + "/" + name, shape) for name, shape in (("kernel", [2, 2]), ("bias", [2]))]
        saver = tf1.train.Saver(items)
        with running.session(graph) as session:
            saver.restore(session, prefix)
            by_names = [value.tolist() for value in session.run(items)]
    keys = sorted(tf.train.load_checkpoint(prefix).get_variable_to_shape_map())
    return {"by objects": values, "by full names": by_names, "keys": keys}
