"""TensorFlow writes and reads checkpoints from specifications, and says what it read as digests.

A specification is ``{"name", "dtype", "shape", "seed"}``; `content` gives its bytes, here and in the tests. Runs
unchanged on TensorFlow 1.15 and later. TensorFlow is imported inside functions: the tests import `content` too.
"""

import hashlib
import os

QUANTIZED = {"qint8": "int8", "quint8": "uint8", "qint16": "int16", "quint16": "uint16", "qint32": "int32"}
MASKS = {"bool": 0x01, "int4": 0x07, "uint4": 0x0F, "int2": 0x01, "uint2": 0x03}


def content(spec):
    """The raw bytes of a specification, or the list of its strings."""
    size = 1
    for dim in spec["shape"]:
        size *= dim
    seed, dtype = spec["seed"], spec["dtype"]
    if dtype == "string":
        return [
            bytes(bytearray((seed + i * 7 + k) & 0xFF for k in range((seed * 13 + i * 37) % 300))) for i in range(size)
        ]
    mask = MASKS.get(dtype, 0xFF)
    return bytes(bytearray((seed * 31 + i * 7 + (i >> 8)) & mask for i in range(size * spec["itemsize"])))


def digest(value):
    """The digest of raw bytes, or of a list of strings."""
    if isinstance(value, list):
        value = b"".join(b"%d:%s," % (len(element), element) for element in value)
    return hashlib.sha256(value).hexdigest()


def _constant(spec):
    """A Const made of the bytes themselves, which works for dtypes that numpy arrays cannot carry here."""
    import tensorflow as tf

    proto = tf.compat.v1.make_tensor_proto([], dtype=tf.float32)
    proto.Clear()
    proto.dtype = tf.as_dtype(spec["dtype"]).as_datatype_enum
    for dim in spec["shape"]:
        proto.tensor_shape.dim.add(size=dim)
    if spec["dtype"] == "string":
        proto.string_val.extend(content(spec))
    else:
        proto.tensor_content = content(spec)
    return tf.constant(proto)


def _run(build):
    """Build fetches in a graph of their own and run them."""
    import tensorflow as tf

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        return session.run(build())


def save(prefix, specs, slices=None):
    """Write a checkpoint in the given order; `slices` holds a shape-and-slice string per specification."""
    import tensorflow as tf

    _run(
        lambda: tf.raw_ops.SaveV2(
            prefix=prefix,
            tensor_names=[spec["name"] for spec in specs],
            shape_and_slices=slices or [""] * len(specs),
            tensors=[_constant(spec) for spec in specs],
        )
    )


def merge(prefixes, destination):
    """Merge checkpoints into one of several shards, as a sharded Saver does."""
    import tensorflow as tf

    _run(lambda: tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=prefixes, destination_prefix=destination))


def save_variables(prefix, specs, resource=False):
    """Make variables and save them with a ``tf.train.Saver``, which chooses the order."""
    import tensorflow as tf

    tf1 = tf.compat.v1
    with tf.Graph().as_default(), tf1.Session() as session:
        variables = [tf1.Variable(_constant(spec), name=spec["name"], use_resource=resource) for spec in specs]
        session.run([variable.initializer for variable in variables])
        tf1.train.Saver(variables).save(session, prefix, write_meta_graph=False)


def save_partitioned(prefix):
    """Save variables that TensorFlow partitions along each axis; returns the digests of the whole ones."""
    import tensorflow as tf

    tf1 = tf.compat.v1
    wholes = {}
    with tf.Graph().as_default(), tf1.Session() as session:
        for axis, shape in enumerate([(7, 3), (2, 9), (3, 2, 300)]):
            partitioner = tf1.fixed_size_partitioner(3 if axis == 0 else 2, axis=axis)
            name = "layer/weights_%d" % axis
            wholes[name] = tf1.get_variable(name, shape=shape, partitioner=partitioner, use_resource=False).as_tensor()
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver().save(session, prefix, write_meta_graph=False)
        return {name: digest(value.tobytes()) for name, value in session.run(wholes).items()}


def listing(prefix):
    """``{name: [dtype number, shape]}`` as TensorFlow's reader lists a checkpoint."""
    import tensorflow as tf

    reader = tf.compat.v1.train.NewCheckpointReader(prefix)
    dtypes = reader.get_variable_to_dtype_map()
    shapes = reader.get_variable_to_shape_map()
    return {name: [tf.as_dtype(dtypes[name]).as_datatype_enum, shapes[name]] for name in shapes}


def read(prefix, slices=None, only=None):
    """``{name: digest}`` of all in a checkpoint, or `only` some; `slices` gives names a shape-and-slice string."""
    import tensorflow as tf

    listed = listing(prefix)
    names = only or sorted(name for name in listed if listed[name][0] not in (20, 21))
    wanted = [tf.as_dtype(listed[name][0]) for name in names]
    if not names:
        return {}
    specs = [(slices or {}).get(name, "") for name in names]

    def build():
        tensors = tf.raw_ops.RestoreV2(prefix=prefix, tensor_names=names, shape_and_slices=specs, dtypes=wanted)
        plain = [QUANTIZED.get(dtype.name) for dtype in wanted]
        return [tf.bitcast(t, tf.as_dtype(p)) if p else t for t, p in zip(tensors, plain)]

    values = _run(build)
    return {
        name: digest(_strings(value) if dtype == tf.string else value.tobytes())
        for name, dtype, value in zip(names, wanted, values)
    }


def _strings(value):
    # A session gives a scalar string as bytes; numpy would strip its trailing zeros.
    return [value] if isinstance(value, bytes) else value.reshape(-1).tolist()


def dtypes(candidates):
    """Those of the candidate dtypes that this TensorFlow saves and reads back."""
    import tempfile

    kept = []
    for candidate in candidates:
        prefix = os.path.join(tempfile.mkdtemp(), "x")
        try:
            save(prefix, [dict(candidate, name="x", shape=[2], seed=1)])
            read(prefix)
        except Exception:
            continue
        kept.append(candidate["dtype"])
    return kept


def write_states(directory, cases):
    """Write state files with TensorFlow's own function; returns their texts."""
    import tensorflow as tf

    texts = []
    os.chdir(directory)
    for case in cases:
        tf.compat.v1.train.update_checkpoint_state(**case)
        with open(os.path.join(case["save_dir"], "checkpoint")) as file:
            texts.append(file.read())
    return texts


def read_state(directory):
    """``[latest, all paths, latest_checkpoint's answer]`` of a directory."""
    import tensorflow as tf

    state = tf.train.get_checkpoint_state(directory)
    paths = list(state.all_model_checkpoint_paths)
    return [state.model_checkpoint_path, paths, tf.train.latest_checkpoint(directory)]
