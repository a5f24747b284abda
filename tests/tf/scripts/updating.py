"""Graphs that change their variables while they run, and what they compute when they do not train."""

import os

import numpy as np
import running
import tensorflow as tf

tf1 = tf.compat.v1
BATCH = np.arange(12, dtype=np.float32).reshape(4, 3)


def batch_norm(directory, resource=False, debias=False):
    """A net whose batch norm updates its averages in a branch, as FaceNet's does, frozen by TensorFlow as well.

    Returns ``{"prefix", "broken", "value"}``: the checkpoint, TensorFlow's frozen graph, the output without training.
    """
    was_v2 = tf1.control_flow_v2_enabled()
    tf1.disable_control_flow_v2()
    graph = tf.Graph()
    with graph.as_default(), tf1.variable_scope("net", use_resource=resource):
        image = tf1.placeholder(tf.float32, [None, 3], "image")
        training = tf1.placeholder(tf.bool, [], "training")
        mean = tf1.get_variable("moving_mean", [3], initializer=tf1.zeros_initializer(), trainable=False)
        weights = tf1.get_variable("weights", [3, 2], initializer=tf1.ones_initializer())
        batch_mean = tf.reduce_mean(image, 0)

        def update():
            if debias:
                from tensorflow.python.training import moving_averages

                change = moving_averages.assign_moving_average(mean, batch_mean, 0.9, zero_debias=True)
            else:
                change = tf1.assign_sub(mean, (mean - batch_mean) * 0.1)
            with tf.control_dependencies([change]):
                return tf.identity(batch_mean)

        used = tf1.cond(training, update, lambda: mean)
        tf.matmul(image - used, weights, name="output")
        prefix, saver = os.path.join(directory, "bn.ckpt"), tf1.train.Saver()
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            for step in range(3):
                session.run("net/output:0", {"net/image:0": BATCH + step, "net/training:0": True})
            saver.save(session, prefix)
            value = session.run("net/output:0", {"net/image:0": BATCH, "net/training:0": False})
            frozen = tf1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["net/output"])
            # Last, because it changes the average.
            trained = session.run("net/output:0", {"net/image:0": BATCH, "net/training:0": True})
    if was_v2:
        tf1.enable_control_flow_v2()
    broken = os.path.join(directory, "broken.pb")
    with open(broken, "wb") as file:
        file.write(frozen.SerializeToString())
    return {"prefix": prefix, "broken": broken, "value": value.tolist(), "trained": trained.tolist()}


def run_batch_norm(pb):
    """What a frozen graph of `batch_norm` computes, without training and with it."""
    with running.imported(pb).as_default() as graph, tf1.Session(graph=graph) as session:
        return [
            session.run("net/output:0", {"net/image:0": BATCH, "net/training:0": flag}).tolist()
            for flag in (False, True)
        ]


def is_accepted(pb):
    """Whether TensorFlow imports a frozen graph."""
    try:
        running.imported(pb)
    except ValueError:
        return False
    return True


class Layers(tf.Module):
    """A batch norm that is always in training mode, called in loops and branches, and a counter."""

    def __init__(self):
        super().__init__()
        self.mean = tf.Variable(tf.zeros(3), trainable=False, name="mean")
        self.kernel = tf.Variable(tf.ones((3, 3)) * 0.5, name="kernel")
        self.table = tf.Variable(tf.reshape(tf.range(12.0), (4, 3)), name="table")
        self.count = tf.Variable(0.0, name="count")

    @tf.function
    def norm(self, rows):
        average = tf.reduce_mean(rows, 0)
        self.mean.assign_sub((self.mean - average) * 0.1)
        return rows - average

    @tf.function(input_signature=[tf.TensorSpec((None, 3))])
    def serve(self, rows):
        rows = self.norm(self.norm(rows))

        def step(number, rows):
            return number + 1, tf.tanh(tf.matmul(self.norm(rows), self.kernel)) + rows * 0.1

        rows = tf.while_loop(lambda number, _: number < 3, step, (0, rows))[1]
        rows = tf.cond(tf.reduce_sum(rows) > 0, lambda: tf.matmul(rows, self.kernel), lambda: rows + self.kernel[0])
        return {"out": rows + tf.gather(self.table, [0, 1, 2, 3])}

    @tf.function(input_signature=[tf.TensorSpec((None, 3))])
    def number(self, rows):
        return {"out": rows + self.count.assign_add(1.0)}


