"""TensorFlow saves and restores what index-only edits are judged by.

Runs unchanged on TensorFlow 1.15 and later. `bundles` gives values, digests and `RestoreV2`.
"""

import bundles


def by_reader(prefix):
    """``{name: digest}`` of everything in a checkpoint, by ``NewCheckpointReader.get_tensor``."""
    import tensorflow as tf

    reader = tf.compat.v1.train.NewCheckpointReader(prefix)
    digests = {}
    for name, dtype in reader.get_variable_to_dtype_map().items():
        value = reader.get_tensor(name)
        digests[name] = bundles.digest(bundles._strings(value) if dtype == tf.string else value.tobytes())
    return digests


def read_each(cases):
    """For each prefix, names and dtypes: ``{name: digest}`` of these tensors by ``RestoreV2``, or what it said."""
    return [_read_some(*case) for case in cases]


def _read_some(prefix, names, dtypes):
    import tensorflow as tf

    def build():
        return tf.raw_ops.RestoreV2(
            prefix=prefix, tensor_names=names, shape_and_slices=[""] * len(names), dtypes=dtypes
        )

    try:
        values = bundles._run(build)
    except tf.errors.OpError as error:
        return error.message[:300]
    contents = [bundles._strings(v) if t == "string" else v.tobytes() for v, t in zip(values, dtypes)]
    return dict(zip(names, map(bundles.digest, contents)))


def _two_devices():
    import tensorflow as tf

    return tf.compat.v1.Session(config=tf.compat.v1.ConfigProto(device_count={"CPU": 2}))


def _variables(specs):
    """Make variables, as they are specified: on which device, of which kind, partitioned along which axis."""
    import tensorflow as tf

    tf1 = tf.compat.v1
    wholes = {}
    for spec in specs:
        # By a function, and not as a constant: a partition takes its part of it.
        partitioner = None
        if spec.get("axis") is not None:
            partitioner = tf1.fixed_size_partitioner(spec["parts"], axis=spec["axis"])
        with tf.device("/cpu:%d" % spec.get("device", 0)):
            variable = tf1.get_variable(
                spec["name"],
                shape=spec["shape"],
                dtype=tf.as_dtype(spec["dtype"]),
                partitioner=partitioner,
                initializer=_initializer(spec),
                use_resource=spec.get("resource", False),
            )
        wholes[spec["name"]] = variable.as_tensor() if partitioner else variable.read_value()
    return wholes


def _initializer(spec):
    import tensorflow as tf

    def initial(shape, dtype=None, partition_info=None):
        value = bundles._constant(spec)
        if partition_info is None:
            return value
        return tf.slice(value, partition_info.var_offset, shape)

    return initial


def save_sharded(prefix, specs, write_meta_graph=False):
    """Save variables with a Saver that writes a data file for each device."""
    import tensorflow as tf

    tf1 = tf.compat.v1
    with tf.Graph().as_default(), _two_devices() as session:
        _variables(specs)
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver(sharded=True).save(session, prefix, write_meta_graph=write_meta_graph)


def restore(prefix, specs):
    """Digests of variables that a Saver restored from a checkpoint, whole where they are partitioned."""
    import tensorflow as tf

    tf1 = tf.compat.v1
    with tf.Graph().as_default(), _two_devices() as session:
        wholes = _variables(specs)
        tf1.train.Saver().restore(session, prefix)
        values = session.run(wholes)
    return {
        name: bundles.digest(bundles._strings(value) if value.dtype == object else value.tobytes())
        for name, value in values.items()
    }


def save_over(prefix, specs):
    """Train on: save other values over a checkpoint, twice, with a Saver that keeps one, and delete what is left."""
    import tensorflow as tf

    tf1 = tf.compat.v1
    with tf.Graph().as_default(), _two_devices() as session:
        _variables(specs)
        session.run(tf1.global_variables_initializer())
        saver = tf1.train.Saver(max_to_keep=1)
        saver.save(session, prefix, write_meta_graph=False)
        bundles.save(prefix, specs)
        digests = bundles.read(prefix)
        saver.save(session, prefix + "-later", write_meta_graph=False)
    return digests


SHAPES = {"kernel": (3, 4), "bias": (4,)}


