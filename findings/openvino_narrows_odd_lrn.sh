#!/usr/bin/env bash
# OpenVINO reads a local response normalization of an odd depth_radius, the default among them, with a narrower window.
#
# Seen with openvino 2026.4.1 (CPU) and a graph of tensorflow-cpu 2.21.0. Expected: a window of 2 * depth_radius + 1
# channels. Found: the LRN that it makes has a size of 1, 5, 5, 9, 9 for a depth_radius of 1, 2, 3, 4, 5, so that an odd
# one is as the even one before, and alpha is scaled to match. tf.nn.lrn has 5 when it is not told. Even ones are equal
# to TensorFlow; networks with depth_radius=2 do not show it.
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

values = np.random.default_rng(0).random((2, 3, 4, 16), np.float32) * 3
for radius in range(1, 6):
    graph_def = built(lambda x: tf.nn.lrn(x, radius, 1.0, 0.5, 0.75), values)
    before, after = run(graph_def, values), run_openvino(graph_def, values)
    found = openvino.convert_model("frozen.pb").get_ops()
    (size,) = (op.get_attributes()["size"] for op in found if op.get_type_name() == "LRN")
    off = float(np.abs(before - after).max())
    print(f"depth_radius {radius}: a window of {2 * radius + 1}, in OpenVINO of {size}; off by {off:.6f}")
    if radius % 2:
        narrower = built(lambda x: tf.nn.lrn(x, radius - 1, 1.0, 0.5, 0.75), values)
        assert size == 2 * radius - 1 and off > 0.01, "the behaviour changed"
        assert np.allclose(run(narrower, values), after, atol=1e-5)
    else:
        assert size == 2 * radius + 1 and off < 1e-5
print("as described")
PY
