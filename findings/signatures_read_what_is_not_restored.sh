#!/usr/bin/env bash
# A SavedModel of a Keras 3 layer has a saver that restores other variables than its signature reads.
#
# Seen with keras 3.15.1 and tensorflow-cpu 2.21.0. tf.saved_model.save of a tf.Module that holds a layer or a model of
# Keras 3, or of a keras.Model itself, succeeds. Its graph has two handles for each keras.Variable: the signature reads
# "dense/kernel", and the restore op of the SaverDef assigns a copy, "Variable". Expected: who runs the restore op, as
# tf.compat.v1.saved_model.load does, can run the signature then. Found: "Could not find variable dense/kernel". Only
# tf.saved_model.load, which goes by the objects, serves it. It does not happen with tf.Variables, nor when the object
# also tracks the tf.Variable within each keras.Variable (`.value`), which is what keras.Model.export does.
#
# Needs Python 3.10 to 3.13 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install tensorflow-cpu==2.21.0 keras==3.15.1
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import keras
import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1
X = np.ones((1, 2), np.float32)


class Module(tf.Module):
    def __init__(self, **attributes):
        super().__init__()
        for name, value in attributes.items():
            setattr(self, name, value)

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
    def __call__(self, x):
        return self.layer(x) if hasattr(self, "layer") else x @ self.kernel


def layer():
    made = keras.layers.Dense(2, name="dense")
    made.build((None, 2))
    return made


def served_by_objects(path):
    (value,) = tf.saved_model.load(path).signatures["serving_default"](tf.constant(X)).values()
    return value.numpy()


def served_by_saver(path):
    with tf1.Graph().as_default(), tf1.Session() as session:
        signature = tf1.saved_model.load(session, ["serve"], path).signature_def["serving_default"]
        (given,), (wanted,) = signature.inputs.values(), signature.outputs.values()
        return session.run(wanted.name, {given.name: X})


def exported(path):
    model = keras.Sequential([keras.Input((2,)), layer()])
    model.export(path, verbose=False)


def saved(path, module):
    tf.saved_model.save(module, path, signatures={"serving_default": module.__call__})


print("tensorflow", tf.__version__, "keras", keras.__version__)
saved("layer", Module(layer=layer()))
saved("model", Module(layer=keras.Sequential([keras.Input((2,)), layer()])))
tf.saved_model.save(keras.Sequential([keras.Input((2,)), layer()]), "itself")
for path in ("layer", "model", "itself"):
    served_by_objects(path)
    try:
        served_by_saver(path)
        raise SystemExit(f"what the signature of {path!r} reads is restored now")
    except tf.errors.FailedPreconditionError as error:
        (line,) = [each for each in str(error).splitlines() if "Could not find variable" in each]
        print(f"{path}: tf.saved_model.load serves it; the saver does not:", line[:60])

saved("variables", Module(kernel=tf.Variable(np.eye(2, dtype=np.float32))))
both = layer()
saved("tracked", Module(layer=both, values=[each.value for each in both.variables]))
exported("exported")
for path in ("variables", "tracked", "exported"):
    assert np.array_equal(served_by_objects(path), served_by_saver(path))
    print(f"{path}: both serve the same")
print("as described")
PY
