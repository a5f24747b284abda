"""TensorFlow 2 makes graphs whose nodes say inferred types; any TensorFlow says whether it reads a text."""


def make(directory):
    """Write frozen graphs with such nodes, in the graph and in functions; return the files."""
    import os

    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    @tf.function
    def loop(x):
        found = tf.TensorArray(tf.float32, size=3)
        for i in tf.range(3):
            found = found.write(i, x + tf.cast(i, tf.float32))
        return found.stack()

    paths = []
    for lower in (True, False):
        made = convert_variables_to_constants_v2(
            loop.get_concrete_function(tf.TensorSpec([2], name="x")), lower_control_flow=lower
        )
        graph = made.graph.as_graph_def()
        assert b"experimental_type" in str(graph).encode()
        paths.append(os.path.join(directory, "lowered.pb" if lower else "calls.pb"))
        with open(paths[-1], "wb") as file:
            file.write(graph.SerializeToString())
    return paths


def parse(path):
    """The nodes of a graph in text form; ParseError for a field that this TensorFlow does not know."""
    return [node.name for node in _parse(path).node]


def _parse(path):
    import tensorflow as tf
    from google.protobuf import text_format

    with open(path) as file:
        return text_format.Parse(file.read(), tf.compat.v1.GraphDef())


def run(path, feed, output):
    """What a graph in text form computes."""
    import tensorflow as tf

    graph_def = _parse(path)
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
        with tf.compat.v1.Session(graph=graph) as session:
            return session.run(output, {"x:0": feed}).tolist()
