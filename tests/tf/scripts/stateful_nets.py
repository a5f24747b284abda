"""A frozen net with a table and a cell whose state stayed a variable, and what it computes before and after."""

import tensorflow as tf

tf1 = tf.compat.v1
OUTPUTS = ["score", "fill_tables", "initialize_state"]


def make(path, resource):
    """Freeze all but the state, as DeepSpeech does; return three runs before that, each on the state of the last."""
    with tf.Graph().as_default() as graph:
        words = tf1.placeholder(tf.string, [None], name="words")
        keys, values = tf.constant(["cat", "dog"]), tf.constant([1, 2], tf.int64)
        table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), 0)
        rows = [[0.5, 1.0], [2.0, 4.0], [8.0, 16.0]]
        embedding = tf1.get_variable("embedding", initializer=rows, use_resource=resource)
        state = tf1.get_variable("state", initializer=[0.0, 0.0], use_resource=resource)
        kernel = tf1.get_variable("kernel", initializer=[[1.0, 2.0], [3.0, 4.0]], use_resource=resource)
        found = tf.reduce_sum(tf.nn.embedding_lookup(embedding, table.lookup(words)), 0)
        with tf.control_dependencies([tf1.assign(state, found + state)]):
            tf.matmul(tf.reshape(tf.identity(state), [1, 2]), kernel, name="score")
        tf.group(tf1.tables_initializer(), name="fill_tables")
        tf.group(tf1.assign(state, tf.zeros([2])), name="initialize_state")
        with tf1.Session() as session:
            session.run([tf1.global_variables_initializer(), tf1.tables_initializer()])
            wanted = [session.run("score:0", {"words:0": ["cat", "dog"]}).tolist() for _ in range(3)]
            frozen = tf1.graph_util.convert_variables_to_constants(
                session, graph.as_graph_def(), OUTPUTS, variable_names_blacklist=["state"]
            )
    with open(path, "wb") as file:
        file.write(frozen.SerializeToString())
    return wanted


def run(prefix):
    """Restore, initialize what the collections tell of, and run three times; and where the variables are listed."""
    with tf.Graph().as_default(), tf1.Session() as session:
        saver = tf1.train.import_meta_graph(prefix + ".meta")
        session.run([tf1.local_variables_initializer(), tf1.tables_initializer()])
        saver.restore(session, prefix)
        scores = [session.run("score:0", {"words:0": ["cat", "dog"]}).tolist() for _ in range(3)]
        collections = [tf1.trainable_variables(), tf1.global_variables(), tf1.local_variables()]
        listed = [sorted(v.op.name for v in each) for each in collections]
        missing = session.run(tf1.report_uninitialized_variables()).tolist()
        return {"scores": scores, "listed": listed, "missing": missing}