def saved_model(directory):
    """Save `Layers` and return ``{"serve": what it computes}``."""
    module = Layers()
    value = module.serve(tf.constant(BATCH))["out"].numpy()
    signatures = {"serve": module.serve, "number": module.number}
    tf.saved_model.save(module, directory, signatures)
    return {"serve": value.tolist()}


def run_frozen(pb, output):
    """What a frozen graph computes of the one placeholder that it has."""
    with running.imported(pb).as_default() as graph, tf1.Session(graph=graph) as session:
        image = [op.outputs[0] for op in graph.get_operations() if op.type == "Placeholder"]
        return session.run(output + ":0", {image[0]: BATCH}).tolist()


def object_checkpoint(directory):
    """A graph with variables by name, and a checkpoint of TensorFlow 2 that knows them by their objects."""
    graph = tf.Graph()
    with graph.as_default():
        image = tf1.placeholder(tf.float32, [None, 3], "image")
        kernel = tf1.get_variable("layer/kernel", [3, 2], initializer=tf1.zeros_initializer(), use_resource=True)
        tf.matmul(image, kernel, name="output")
        path = os.path.join(directory, "graph.pb")
        with open(path, "wb") as file:
            file.write(graph.as_graph_def().SerializeToString())
    variable = tf.Variable(np.arange(6, dtype=np.float32).reshape(3, 2), name="layer/kernel")
    prefix = tf.train.Checkpoint(model=tf.Module(), weight=variable).write(os.path.join(directory, "objects"))
    return {"pb": path, "prefix": prefix, "value": (BATCH @ variable.numpy()).tolist()}


def serve(directory, signature):
    """What a signature of a SavedModel gives, as TensorFlow 2 loads it."""
    loaded = tf.saved_model.load(directory)
    return next(iter(loaded.signatures[signature](tf.constant(BATCH)).values())).numpy().tolist()


def results(directory, resource):
    """A graph that goes on with the results of updates, with its checkpoint and what its first run gives."""
    with tf.Graph().as_default() as graph:
        tf1.get_variable_scope().set_use_resource(resource)
        x = tf1.placeholder(tf.float32, [2], "x")
        a, b, rows = (
            tf1.get_variable(name, shape=shape, initializer=tf1.random_normal_initializer(seed=3))
            for name, shape in (("a", [2]), ("b", [2]), ("rows", [4, 2]))
        )
        added = tf1.assign_add(a, x)
        with tf.control_dependencies([added]):
            subtracted = tf1.assign_sub(a, 2.0 * x)
        with tf.control_dependencies([tf.no_op() if subtracted is None else subtracted]):
            late = tf.identity(a.read_value(), "late")
        tf.identity(tf1.scatter_add(rows, [3, 1], tf.stack([x, late])), "scattered")
        early = tf.identity(b * 3.0, "early")
        with tf.control_dependencies([early]):
            assigned = tf.identity(tf1.assign(b, early + x), "assigned")
        with tf.control_dependencies([assigned]):
            tf.identity(tf.add_n([b.read_value(), late]), "both")
        prefix = os.path.join(directory, "results")
        with tf1.Session(graph=graph) as session:
            session.run(tf1.global_variables_initializer())
            tf1.train.Saver().save(session, prefix)
            names = ["late", "scattered", "assigned", "both"]
            values = session.run([name + ":0" for name in names], {x: [0.5, -1.25]})
    return {"prefix": prefix, "values": [value.tolist() for value in values]}


def run_results(pb):
    """What a frozen graph of `results` computes, twice."""
    with running.imported(pb).as_default() as graph, tf1.Session(graph=graph) as session:
        names = ["late:0", "scattered:0", "assigned:0", "both:0"]
        return [[value.tolist() for value in session.run(names, {"x:0": [0.5, -1.25]})] for _ in range(2)]
