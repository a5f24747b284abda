"""TensorFlow 2 saves objects, and says what it knows of every variable: names, slots, values. Without Keras."""

from bundles import digest


def _value(variable):
    """The digest of a variable's value."""
    return digest(variable.numpy().tobytes())


def _net(tf):
    """A model with lists, dicts of odd keys, shared variables and cycles."""

    class Layer(tf.Module):
        def __init__(self, n, name):
            super().__init__(name=name)
            self.kernel = tf.Variable(tf.random.stateless_normal([n, n], [n, 1]), name=name + "/kernel")
            self.bias = tf.Variable(tf.random.stateless_normal([n], [n, 2]), name=name + "/bias")

    class Net(tf.Module):
        def __init__(self):
            super().__init__(name="net")
            self.layers = [Layer(n, "dense_%d" % n) for n in (2, 3, 4)]
            self.by_name = {"x/y": self.layers[0], "d.ot": self.layers[1], "é": tf.Variable([5.0], name="e")}
            self.nested = {"list": [{"deep": tf.Variable([[6.0]], name="deep")}]}
            self.shared = self.layers[2].kernel
            self.me = self

    return Net()


def _ways(net, step):
    """Ways to every variable by hand, as Python writes them, with a slash for every dot and bracket."""
    ways = {
        "step": step,
        "model/shared": net.shared,
        "model/layers/2/kernel": net.shared,
        "model/me/layers/2/kernel": net.shared,
        "model/by_name/x.Sy/kernel": net.layers[0].kernel,
        "model/by_name/d..ot/bias": net.layers[1].bias,
        "model/by_name/é": net.by_name["é"],
        "model/nested/list/0/deep": net.nested["list"][0]["deep"],
    }
    for number, layer in enumerate(net.layers):
        ways["model/layers/%d/kernel" % number] = layer.kernel
        ways["model/layers/%d/bias" % number] = layer.bias
    return ways


def save(prefix, optimizer):
    """Train a little and save; return what TensorFlow knows.

    ``ways``: a way to each variable, and the digest of its value. ``names``: full names of variables. ``slots``:
    optimizer's slots as (full name of the variable, slot name, full name of the slot, digest).
    """
    import tensorflow as tf

    net, step = _net(tf), tf.Variable(7, dtype=tf.int64, name="global_step")
    train = tf.compat.v1.train
    made = {
        "adam": lambda: train.AdamOptimizer(0.1),
        "momentum": lambda: train.MomentumOptimizer(0.1, 0.9),
        "rmsprop": lambda: train.RMSPropOptimizer(0.1, momentum=0.5, centered=True),
        "ftrl": lambda: train.FtrlOptimizer(0.1),
        "sgd": lambda: train.GradientDescentOptimizer(0.1),
    }[optimizer]()
    trained = [net.shared, net.layers[1].bias, net.by_name["é"]]
    made.apply_gradients([(tf.ones_like(variable), variable) for variable in trained])
    table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)
    table.insert(tf.constant(["a", "b"]), tf.constant([1, 2], tf.int64))
    tf.train.Checkpoint(model=net, trainer=made, step=step, table=table).write(prefix)
    slots = [
        (variable.name[:-2], name, made.get_slot(variable, name).name[:-2], _value(made.get_slot(variable, name)))
        for variable in trained
        for name in made.get_slot_names()
    ]
    ways = {way: _value(variable) for way, variable in _ways(net, step).items()}
    names = {variable.name[:-2]: _value(variable) for variable in [*net.variables, step]}
    return {"ways": ways, "names": names, "slots": slots, "listed": dict(tf.train.list_variables(prefix))}


def objects(prefix):
    """The object graph as TensorFlow parses it: number of objects, and attributes by key with their full names."""
    import tensorflow as tf
    from tensorflow.core.protobuf import trackable_object_graph_pb2

    text = tf.train.load_checkpoint(prefix).get_tensor("_CHECKPOINTABLE_OBJECT_GRAPH")
    graph = trackable_object_graph_pb2.TrackableObjectGraph.FromString(text)
    attributes = {each.checkpoint_key: each.full_name for node in graph.nodes for each in node.attributes}
    return {"count": len(graph.nodes), "attributes": attributes}


def save_registered(prefix):
    """Save an object that a registered function saves; returns the saver's name."""
    import tensorflow as tf
    from tensorflow.python.saved_model import registration

    class Counter(tf.Module):
        def __init__(self):
            super().__init__()
            self.count = tf.Variable(3.0, name="count")

    def write(trackables, file_prefix):
        tensors = [each.count for each in trackables.values()]
        tf.raw_ops.SaveV2(
            prefix=file_prefix, tensor_names=list(trackables), shape_and_slices=[""] * len(tensors), tensors=tensors
        )
        return [file_prefix]

    registration.register_checkpoint_saver(
        package="graphs",
        name="counting",
        predicate=lambda each: isinstance(each, Counter),
        save_fn=write,
        restore_fn=lambda trackables, merged_prefix: None,
    )
    tf.train.Checkpoint(counter=Counter(), plain=tf.Variable(1.0, name="plain")).write(prefix)
    return "graphs.counting"


def save_session(prefix):
    """The same with a session, as TensorFlow 1 programs save objects; returns names, slots and what is listed."""
    import tensorflow as tf

    tf1 = tf.compat.v1
    with tf.Graph().as_default(), tf1.Session() as session:
        module = tf.Module(name="net")
        with tf1.variable_scope("net"):
            module.kernel = tf1.get_variable("kernel", [3, 2], use_resource=True)
            module.bias = tf1.get_variable("bias", [2], use_resource=True)
        optimizer = tf1.train.AdamOptimizer(0.1)
        step = optimizer.minimize(tf.reduce_sum(module.kernel * module.kernel) + tf.reduce_sum(module.bias))
        session.run(tf1.global_variables_initializer())
        session.run(step)
        tf1.train.Checkpoint(model=module, optimizer=optimizer).write(prefix, session=session)
        trained = [module.kernel, module.bias]
        values = {variable.op.name: digest(session.run(variable).tobytes()) for variable in trained}
        slots = [
            (variable.op.name, name, slot.op.name, digest(session.run(slot).tobytes()))
            for variable in trained
            for name, slot in ((name, optimizer.get_slot(variable, name)) for name in optimizer.get_slot_names())
        ]
    return {"ways": {}, "names": values, "slots": slots, "listed": dict(tf.train.list_variables(prefix))}
