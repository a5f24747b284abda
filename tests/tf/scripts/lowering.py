"""Nets whose loops and conditions are functions, their gradients in eager TensorFlow 2, and its own lowering."""

import os

import eager_gradients
import numpy as np
import running
import tensorflow as tf
import training
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

tf1 = tf.compat.v1
CONTROL_FLOW = ("While", "StatelessWhile", "If", "StatelessIf", "Case", "StatelessCase")
LOWERED = ("Enter", "Exit", "Merge", "Switch", "NextIteration", "LoopCond")


def loop(x, w, u, b):
    return tf.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, tf.tanh(tf.matmul(x, w) + b)), (0, x))[1]


def no_invariants(x, w, u, b):
    """Nothing that a loop captures."""
    out = tf.matmul(x, w) + b
    return tf.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, tf.tanh(x) * 1.5), (0, out))[1]


def until(x, w, u, b):
    """How often it runs depends on the data."""
    return tf.while_loop(
        lambda x: tf.reduce_sum(tf.abs(x)) < 30.0, lambda x: (x * 1.2 + tf.tanh(tf.matmul(x, w)),), (x,)
    )[0]


def cond(x, w, u, b):
    return tf.cond(tf.reduce_sum(x) > 0, lambda: tf.matmul(x, w) + b, lambda: tf.matmul(x, u) * 2.0)


def case(x, w, u, b):
    which = tf.cast(tf.reduce_sum(tf.abs(x)), tf.int32) % 3
    return tf.switch_case(which, [lambda: tf.matmul(x, w), lambda: tf.matmul(x, u) * 2.0, lambda: x + b])


def case_out_of_range(x, w, u, b):
    which = tf.cast(tf.reduce_sum(x), tf.int32) - 50
    return tf.switch_case(which, [lambda: tf.matmul(x, w), lambda: tf.matmul(x, u) * 2.0, lambda: x + b])


def nested(x, w, u, b):
    def body(i, x):
        y = tf.while_loop(lambda j, y: j < 2, lambda j, y: (j + 1, tf.tanh(tf.matmul(y, w))), (0, x))[1]
        return i + 1, tf.cond(tf.reduce_sum(y) > 0, lambda: tf.matmul(y, u) * 2.0, lambda: y + b)

    return tf.while_loop(lambda i, x: i < 3, body, (0, x))[1]


def loop_in_cond(x, w, u, b):
    return tf.cond(tf.reduce_sum(x) > 0, lambda: loop(x, w, u, b), lambda: tf.matmul(x, u))


def case_in_loop(x, w, u, b):
    def body(i, x):
        branches = [lambda: tf.tanh(tf.matmul(x, w)), lambda: tf.matmul(x, u) * 0.5, lambda: x + b]
        return i + 1, tf.switch_case(i, branches)

    return tf.while_loop(lambda i, x: i < 5, body, (0, x))[1]


def call_in_loop(x, w, u, b):
    @tf.function
    def dense(x):
        return tf.tanh(tf.matmul(x, u) + b)

    return tf.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, dense(tf.matmul(x, w))), (0, x))[1]


def loop_in_call(x, w, u, b):
    @tf.function
    def whole(x):
        return loop(x, w, u, b), cond(x, w, u, b)

    first, second = whole(x)
    return first + second


def map_of_map(x, w, u, b):
    """Lists of tensors, through the second of which gradients have to go."""
    y = tf.map_fn(lambda row: tf.tanh(tf.linalg.matvec(w, row) + b), x)
    pairs = (y, x)
    return tf.map_fn(lambda p: tf.tanh(tf.linalg.matvec(u, p[0])) * p[1], pairs, fn_output_signature=tf.float32)


def scan(x, w, u, b):
    return tf.scan(lambda a, row: tf.tanh(tf.linalg.matvec(w, a) + row * b), x)


PLAIN = {
    function.__name__: function
    for function in (
        loop, no_invariants, until, cond, case, case_out_of_range, nested, loop_in_cond, case_in_loop, call_in_loop,
        loop_in_call, map_of_map, scan,
    )
}  # fmt: skip


def make(net, directory, path):
    """Write a net with constants for weights, and its gradients in eager TensorFlow, into an ``.npz``."""
    random = np.random.RandomState(3)
    values = [random.standard_normal(shape).astype(np.float32) * 0.4 for shape in ((4, 4), (4, 4), (4,))]
    graph = tf.Graph()
    with graph.as_default():
        x = tf1.placeholder(tf.float32, (4, 4), "x")
        constants = [tf.constant(value, name="w%d" % number) for number, value in enumerate(values)]
        weights = []
        for constant in constants:
            with tf1.colocate_with(constant):
                weights.append(tf.identity(constant, constant.op.name + "/read"))
        tf.identity(PLAIN[net](x, *weights), "output")
    kept = differentiated(tf.function(PLAIN[net]), values, running.generic_feeds(graph)["x:0"])
    np.savez(path, **kept)
    return write(graph.as_graph_def(), os.path.join(directory, net + ".pb"))


def differentiated(function, values, x):
    weights = [tf.constant(value) for value in values]
    with tf.GradientTape() as tape:
        tape.watch(weights)
        loss = training.mean_squares([function(tf.constant(x), *weights)])
    kept = {"loss": loss.numpy()}
    for number, (value, gradient) in enumerate(zip(values, tape.gradient(loss, weights))):
        if gradient is not None:
            kept["gradient/%d" % number] = tf.convert_to_tensor(gradient).numpy()
            kept["weight/%d" % number] = value
    return kept


