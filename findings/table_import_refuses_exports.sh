#!/usr/bin/env bash
# TensorFlow's LookupTableImportV2 refuses constants of what LookupTableExportV2 gave, and takes the same values unseen.
#
# Seen with tensorflow-cpu 2.21.0 (1.15.5 does the same, for tables of vectors too). The shape function wants keys of
# rank 1. A dense table exports keys and values of rank 2, and its kernel imports just these: a Saver restores such
# tables every day, because what RestoreV2 gives has no static shape. Expected: constants of the same values are taken
# too. Found: the graph cannot be built ("Shape must be rank 1 but is rank 2"), unless something hides their shape, such
# as a PlaceholderWithDefault.
#
# Needs Python 3.10 to 3.13 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install tensorflow-cpu==2.21.0
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import tensorflow as tf

tf1 = tf.compat.v1
tf1.disable_eager_execution()
lookup = tf.lookup.experimental


def dense():
    return lookup.DenseHashTable(tf.int64, tf.float32, -1.0, empty_key=0, deleted_key=-5)


def exported(make, values):
    with tf1.Graph().as_default(), tf1.Session() as session:
        table = make()
        session.run(table.insert(tf.constant([1, 2], tf.int64), tf.constant(values)))
        return session.run(table.export())


def imported(make, keys, values, hide):
    with tf1.Graph().as_default(), tf1.Session() as session:
        table = make()
        given = [tf.constant(keys), tf.constant(values)]
        if hide:
            given = [tf1.placeholder_with_default(each, None) for each in given]
        session.run(tf.raw_ops.LookupTableImportV2(table_handle=table.resource_handle, keys=given[0], values=given[1]))
        return session.run(table.lookup(tf.constant([1, 2], tf.int64))).tolist()


print("tensorflow", tf.__version__)
keys, out = exported(dense, [1.0, 2.0])
print("exports keys of", keys.shape, "and values of", out.shape)
try:
    imported(dense, keys, out, hide=False)
    raise SystemExit("TensorFlow now takes constants of what it exported")
except ValueError as error:
    print("as constants:", str(error).splitlines()[0][:60])
    assert "must be rank 1 but is rank 2" in str(error)
assert imported(dense, keys, out, hide=True) == [1.0, 2.0]
print("with their shapes hidden they are taken, and looked up")
print("as described")
PY
