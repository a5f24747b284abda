#!/usr/bin/env bash
# Padding of -1 is left out by tf.one_hot and tf.math.unsorted_segment_sum, and counts for the last class in ONNX.
#
# Seen with tf2onnx 1.17.0, onnxruntime 1.32.0 and a graph of tensorflow-cpu 2.21.0. Expected: a negative index, with
# which sequences and batches are padded, has a row of zeros in tf.one_hot, and is dropped by unsorted_segment_sum: both
# are documented. Found: ONNX counts a negative index from the end, in OneHot as in the indices of ScatterND, and
# tf2onnx hands them over as they are. So -1 is the last class, and what is padding is added to the last segment;
# nothing is said. An index that is too large is a row of zeros in both.
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

ids = np.array([0, 2, 4, -1], np.int32)
graph_def = built(lambda x: tf.one_hot(x, 4), ids)
before, (after, ops) = run(graph_def, ids), run_onnx(graph_def, ids)
print("one_hot of 4: TensorFlow", before.tolist())
print("              ONNX      ", after.tolist(), "by", ops)
assert np.array_equal(before[:3], after[:3]) and not before[2].any()
assert not before[3].any() and after[3].tolist() == [0, 0, 0, 1], "the behaviour changed"

values = np.array([1, 2, 4, 100], np.float32)
graph_def = built(lambda x: tf.math.unsorted_segment_sum(x, [0, 1, 1, -1], 3), values)
before, (after, ops) = run(graph_def, values), run_onnx(graph_def, values)
print("unsorted_segment_sum: TensorFlow", before, "ONNX", after)
assert before.tolist() == [1, 6, 0]
assert after.tolist() == [1, 6, 100], "the behaviour changed"
print("as described")
PY
