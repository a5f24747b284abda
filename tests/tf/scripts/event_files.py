"""Event files of TensorBoard with a graph."""


def write(directory):
    """Write a graph as TensorFlow 1's writer does, and where there is eager execution as TensorFlow 2's does too.

    Returns the names of its nodes, and the directories.
    """
    import tensorflow as tf

    tf1 = tf.compat.v1
    with tf.Graph().as_default() as graph:
        x = tf1.placeholder(tf.float32, [None, 3], name="x")
        tf.matmul(x, tf1.get_variable("w", [3, 2]), name="y")
        tf1.summary.FileWriter(directory + "/v1", graph).close()
    written = [directory + "/v1"]
    if tf.executing_eagerly():
        written.append(directory + "/v2")
        writer = tf.summary.create_file_writer(written[-1])
        with writer.as_default(step=0):
            tf.summary.graph(graph.as_graph_def())
        writer.close()
    return [node.name for node in graph.as_graph_def().node], written