def lstm():
    return [tf.keras.layers.LSTM(5), tf.keras.layers.Dense(2)]


def bidirectional_gru():
    """A layer before it, to which gradients come through lists of tensors."""
    layers = tf.keras.layers
    return [layers.Dense(3, "tanh"), layers.Masking(), layers.Bidirectional(layers.GRU(4)), layers.Dense(2)]


def stack():
    layers = tf.keras.layers
    return [layers.LSTM(4, return_sequences=True), layers.SimpleRNN(3, return_sequences=True), layers.GRU(3)]


KERAS = {function.__name__: function for function in (lstm, bidirectional_gru, stack)}


def make_keras(net, directory, path):
    """Freeze a Keras model with its loops as functions, and lowered; write its own gradients into an ``.npz``.

    Returns the paths of both graphs.
    """
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    model = tf.keras.Sequential([tf.keras.Input([4, 3], batch_size=2)] + KERAS[net]())
    random = np.random.RandomState(3)
    model.set_weights([random.standard_normal(each.shape).astype("f") * 0.5 for each in model.get_weights()])
    spec = tf.TensorSpec([2, 4, 3], tf.float32, name="input")
    call = tf.function(model).get_concrete_function(spec)
    paths = []
    for lower in (False, True):
        frozen = convert_variables_to_constants_v2(call, lower_control_flow=lower).graph.as_graph_def()
        paths.append(write(frozen, os.path.join(directory, "%s_%s.pb" % (net, "lowered" if lower else "functional"))))
    with tf.GradientTape() as tape:
        loss = training.mean_squares([call(eager_gradients.fed(spec, 0))])
    found = tape.gradient(loss, model.trainable_variables)
    kept = {"gradient/%d" % number: gradient.numpy() for number, gradient in enumerate(found)}
    kept.update({"weight/%d" % number: each.numpy() for number, each in enumerate(model.trainable_variables)})
    np.savez(path, loss=loss.numpy(), **kept)
    return paths


class Stateful(tf.Module):
    """Variables that loops and branches change, and read again; a table."""

    def __init__(self):
        self.weights = tf.Variable(np.random.RandomState(0).standard_normal((4, 4)).astype("f") * 0.4)
        self.count, self.total = tf.Variable(0), tf.Variable(0.0)
        values = tf.lookup.KeyValueTensorInitializer(tf.constant([0, 1, 2]), tf.constant([5.0, 6.0, 7.0]))
        self.table = tf.lookup.StaticHashTable(values, -1.0)

    @tf.function(input_signature=[tf.TensorSpec((4, 4), tf.float32, name="x")])
    def call(self, x):
        def body(i, y):
            self.count.assign_add(1)
            return i + 1, tf.tanh(tf.matmul(y, self.weights)) + self.table.lookup(i)

        def positive():
            self.total.assign_add(2.0)
            return y * self.total

        def negative():
            self.count.assign_add(10)
            return y + 1.0

        def unread():
            for _ in tf.range(3):
                self.count.assign_add(100)
            return tf.constant(0.0)

        y = tf.while_loop(lambda i, y: i < 4, body, (0, x))[1]
        y = tf.cond(tf.reduce_sum(x) > 0, positive, negative)
        tf.cond(self.count > 0, unread, lambda: tf.constant(1.0))
        rounds = 0
        while self.count < 700:
            self.count.assign_add(13)
            rounds += 1
        return {"y": y, "count": self.count + 0, "total": self.total + 0.0, "rounds": rounds}


def make_stateful(directory):
    """Save a SavedModel whose loops and branches change variables."""
    module = Stateful()
    tf.saved_model.save(module, directory, signatures=module.call)


def run_stateful(directory):
    """Run its signature in a session of version 1, three times each on two inputs; return the bits."""
    found = []
    for sign in (1, -1):
        with tf.Graph().as_default() as graph, running.session(graph) as session:
            signature = tf1.saved_model.loader.load(session, ["serve"], directory).signature_def["serving_default"]
            x = np.abs(np.random.RandomState(1).standard_normal((4, 4)).astype("f")) * sign
            fetches = {key: info.name for key, info in signature.outputs.items()}
            for _ in range(3):
                values = session.run(fetches, {signature.inputs["x"].name: x})
                found.append({key: running.bits(value) for key, value in values.items()})
    return found


def write(graph_def, path):
    """Write a graph that TensorFlow lowers when it runs it: what it runs as functions differs in the last bits."""
    for nodes in [graph_def.node] + [function.node_def for function in graph_def.library.function]:
        for node in nodes:
            if node.op in CONTROL_FLOW:
                node.attr["_lower_using_switch_merge"].b = True
    with open(path, "wb") as file:
        file.write(graph_def.SerializeToString(deterministic=True))
    return path


def own_lowering(pb, outputs):
    """What TensorFlow runs of a graph: the nodes of control flow, as ``{name: [op, inputs]}``."""
    graph = running.imported(pb)
    metadata = tf1.RunMetadata()
    options = tf1.RunOptions(output_partition_graphs=True)
    config = running.quiet()
    config.graph_options.optimizer_options.do_function_inlining = True
    with tf1.Session(graph=graph, config=config) as session:
        session.run(outputs, running.generic_feeds(graph), options, metadata)
    nodes = [node for partition in metadata.partition_graphs for node in partition.node]
    return {node.name: [node.op, list(node.input)] for node in nodes if node.op in LOWERED}
