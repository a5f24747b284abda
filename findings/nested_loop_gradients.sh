#!/usr/bin/env bash
# A variable in a loop inside of a loop gets a gradient of zero after tf.saved_model.save and load, and nothing says so.
#
# Seen with tensorflow-cpu 2.21.0. Expected: a loaded function has the gradients of the one that was saved.
# Found: for a tf.Variable that is read in a tf.while_loop of a tf.while_loop GradientTape gives 0.0, where the function
# before saving gives 40.5; values are the same. One that is read in one branch alone of a tf.cond in a tf.while_loop
# raises when the loaded function is called under a tape: "Tried to take gradients (or similar) of a variable without
# handle data". In a single loop the gradient is right. Reading the variable before the loop helps in both cases.
#
# Needs Python 3.10 to 3.13 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install tensorflow-cpu==2.21.0
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=-1 "$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import tensorflow as tf


def loop(step, first):
    return tf.while_loop(lambda i, y: i < 2, lambda i, y: (i + 1, step(i, y)), (0, first))[1]


def function(call):
    return tf.function(call, input_signature=[tf.TensorSpec([])])


class Model(tf.Module):
    def __init__(self):
        self.w = tf.Variable(1.5)
        self.single = function(lambda x: loop(lambda i, y: y * self.w, x))
        self.nested = function(lambda x: loop(lambda i, y: loop(lambda j, z: z * self.w, y), x))
        self.branch = function(
            lambda x: loop(lambda i, y: tf.cond(i > 0, lambda: y * self.w, lambda: y + 1.0), x)
        )
        self.outside = function(self.read_outside)

    def read_outside(self, x):
        w = self.w.read_value()
        return loop(lambda i, y: loop(lambda j, z: z * w, y), x)


def gradient(model, name):
    """Return the value for 3, and the gradient of the variable."""
    with tf.GradientTape() as tape:
        value = getattr(model, name)(tf.constant(3.0))
    return float(value), float(tape.gradient(value, model.w))


print("tensorflow", tf.__version__)
model = Model()
before = {name: gradient(model, name) for name in ("single", "nested", "branch", "outside")}
tf.saved_model.save(model, "saved")
loaded = tf.saved_model.load("saved")
for name in ("single", "outside", "nested"):
    after = gradient(loaded, name)
    print(f"{name}: value and gradient {before[name]} before, {after} after")
    assert after == ((before[name][0], 0.0) if name == "nested" else before[name])
assert before["nested"][1] == 40.5
try:
    gradient(loaded, "branch")
    raise SystemExit("branch: no error: the behaviour changed")
except ValueError as error:
    print(f"branch: {before['branch']} before, after:", str(error).splitlines()[0])
    assert "of a variable without handle data" in str(error)
print("as described")
PY
