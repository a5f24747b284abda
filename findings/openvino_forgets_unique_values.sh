#!/usr/bin/env bash
# OpenVINO gives zeros for all but the first of the values of tf.unique, when nothing reads the indices.
#
# Seen with openvino 2026.4.1 (CPU) and a graph of tensorflow-cpu 2.21.0. Expected: the values of tf.unique are the same
# whether somebody reads its second output or not. Found: with the values alone as output, [5, 1, 5, 2, 9] becomes [5,
# 0, 0, 0]: the right shape, the first value, and zeros. With the indices as an output, too, the values are right. The
# same comes of OpenVINO's own op Unique (sorted=False), without TensorFlow; sorted=True is right.
#
# Needs Python 3.11 to 3.13 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install tensorflow-cpu==2.21.0 openvino==2026.4.1
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=-1 "$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import importlib.metadata

import numpy as np
import openvino
import openvino.opset13 as ops
import tensorflow as tf

tf1 = tf.compat.v1


def exported(with_indices):
    """Write a graph with the values of tf.unique, and with the indices."""
    with tf.Graph().as_default() as graph:
        found = tf.unique(tf1.placeholder(tf.float32, [5], name="x"))
        tf.identity(found.y, name="values")
        if with_indices:
            tf.identity(found.idx, name="indices")
        with open("frozen.pb", "wb") as file:
            file.write(graph.as_graph_def().SerializeToString())
    model = openvino.compile_model(openvino.convert_model("frozen.pb"), "CPU")
    return model([GIVEN])[model.output("values:0")].tolist()


def own(is_sorted):
    """Return the values of OpenVINO's own op."""
    x = ops.parameter([5], np.float32)
    model = openvino.Model([ops.unique(x, sorted=is_sorted).output(0)], [x])
    return openvino.compile_model(model, "CPU")([GIVEN])[0].tolist()


GIVEN = np.array([5, 1, 5, 2, 9], np.float32)


print("tensorflow", tf.__version__, "openvino", importlib.metadata.version("openvino"))

print("TensorFlow:", tf.unique(GIVEN).y.numpy().tolist())
print("values and indices:", exported(True))
print("values alone:", exported(False))
print("OpenVINO's own op: sorted", own(True), "not sorted", own(False))
assert tf.unique(GIVEN).y.numpy().tolist() == exported(True) == [5, 1, 2, 9]
assert own(True) == [1, 2, 5, 9]
assert exported(False) == own(False) == [5, 0, 0, 0], "the behaviour changed"
print("as described")
PY
