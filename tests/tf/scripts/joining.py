"""Models to join, split and copy, and what TensorFlow makes of each part of what they became."""

import os

import numpy as np
import renaming
import running
import saved_models
import tensorflow as tf

tf1 = tf.compat.v1
SIZE = 3
ROWS = np.linspace(-1, 1, 4 * SIZE, dtype=np.float32).reshape(4, SIZE)


def nets(directory):
    """Nets that name everything, of each kind of variables and control flow; their prefixes."""
    kinds = {"ref": {}, "resource": {"resource": True}, "functional": {"resource": True, "control_flow_v2": True}}
    return {
        name: renaming.make(make_directory(directory, name), **options)["prefix"] for name, options in kinds.items()
    }


def make_directory(*parts):
    path = os.path.join(*parts)
    os.makedirs(path)
    return path


def parts_of(prefix, scopes, steps=2):
    """Import, restore, run and train the net below each scope of a graph; what was found, by scope, without it."""
    graph, saver = running.restored(prefix)
    found = {}
    with graph.as_default(), running.session(graph) as session:
        session.run([tf1.local_variables_initializer(), tf1.tables_initializer()])
        saver.restore(session, prefix)
        for scope in scopes:
            found[scope] = part(session, scope, steps)
    return found


def part(session, scope, steps):
    def below(name):
        return scope + name

    def variables():
        items = [item for item in tf1.global_variables() if item.op.name.startswith(scope)]
        return {item.op.name[len(scope) :]: running.bits(session.run(item)) for item in items}

    feeds = renaming.feeds(below)
    found = {"restored": variables(), "output": running.bits(session.run(below("output") + ":0", feeds)), "losses": []}
    loss = session.graph.get_tensor_by_name(below("loss") + ":0")
    weights = [item for item in tf1.trainable_variables() if item.op.name.startswith(scope)]
    gradients = tf1.gradients(loss, weights)
    found["lonely"] = [item.op.name for item, gradient in zip(weights, gradients) if gradient is None]
    for _ in range(steps):
        found["losses"].append(float(session.run([loss, below("train_op")], feeds)[0]))
    found["trained"] = variables()
    return found


def small(prefix, seed, resource=False):
    """A net of as many outputs as inputs, with a loop, a branch, batch norm: checkpoint, SavedModel, frozen graph."""
    graph = tf.Graph()
    with graph.as_default(), tf1.variable_scope("net", use_resource=resource):
        tf1.set_random_seed(seed)
        x = tf1.placeholder(tf.float32, [None, SIZE], "x")
        initializer = tf1.random_normal_initializer(seed=seed)
        kernel = tf1.get_variable("kernel", [SIZE, SIZE], initializer=initializer)
        mean = tf1.get_variable("mean", [SIZE], initializer=initializer, trainable=False)
        hidden = tf1.nn.batch_normalization(tf1.matmul(x, kernel), mean, tf.ones([SIZE]), None, None, 1e-3)
        _, hidden = tf1.while_loop(
            lambda i, _: i < 3, lambda i, h: (i + 1, tf.tanh(tf1.matmul(h, kernel))), [tf.constant(0), hidden]
        )
        hidden = tf1.cond(tf.reduce_sum(x) > 0, lambda: hidden + 1.0, lambda: hidden * 2.0)
        noise = tf.random.stateless_uniform([SIZE], [seed, 1])
        y = tf.add(hidden, noise, name="y")
        info = tf1.saved_model.build_tensor_info
        signature = tf1.saved_model.build_signature_def({"rows": info(x)}, {"scores": info(y)}, "predict")
        session = running.session(graph)
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver().save(session, prefix)
        builder = tf1.saved_model.builder.SavedModelBuilder(prefix + "_served")
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
        frozen = tf1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["net/y"])
        with open(prefix + ".pb", "wb") as file:
            file.write(frozen.SerializeToString())
    return prefix


def runs(path, fed, fetched, rows=None):
    """Values of a checkpoint with its meta graph, or of a GraphDef, as a list; `fed` gets rows."""
    rows = ROWS if rows is None else np.array(rows, np.float32)
    feeds = {name + ":0": rows for name in fed}
    names = [running.with_port(name) for name in fetched]
    if path.endswith(".pb"):
        values = running.run_frozen(path, names, feeds)[2]
    else:
        values = running.run_restored(path, names, feeds)
    for value in values.values():
        if isinstance(value, Exception):
            raise value
    return [values[name].tolist() for name in names]


def serves(directory):
    """What the signatures of a SavedModel give, in a session and as TensorFlow 2 loads it."""
    found = {"session": renaming.run_signatures(directory, ["serve"])}
    if not tf.__version__.startswith("1."):
        found["eager"] = saved_models.run_eagerly(directory, ["serve"])
    return found


def words(directory, inputs, outputs, texts):
    """Fetch tensors of a SavedModel in a session, strings being fed; as lists."""
    graph = tf.Graph()
    with graph.as_default(), running.session(graph) as session:
        tf1.saved_model.load(session, ["serve"], directory)
        return [value.tolist() for value in session.run(outputs, {name: np.array(texts, object) for name in inputs})]


