#!/usr/bin/env bash
# ResizeArea, which averages, becomes a Resize that takes single pixels, when tf2onnx converts it.
#
# Seen with tf2onnx 1.17.0, onnxruntime 1.32.0 and a graph of tensorflow-cpu 2.21.0. Expected: the mean of each area, or
# an error that there is no such op in ONNX; for ops that it does not know the converter keeps a node that ONNX Runtime
# refuses. Found: whatever is not ResizeBilinear or ResizeBicubic is made the mode "nearest". An image of 6 by 6 made 2
# by 2 has the upper left pixel of each quarter, and not its mean. Shape and type are right, so only values tell.
#
# Needs Python 3.11 to 3.13 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install tensorflow-cpu==2.21.0 tf2onnx==1.17.0 \
    onnx==1.23.2 onnxruntime==1.32.0
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=-1 "$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import numpy as np
import onnxruntime
import tensorflow as tf
import tf2onnx

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


def run_onnx(graph_def, values):
    """Convert a graph with tf2onnx, and run it in ONNX Runtime; return its ops, too."""
    model, _ = tf2onnx.convert.from_graph_def(graph_def, input_names=["x:0"], output_names=["out:0"], opset=18)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x:0": values})[0], [node.op_type for node in model.graph.node]


print("tensorflow", tf.__version__, "tf2onnx", tf2onnx.__version__, "onnxruntime", onnxruntime.__version__)

image = np.arange(36, dtype=np.float32).reshape(1, 6, 6, 1)
graph_def = built(lambda x: tf1.image.resize_area(x, [2, 2]), image)
before, (after, ops) = run(graph_def, image).reshape(-1), run_onnx(graph_def, image)
print("quarters: TensorFlow", before.tolist(), "ONNX", after.reshape(-1).tolist(), "by", ops)
means = image.reshape(2, 3, 2, 3).mean((1, 3)).reshape(-1)
assert np.allclose(before, means)
assert after.reshape(-1).tolist() == image[0, ::3, ::3, 0].reshape(-1).tolist(), "the behaviour changed"
graph_def = built(lambda x: tf1.image.resize_bilinear(x, [2, 2]), image)
assert np.allclose(run(graph_def, image), run_onnx(graph_def, image)[0])
print("as described")
PY
