#!/usr/bin/env bash
# tf.scatter_nd adds up what has the same index; converted by tf2onnx, or by OpenVINO, the last one replaces the others.
#
# Seen with tensorflow-cpu 2.21.0, tf2onnx 1.17.0 with onnxruntime 1.32.0, and openvino 2026.4.1. Expected: sums, as
# documented for tf.scatter_nd, or an error. Found: both converters write the ScatterND of their own (ScatterNDUpdate)
# into zeros, which has no sums unless it is told, and do not tell it. Histograms, sums of points in a grid, and
# gradients of gather are made like that. tf.tensor_scatter_nd_add of the same indices comes out right in both.
#
# Needs Python 3.11 to 3.13 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install tensorflow-cpu==2.21.0 tf2onnx==1.17.0 \
    onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=-1 "$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import importlib.metadata

import numpy as np
import onnxruntime
import openvino
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


def run_openvino(graph_def, values):
    """Read a graph with OpenVINO, and run it."""
    with open("frozen.pb", "wb") as file:
        file.write(graph_def.SerializeToString())
    model = openvino.compile_model(openvino.convert_model("frozen.pb"), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return model([values])[0]


print("tensorflow", tf.__version__, "tf2onnx", tf2onnx.__version__, "onnxruntime", onnxruntime.__version__)
print("openvino", importlib.metadata.version("openvino"))

values = np.array([1, 2, 4], np.float32)
KINDS = {
    "scatter_nd": lambda x: tf.scatter_nd([[1], [1], [3]], x, [5]),
    "tensor_scatter_nd_add": lambda x: tf.tensor_scatter_nd_add(tf.zeros(5), [[1], [1], [3]], x),
}
for name, function in KINDS.items():
    graph_def = built(function, values)
    before, (onnx, ops), other = run(graph_def, values), run_onnx(graph_def, values), run_openvino(graph_def, values)
    print(f"{name}: TensorFlow {before}, ONNX {onnx} by {ops}, OpenVINO {other}")
    assert before.tolist() == [0, 3, 0, 4, 0]
    wanted = [0, 2, 0, 4, 0] if name == "scatter_nd" else [0, 3, 0, 4, 0]
    assert onnx.tolist() == wanted, "tf2onnx: the behaviour changed"
    assert other.tolist() == wanted, "OpenVINO: the behaviour changed"
print("as described")
PY