def deep(prefix, resource=False):
    """A net to cut: a shared variable, a loop in front, a cond and dropout behind, an output of each half."""
    graph = tf.Graph()
    with graph.as_default(), tf1.variable_scope("deep", use_resource=resource):
        initializer = tf1.random_normal_initializer(seed=5)
        x = tf1.placeholder(tf.float32, [None, SIZE], "x")
        keep = tf1.placeholder_with_default(1.0, [], "keep")
        kernels = [tf1.get_variable("kernel%d" % n, [SIZE, SIZE], initializer=initializer) for n in range(3)]
        shared = tf1.get_variable("shared", [SIZE], initializer=initializer)
        tf1.train.get_or_create_global_step()
        hidden = tf1.matmul(x, kernels[0]) + shared
        _, hidden = tf1.while_loop(
            lambda i, _: i < 3, lambda i, h: (i + 1, tf.tanh(tf1.matmul(h, kernels[1]))), [tf.constant(0), hidden]
        )
        first, second = tf.split(hidden, [2, 1], 1, name="parts")
        tf.identity(second * 2.0, name="side")
        cut = tf.nn.relu(tf.concat([first, first[:, :1]], 1), name="cut")
        with tf.control_dependencies([tf1.assert_rank(x, 2)]):
            hidden = tf.identity(tf1.matmul(cut, kernels[2]) + shared)
        hidden = tf1.cond(tf.reduce_sum(cut) > 0, lambda: hidden + 1.0, lambda: hidden * 2.0)
        tf.multiply(hidden, keep, name="y")
        session = running.session(graph)
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver().save(session, prefix)
        frozen = tf1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["deep/y", "deep/side"])
        with open(prefix + ".pb", "wb") as file:
            file.write(frozen.SerializeToString())
    return prefix


def composed(whole, front, back, at, outputs, feeds=None):
    """Run a model, and its halves one after the other; what differs, and how many outputs are equal.

    `at` has pairs of a tensor of the front and the input behind, `outputs` the outputs of each half.
    """
    run = running.run_frozen if whole.endswith(".pb") else None
    graph = running.imported(whole) if run else running.restored(whole)[0]
    fed = feeds or running.generic_feeds(graph)

    def given(path):
        own = running.imported(path) if path.endswith(".pb") else running.restored(path)[0]
        names = {tensor.name for op in own.get_operations() for tensor in op.outputs}
        return {name: value for name, value in fed.items() if name in names}

    def fetch(path, names, more):
        names = [running.with_port(name) for name in names]
        values = dict(given(path), **more)
        return run(path, names, values)[2] if path.endswith(".pb") else running.run_restored(path, names, values)

    wanted = fetch(whole, outputs[0] + outputs[1], {})
    if all(isinstance(value, Exception) for value in wanted.values()):
        return {"equal": 0, "differ": {}}
    ahead = fetch(front, [tensor for tensor, _ in at] + outputs[0], {})
    more = {running.with_port(fed_name): ahead[running.with_port(tensor)] for tensor, fed_name in at if fed_name}
    found = dict(ahead, **fetch(back, outputs[1], more))
    differ = {}
    for name, value in wanted.items():
        if isinstance(value, Exception):
            continue
        if isinstance(found[name], Exception):
            differ[name] = str(found[name])[:300]
        elif running.bits(found[name]) != running.bits(value):
            differ[name] = "differs"
    return {"equal": len(wanted) - len(differ), "differ": differ}


def functions(path, factor):
    """A graph of functions that call functions, with a gradient of their own, whose names say nothing of the factor."""
    from tensorflow.python.framework import function

    graph = tf.Graph()
    with graph.as_default():

        @function.Defun(tf.float32, tf.float32, func_name="gradient")
        def gradient(x, given):
            return given * factor + x * 0.0

        @function.Defun(tf.float32, func_name="scaled", grad_func=gradient)
        def scaled(x):
            return x * factor

        @function.Defun(tf.float32, func_name="outer")
        def outer(x):
            return scaled(x) + 1.0

        x = tf1.placeholder(tf.float32, [None, SIZE], "x")
        tf.identity(tf1.cond(tf.reduce_sum(x) > 0, lambda: outer(x), lambda: outer(x) * 2.0), name="y")
        tf.identity(tf.gradients(scaled(x), x)[0], name="dy")
    with open(path, "wb") as file:
        file.write(graph.as_graph_def().SerializeToString())
    return path


def _module(factor):
    module = tf.Module()
    module.w, module.b = tf.Variable(np.full([SIZE, 2], factor, np.float32), name="w"), tf.Variable([factor, 2.0])
    return module


def module(directory, factor):
    """A SavedModel of TensorFlow 2, of which the checkpoint knows objects."""
    made = _module(factor)

    @tf.function(input_signature=[tf.TensorSpec([None, SIZE], name="x")])
    def predict(x):
        return {"y": tf.matmul(x, made.w) + made.b}

    tf.saved_model.save(made, directory, signatures=predict)
    return directory


def restored_below(directory, scopes):
    """What ``tf.train.Checkpoint`` restores of the objects below scopes in the checkpoint of a SavedModel."""
    modules = {scope: _module(0.0) for scope in scopes}
    status = tf.train.Checkpoint(**modules).read(os.path.join(directory, "variables", "variables"))
    status.assert_existing_objects_matched()
    return {scope: [module.w.numpy().tolist(), module.b.numpy().tolist()] for scope, module in modules.items()}
