"""A graph whose freezing left an op that changes a variable with a constant, and what it should compute."""

import tensorflow as tf

tf1 = tf.compat.v1


def make(path):
    """Freeze a counter by TensorFlow's own means; TensorFlow refuses the result."""
    with tf.Graph().as_default() as graph:
        counter = tf1.get_variable("counter", initializer=[1.0, 2.0], use_resource=False)
        tf.multiply(tf1.assign_add(counter, [10.0, 20.0]), 2.0, name="out")
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            frozen = tf1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["out"])
    with open(path, "wb") as file:
        file.write(frozen.SerializeToString())
    try:
        with tf.Graph().as_default():
            tf1.import_graph_def(frozen, name="")
    except ValueError as error:
        return str(error)
    return None


def run(prefix):
    """Restore, and run the output twice: each run changes the variable."""
    with tf.Graph().as_default(), tf1.Session() as session:
        saver = tf1.train.import_meta_graph(prefix + ".meta")
        saver.restore(session, prefix)
        return [session.run("out:0").tolist() for _ in range(2)]
