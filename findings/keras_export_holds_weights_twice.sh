#!/usr/bin/env bash
# keras.Model.export writes each weight twice, and says of a frozen layer's variables that they are trained.
#
# Seen with keras 3.15.1 and tensorflow-cpu 2.21.0. Expected: an export of a model with 1,000,000 float32 weights has a
# data file of 4 MB, and the variables of a layer with trainable=False are not trainable once it is loaded. Found: 8 MB,
# for each value is there under variables/N and again under _all_variables/N, and the second copies are read by nothing:
# the gradient of what is served is None for each of them. And trainable_variables lists the right ones, while every
# variable's own `trainable` is True, in saved_model.pb and when loaded, so a GradientTape watches the frozen layer too.
#
# Needs Python 3.10 to 3.13 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install tensorflow-cpu==2.21.0 keras==3.15.1
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import os

import keras
import numpy as np
import tensorflow as tf

frozen = keras.layers.Dense(1000, use_bias=False, name="frozen")
model = keras.Sequential([keras.Input((990,)), frozen, keras.layers.Dense(10, use_bias=False, name="head")])
frozen.trainable = False
model.export("exported", verbose=False)

nbytes = 4 * sum(weight.numpy().size for weight in model.weights)
size = os.path.getsize("exported/variables/variables.data-00000-of-00001")
print(f"{nbytes:,} bytes of weights; data file {size:,}")
assert 1.99 < size / nbytes < 2.01

reader = tf.train.load_checkpoint("exported/variables/variables")
for number in range(2):
    first, second = (reader.get_tensor(f"{each}/{number}/.ATTRIBUTES/VARIABLE_VALUE")
                     for each in ("variables", "_all_variables"))
    print(f"variables/{number}: {first.shape}, _all_variables/{number}: {second.shape}")

loaded = tf.saved_model.load("exported")
with tf.GradientTape() as tape:
    result = tf.reduce_sum(loaded.serve(np.ones((1, 990), np.float32)))
watched = {each.name for each in tape.watched_variables()}
unused = [each is None for each in tape.gradient(result, list(loaded._all_variables))]
listed = [each.name for each in loaded.trainable_variables]
print("listed as trained:", listed, "- say that they are:", [v.name for v in loaded.variables if v.trainable])
print("watched:", sorted(watched), "- copies without gradient:", unused)
assert len(listed) == 1 and "head" in listed[0]
assert len(loaded.variables) == 2 and all(each.trainable for each in loaded.variables)
assert any("frozen" in name for name in watched)
assert unused == [True, True]
PY
