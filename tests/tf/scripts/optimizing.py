"""Train a little with every optimizer, and say which variables of the checkpoint are the optimizer's own.

Runs on TensorFlow 1.15 and 2.21; what needs either is in functions of its own.
"""

import tensorflow as tf

tf1 = tf.compat.v1

OPTIMIZERS = {
    "adam": lambda: tf1.train.AdamOptimizer(0.1),
    "adam_named": lambda: tf1.train.AdamOptimizer(0.1, name="Mine"),
    "momentum": lambda: tf1.train.MomentumOptimizer(0.1, 0.9),
    "rmsprop": lambda: tf1.train.RMSPropOptimizer(0.1, momentum=0.9),
    "rmsprop_centered": lambda: tf1.train.RMSPropOptimizer(0.1, momentum=0.9, centered=True),
    "adagrad": lambda: tf1.train.AdagradOptimizer(0.1),
    "adagrad_da": lambda: tf1.train.AdagradDAOptimizer(0.1, tf1.train.get_or_create_global_step()),
    "adadelta": lambda: tf1.train.AdadeltaOptimizer(0.1),
    "ftrl": lambda: tf1.train.FtrlOptimizer(0.1),
    "proximal_adagrad": lambda: tf1.train.ProximalAdagradOptimizer(0.1),
    "sgd": lambda: tf1.train.GradientDescentOptimizer(0.1),
    "adam_sparse": lambda: tf1.train.AdamOptimizer(0.1),
}


def _variables(resource, shards):
    partitioner = tf1.fixed_size_partitioner(shards) if shards else None
    with tf1.variable_scope("net", use_resource=resource, partitioner=partitioner):
        table = tf1.get_variable("table", [7, 4], initializer=tf1.random_uniform_initializer(seed=1))
        weights = tf1.get_variable("dense/kernel", [4, 3], initializer=tf1.random_uniform_initializer(seed=2))
    with tf1.variable_scope("net", use_resource=resource):
        bias = tf1.get_variable("dense/bias", [3], initializer=tf1.zeros_initializer())
    return table, weights, bias


def _loss(table, weights, bias):
    rows = tf.nn.embedding_lookup(table, [1, 3, 3])
    return tf.reduce_sum(tf.square(tf.matmul(rows, weights) + bias))


def train(prefix, optimizer, resource=False, scope="", shards=0, average=False, ready=False):
    """Train, save; return the keys that are the optimizer's, and the values of the other variables as lists."""
    with tf.Graph().as_default(), tf1.Session() as session:
        step = tf1.train.get_or_create_global_step()
        loss = _loss(*_variables(resource, shards))
        made = OPTIMIZERS[optimizer]()
        before = {item.op.name for item in tf1.global_variables()}
        if scope:
            with tf1.variable_scope(scope):
                op = made.minimize(loss, global_step=step)
        else:
            op = made.minimize(loss, global_step=step)
        own = [item for item in tf1.global_variables() if item.op.name not in before]
        if average:
            with tf.control_dependencies([op]):
                op = tf1.train.ExponentialMovingAverage(0.9).apply(tf1.trainable_variables())
        if ready:
            tf1.add_to_collection(tf1.GraphKeys.READY_OP, tf1.report_uninitialized_variables())
        # Averages begin as what they are averages of, which some versions do not wait for.
        session.run(tf1.variables_initializer(tf1.trainable_variables()))
        session.run(tf1.global_variables_initializer())
        for _ in range(3):
            session.run(op)
        tf1.train.Saver().save(session, prefix)
        values = {item.op.name: session.run(item).tolist() for item in tf1.global_variables()}
    # The parts of a partitioned variable are saved under the name of the whole.
    return {"own": sorted({item._shared_name if shards == 0 else _whole(item) for item in own}), "values": values}


def _whole(item):
    info = item._get_save_slice_info()
    return item.op.name if info is None else info.full_name


def restore(prefix, resource=False, shards=0):
    """Restore the variables of the net alone; return their values."""
    with tf.Graph().as_default(), tf1.Session() as session:
        _loss(*_variables(resource, shards))
        tf1.train.Saver().restore(session, prefix)
        return {item.op.name: session.run(item).tolist() for item in tf1.global_variables()}


def restore_only(prefix):
    """Restore a graph with its own saver; return what has no value then."""
    with tf.Graph().as_default(), tf1.Session() as session:
        tf1.train.import_meta_graph(prefix + ".meta").restore(session, prefix)
        variables = tf1.global_variables()
        missing = session.run(tf1.report_uninitialized_variables(variables))
        return {"variables": sorted(item.op.name for item in variables), "missing": [each.decode() for each in missing]}


