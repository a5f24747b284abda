#!/usr/bin/env bash
# The // and % of integers are rounded down in TensorFlow, and towards zero once tf2onnx has converted them.
#
# Seen with tf2onnx 1.17.0, onnxruntime 1.32.0 and a graph of tensorflow-cpu 2.21.0. Expected: FloorDiv and FloorMod
# keep their meaning, as they do for floats, where the converter writes a Floor behind the Div. Found: for integers it
# writes just Div, which ONNX cuts, and x - x / y * y for the remainder. So -7 // 5 is -1 instead of -2, and -1 % 5,
# with which an index is wrapped around, is -1 instead of 4. ONNX has a Mod that takes the sign of the divisor; it is
# not used.
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

floats, integers = np.array([-7, -1, 7], np.float32), np.array([-7, -1, 7], np.int32)
for sign, function in (("//", lambda x: x // 5), ("%", lambda x: x % 5)):
    graph_def = built(function, floats)
    after, ops = run_onnx(graph_def, floats)
    print(f"{sign} 5 of floats: TensorFlow {run(graph_def, floats)}, ONNX {after} by {ops}")
    assert np.array_equal(run(graph_def, floats), after)
    for dtype in (np.int32, np.int64):
        given = integers.astype(dtype)
        graph_def = built(function, given)
        before, (after, ops) = run(graph_def, given), run_onnx(graph_def, given)
        print(f"{sign} 5 of {given.dtype}: TensorFlow {before}, ONNX {after} by {ops}")
        assert before.tolist() == ([-2, -1, 1] if sign == "//" else [3, 4, 2])
        assert after.tolist() == ([-1, 0, 1] if sign == "//" else [-2, -1, 2]), "the behaviour changed"
print("as described")
PY
