#!/usr/bin/env bash
# OpenVINO takes the remainder, the greatest and the sum of integers in single precision: ids above 16,777,216 change.
#
# Seen with openvino 2026.4.1 (CPU) and a graph of tensorflow-cpu 2.21.0. Expected: FloorMod, Max and Sum of int32 and
# int64 are integers, and the greatest of some numbers is one of them. Found: 16777217 % 10, the bucket of an id, is 6
# instead of 7; the greatest of 16777217, 5, 7 is 16777216; and the result has an integer type, so nothing shows it.
# Add, Mul and Gather are exact. INFERENCE_PRECISION_HINT=f32 is set here, and is no cure.
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
import tensorflow as tf

tf1 = tf.compat.v1


def built(function, values):
    """Return the graph of a function of one placeholder."""
    with tf.Graph().as_default() as graph:
        tf.identity(function(tf1.placeholder(values.dtype, values.shape, name="x")), name="out")
        return graph.as_graph_def()


def run(graph_def, values):
    """Run a graph in TensorFlow."""
    with tf.Graph().as_default() as graph:
        tf1.import_graph_def(graph_def, name="")
        with tf1.Session(graph=graph) as session:
            return session.run("out:0", {"x:0": values})


def run_openvino(graph_def, values):
    """Read a graph with OpenVINO, and run it."""
    with open("frozen.pb", "wb") as file:
        file.write(graph_def.SerializeToString())
    model = openvino.compile_model(openvino.convert_model("frozen.pb"), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return model([values])[0]


print("tensorflow", tf.__version__, "openvino", importlib.metadata.version("openvino"))

KINDS = {
    "x % 10": lambda x: x % 10,
    "reduce_max(x)": lambda x: tf.reduce_max(x, 0),
    "reduce_sum(x)": lambda x: tf.reduce_sum(x, 0),
}
EXACT = {"x + 2": lambda x: x + 2, "x * 3": lambda x: x * 3, "gather(x)": lambda x: tf.gather(x, [0])}
for dtype in (np.int32, np.int64):
    values = np.array([16777217, 5, 7], dtype)
    for name, function in KINDS.items():
        graph_def = built(function, values)
        before, after = run(graph_def, values), run_openvino(graph_def, values)
        print(f"{name} of {values.dtype} {values.tolist()}: TensorFlow {before}, OpenVINO {after}")
        assert after.dtype.kind == "i" and before.shape == after.shape
        assert not np.array_equal(before, after), "the behaviour changed"
    for name, function in EXACT.items():
        graph_def = built(function, values)
        assert np.array_equal(run(graph_def, values), run_openvino(graph_def, values)), name
print("as described")
PY
