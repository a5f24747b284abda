"""TensorFlow writes V1 checkpoints: by its op, from specifications, and by its Saver, from variables.

Runs unchanged on TensorFlow 1.15 and later; `bundles.listing` and `bundles.read` read what is written here.
"""

import bundles


def save(path, specs, slices=None):
    """Write one file in the given order; `slices` holds a shape-and-slice string per specification."""
    import tensorflow as tf

    bundles._run(
        lambda: tf.raw_ops.SaveSlices(
            filename=path,
            tensor_names=[spec["name"] for spec in specs],
            shapes_and_slices=slices or [""] * len(specs),
            data=[bundles._constant(spec) for spec in specs],
        )
    )


def save_variables(prefix, sharded, partitioned):
    """Save variables on two devices with a Saver of the V1 format, and its meta graph; the state file goes along.

    Returns the digests of the whole variables and what the Saver calls the checkpoint.
    """
    import tensorflow as tf

    tf1 = tf.compat.v1
    wholes = {}
    with tf.Graph().as_default(), tf1.Session(config=tf1.ConfigProto(device_count={"CPU": 2})) as session:
        for number, shape in enumerate([(7, 3), (2, 9), (3, 2, 300), (40, 50)]):
            partitioner = tf1.fixed_size_partitioner(2 + number % 2, axis=number % 2) if partitioned else None
            with tf.device("/cpu:%d" % (number % 2)):
                variable = tf1.get_variable(
                    "layer/weights_%d" % number, shape=shape, partitioner=partitioner, use_resource=False
                )
            wholes["layer/weights_%d" % number] = variable.as_tensor() if partitioned else variable
        wholes["step"] = tf1.get_variable("step", initializer=tf.constant(7, tf.int64), use_resource=False)
        session.run(tf1.global_variables_initializer())
        saver = tf1.train.Saver(sharded=sharded, write_version=tf1.train.SaverDef.V1)
        called = saver.save(session, prefix)
        return {name: bundles.digest(value.tobytes()) for name, value in session.run(wholes).items()}, called


def restored(prefix):
    """Digests of all variables after `import_meta_graph` and `restore`; partitions under names of their own."""
    import tensorflow as tf

    tf1 = tf.compat.v1
    with tf.Graph().as_default(), tf1.Session() as session:
        saver = tf1.train.import_meta_graph(prefix + ".meta", clear_devices=True)
        saver.restore(session, prefix)
        values = session.run({variable.op.name: variable for variable in tf1.global_variables()})
        return {name: bundles.digest(value.tobytes()) for name, value in values.items()}