def restore_meta(prefix):
    """Restore a graph with its own saver, save it again; return its variables, the loss, and what is saved then."""
    with tf.Graph().as_default() as graph, tf1.Session() as session:
        saver = tf1.train.import_meta_graph(prefix + ".meta")
        saver.restore(session, prefix)
        values = {item.op.name: session.run(item).tolist() for item in tf1.global_variables()}
        missing = session.run(tf1.report_uninitialized_variables()).tolist()
        loss = next(op.outputs[0] for op in graph.get_operations() if op.type == "Sum" and "grad" not in op.name)
        lost = float(session.run(loss))
        # What initializes everything, whatever it is called, initializes what there is.
        for op in graph.get_operations():
            if op.type == "NoOp" and op.name.startswith("init"):
                session.run(op)
        again = saver.save(session, prefix + "-again", write_meta_graph=False)
        saved = sorted(name for name, _ in tf1.train.list_variables(again))
        # Another optimizer trains it.
        op = tf1.train.MomentumOptimizer(0.1, 0.9, name="Fresh").minimize(loss)
        session.run(tf1.global_variables_initializer())
        session.run(op)
    return {"values": values, "missing": missing, "loss": lost, "saved": saved}


def _module():
    module = tf.Module()
    module.table = tf.Variable(tf.random.uniform([7, 4], seed=1), name="table")
    module.layers = [tf.Variable(tf.random.uniform([4, 3], seed=2), name="w"), tf.Variable(tf.zeros([3]), name="b")]
    return module


def _nested(module, depth):
    for _ in range(depth):
        outer = tf.Module()
        outer.inner = module
        module = outer
    return module


def train_objects(prefix, optimizer, depth=0):
    """Train objects in an own eager context and save a tf.train.Checkpoint of them, so much deeper in others."""
    if not tf.executing_eagerly():
        tf1.enable_eager_execution()
    module = _module()
    weights = [module.table] + list(module.layers)
    kinds = {
        "keras_adam": lambda: tf.keras.optimizers.Adam(0.1),
        "keras_rmsprop": lambda: tf.keras.optimizers.RMSprop(0.1, momentum=0.9),
        "keras_sgd": lambda: tf.keras.optimizers.SGD(0.1, momentum=0.9),
        "v1_adam": lambda: tf1.train.AdamOptimizer(0.1),
    }
    made = kinds[optimizer]()
    for _ in range(2):
        with tf.GradientTape() as tape:
            loss = _loss(module.table, *module.layers)
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, weights)]
        made.apply_gradients(zip(gradients, weights))
    saved = tf.train.Checkpoint(net=_nested(module, depth), optimizer=made).save(prefix)
    return {"path": saved, "values": [item.numpy().tolist() for item in weights]}


def restore_objects(prefix, depth=0):
    """Restore the module alone, for which all values must be there; return them."""
    if not tf.executing_eagerly():
        tf1.enable_eager_execution()
    module = _module()
    status = tf.train.Checkpoint(net=_nested(module, depth)).restore(prefix)
    status.assert_existing_objects_matched().expect_partial()
    return [item.numpy().tolist() for item in [module.table] + list(module.layers)]


def _network():
    keras = tf.keras
    layers = [keras.layers.Dense(4, input_shape=(3,)), keras.layers.BatchNormalization(), keras.layers.Dense(2)]
    return keras.Sequential(layers)


def train_keras(prefix, average=False):
    """Fit a Keras model and save a tf.train.Checkpoint of it and of its optimizer."""
    if not tf.executing_eagerly():
        tf1.enable_eager_execution()
    network = _network()
    more = {"use_ema": True, "ema_momentum": 0.5} if average else {}
    optimizer = tf.keras.optimizers.Adam(0.1, **more)
    network.compile(optimizer, "mse")
    for _ in range(2):
        # At its end, `fit` would put the averages in their places itself.
        network.train_on_batch(tf.ones([8, 3]).numpy(), tf.ones([8, 2]).numpy())
    saved = tf.train.Checkpoint(model=network, optimizer=optimizer).save(prefix)
    values = [item.numpy().tolist() for item in network.variables]
    averages = [item.numpy().tolist() for item in optimizer._model_variables_moving_average] if average else []
    return {"path": saved, "values": values, "averages": averages, "num_trained": len(network.trainable_variables)}


def restore_keras(prefix):
    """Restore a Keras model alone; return its values."""
    if not tf.executing_eagerly():
        tf1.enable_eager_execution()
    network = _network()
    tf.train.Checkpoint(model=network).restore(prefix).assert_existing_objects_matched().expect_partial()
    return {
        "values": [item.numpy().tolist() for item in network.variables],
        "trained": [item.numpy().tolist() for item in network.trainable_variables],
    }