def _objects(value, sides):
    """Objects with variables, and an optimizer with slots for each of them; all values are made of `value`."""
    import tensorflow as tf

    tf1 = tf.compat.v1
    variables = {}
    layers = {}
    for number, side in enumerate(sides):
        made = {}
        for kind, shape in SHAPES.items():
            initial = tf.fill(shape, tf.constant(value + 10.0 * ("left", "right").index(side) + len(kind)))
            made[kind] = tf1.Variable(initial, name="%s_%d_%s" % (side, number, kind), use_resource=True)
            variables["%s/%s" % (side, kind)] = made[kind]
        layers[side] = tf1.train.Checkpoint(**made)
    optimizer = tf1.train.AdamOptimizer(0.5)
    loss = tf.add_n([tf.reduce_sum(v * v) for v in variables.values()])
    step = optimizer.minimize(loss)
    saved = tf1.train.Checkpoint(model=tf1.train.Checkpoint(**layers), optimizer=optimizer)
    for name, variable in list(variables.items()):
        for slot in ("m", "v"):
            variables["%s/%s" % (name, slot)] = optimizer.get_slot(variable, slot)
    return saved, variables, step


def save_objects(prefix):
    """Save a ``tf.train.Checkpoint`` of two layers and an optimizer that has made a step.

    Returns its prefix and the values of the variables, which are all alike in one variable.
    """
    import tensorflow as tf

    tf1 = tf.compat.v1
    with tf.Graph().as_default(), tf1.Session() as session:
        saved, variables, step = _objects(1.0, ("left", "right"))
        session.run(tf1.global_variables_initializer())
        session.run(step)
        path = saved.save(prefix, session=session)
        return path, _values(session, variables)


def restore_objects(prefix, sides, check):
    """Restore it into new objects; `check` is how: ``expect_partial``, or an assertion of TensorFlow's.

    Returns the values; -1 where nothing was restored.
    """
    import tensorflow as tf

    tf1 = tf.compat.v1
    with tf.Graph().as_default(), tf1.Session() as session:
        saved, variables, _ = _objects(0.0, sides)
        session.run(tf1.global_variables_initializer())
        for variable in variables.values():
            session.run(variable.assign(tf.fill(variable.shape, -1.0)))
        status = saved.restore(prefix)
        status = getattr(status, check)() or status
        status.run_restore_ops(session)
        return _values(session, variables)


def _values(session, variables):
    values = {}
    for name, value in session.run(variables).items():
        assert (value == value.flat[0]).all(), name
        values[name] = float(value.flat[0])
    return values


def _keras(value):
    """A model and its optimizer; every variable is filled with a number of its own from `value` on."""
    import tensorflow as tf

    model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(4), tf.keras.layers.Dense(2)])
    optimizer = tf.keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    variables = [*model.weights, *optimizer.variables]
    for number, variable in enumerate(variables):
        variable.assign(tf.cast(tf.fill(variable.shape, value + number), variable.dtype))
    return tf.train.Checkpoint(model=model, optimizer=optimizer), variables


def save_keras(prefix):
    """Save a Keras model with its optimizer, as programs of TensorFlow 2 do; returns the prefix and the values."""
    saved, variables = _keras(1)
    return saved.save(prefix), [float(variable.numpy().flat[0]) for variable in variables]


def restore_keras(prefix, check):
    """Restore it into another one; `check` as in `restore_objects`. Returns the values; from 1000 on, not restored."""
    saved, variables = _keras(1000)
    getattr(saved.restore(prefix), check)()
    return [float(variable.numpy().flat[0]) for variable in variables]


def _parts(names):
    """Objects of a model, each with two variables, empty lists and slots of an optimizer; values tell them apart."""
    import tensorflow as tf

    parts = {}
    for number, name in enumerate(names):
        part = tf.Module()
        part.kernel = tf.Variable([1.0 + number, 2.0])
        part.bias = tf.Variable([5.0 + number])
        part.empty = []
        parts[name] = part
    model = tf.Module()
    for name, part in parts.items():
        setattr(model, name, part)
    return tf.train.Checkpoint(model=model), parts


def save_parts(prefix, names):
    saved, _ = _parts(names)
    return saved.write(prefix)


def match_parts(prefix, names):
    """Restore into a model with these parts; return their values, and what TensorFlow says of objects not matched."""

    saved, parts = _parts(names)
    for part in parts.values():
        part.kernel.assign([-1.0, -1.0])
        part.bias.assign([-1.0])
    status = saved.read(prefix)
    try:
        status.assert_existing_objects_matched()
        said = ""
    except AssertionError as error:
        said = str(error)
    status.expect_partial()
    values = {name: [part.kernel.numpy().tolist(), part.bias.numpy().tolist()] for name, part in parts.items()}
    return {"values": values, "said": said}
