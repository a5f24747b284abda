"""TensorFlow does to tensors what value edits do, and saves the results. Runs on 1.15 and 2.21."""


def _evaluate(build):
    import tensorflow as tf

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        return session.run(build())


def apply(prefix, destination, steps):
    """Apply ops to tensors of a checkpoint: ``steps`` are (name, dtype, op, arguments, name of the result)."""
    import tensorflow as tf

    ops = {
        "cast": tf.cast,
        "saturate_cast": tf.compat.v1.saturate_cast,
        "transpose": tf.transpose,
        "reverse": tf.reverse,
        "pad": lambda x, paddings, value: tf.pad(x, paddings, constant_values=tf.constant(value, x.dtype)),
        "pad_strings": tf.pad,
        "tile": tf.tile,
        "reshape": tf.reshape,
        "strided_slice": tf.strided_slice,
        "scale": lambda x, scale, offset: x * tf.constant(scale, x.dtype) + tf.constant(offset, x.dtype),
        "add": lambda x, other: x + _restored(prefix, other, x.dtype),
        "subtract": lambda x, other: x - _restored(prefix, other, x.dtype),
        "multiply": lambda x, other: x * _restored(prefix, other, x.dtype),
        "divide": lambda x, other: x / _restored(prefix, other, x.dtype),
    }

    def build():
        results = [ops[op](_restored(prefix, name, dtype), *given) for name, dtype, op, given, _ in steps]
        names = [result for _, _, _, _, result in steps]
        return tf.raw_ops.SaveV2(
            prefix=destination, tensor_names=names, shape_and_slices=[""] * len(names), tensors=results
        )

    _evaluate(build)


def _restored(prefix, name, dtype):
    import tensorflow as tf

    return tf.raw_ops.RestoreV2(prefix=prefix, tensor_names=[name], shape_and_slices=[""], dtypes=[tf.as_dtype(dtype)])[
        0
    ]
