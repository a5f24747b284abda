#!/usr/bin/env bash
# tf.train.Checkpoint saves none of the layers that a Keras 3 model keeps in a Python list, and says nothing.
#
# Seen with keras 3.15.1 and tensorflow-cpu 2.21.0. A subclassed keras.Model with `self.blocks = [Dense(2), Dense(2)]`
# trains and saves its weights with save_weights; tf.train.Checkpoint(model=model) writes only the layers that are
# attributes themselves. Restoring does not tell either: assert_existing_objects_matched() and assert_consumed() both
# pass, and the layers in the list keep their initial values. Expected: the layers are saved, as with Keras 2.
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


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = keras.layers.Dense(2)
        self.blocks = [keras.layers.Dense(2), keras.layers.Dense(2)]

    def call(self, x):
        x = self.first(x)
        for block in self.blocks:
            x = block(x)
        return x


saved = Net()
saved(np.ones((1, 2)))
saved.blocks[0].kernel.assign([[7.0, 7.0], [7.0, 7.0]])
prefix = tf.train.Checkpoint(model=saved).write("checkpoint")
names = [name for name, _ in tf.train.list_variables(prefix)]
print("in the checkpoint:", names)
restored = Net()
restored(np.ones((1, 2)))
status = tf.train.Checkpoint(model=restored).read(prefix)
status.assert_existing_objects_matched()
status.assert_consumed()
kernel = restored.blocks[0].kernel.numpy()
print("restored:", kernel.tolist(), "instead of sevens")
assert len(saved.weights) == 6 and len(names) == 3 and (kernel != 7).all()
PY
