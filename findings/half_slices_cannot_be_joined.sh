#!/usr/bin/env bash
# A Saver writes a partitioned float16 variable that nothing in TensorFlow can read as a whole, or in other parts.
#
# Seen with tensorflow-cpu 2.21.0 (1.15.5 does the same). Expected: the checkpoint holds slices of one tensor with its
# full shape, so it can be restored with another partitioner, or with none, and read by tf.train.load_checkpoint, as
# those of float32 and bfloat16 can. Found: the Saver that wrote it restores it in the same parts; everything else is
# "Dtype half not supported", and so are uint16, uint32, uint64 and strings. Nothing is said when it is written.
#
# Needs Python 3.11 to 3.13 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install tensorflow-cpu==2.21.0
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=-1 "$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1

VALUES = np.arange(6) % 2


def made(dtype, num_parts):
    """Make a variable of so many parts, and its saver."""

    def first(shape, dtype=None, partition_info=None):
        offset = partition_info.var_offset[0] if partition_info else 0
        return tf.cast(tf.constant(VALUES[offset : offset + shape[0]]), dtype)

    partitioner = tf1.fixed_size_partitioner(num_parts) if num_parts > 1 else None
    with tf1.variable_scope("scope", partitioner=partitioner):
        variable = tf1.get_variable("w", [6], dtype, first)
    parts = list(variable) if num_parts > 1 else [variable]
    return tf.concat([tf.cast(part, tf.int64) for part in parts], 0), tf1.train.Saver()


def saved(dtype):
    """Save a variable in two parts."""
    with tf.Graph().as_default(), tf1.Session() as session:
        _, saver = made(dtype, 2)
        session.run(tf1.global_variables_initializer())
        return saver.save(session, f"./{dtype.name}")


def restored(dtype, num_parts, prefix):
    """Restore it in so many parts, or return what is wrong."""
    with tf.Graph().as_default(), tf1.Session() as session:
        value, saver = made(dtype, num_parts)
        try:
            saver.restore(session, prefix)
            return session.run(value).tolist()
        except tf.errors.InvalidArgumentError as error:
            return next(line for line in str(error).splitlines() if "Dtype" in line)


def read(prefix):
    """Read the whole tensor, or return what is wrong."""
    try:
        return tf.train.load_checkpoint(prefix).get_tensor("scope/w").astype(int).tolist()
    except ValueError as error:
        return str(error)


print("tensorflow", tf.__version__)

for dtype in (tf.float32, tf.bfloat16, tf.float16, tf.uint16, tf.uint32, tf.uint64):
    prefix = saved(dtype)
    same, whole, three, all_of_it = (*(restored(dtype, parts, prefix) for parts in (2, 1, 3)), read(prefix))
    print(f"{dtype.name}: in 2 parts {same}; in one {whole}; in 3 {three}; read {all_of_it}")
    assert same == VALUES.tolist()
    for found in (whole, three, all_of_it):
        if dtype in (tf.float32, tf.bfloat16):
            assert found == VALUES.tolist()
        else:
            assert "not supported" in found, "the behaviour changed"
print("as described")
PY
