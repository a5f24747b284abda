#!/usr/bin/env bash
# tf2onnx makes a product of tf.where, so that the element that was not chosen makes a NaN of the one that was.
#
# Seen with tf2onnx 1.17.0, onnxruntime 1.32.0 and a graph of tensorflow-cpu 2.21.0. Expected: the usual guard,
# tf.where(x > 0, tf.math.log(x), zeros), is guarded in ONNX too, whose op Where is just that. Found: for floats the
# converter writes condition * a + (1 - condition) * b, as Cast, Mul and Add, at every opset. An infinity or a NaN times
# 0 is NaN, so what the guard should keep out comes in, where TensorFlow gives 0. It writes Where only if it sees the
# infinity or the NaN as a constant, or the condition is IsNan, IsInf or x != x. Graphs without such elements are equal,
# so a comparison on a few inputs does not find it.
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

GUARDED = {
    "log": lambda x: tf.where(x > 0, tf.math.log(x), tf.zeros_like(x)),
    "quotient": lambda x: tf.where(tf.equal(x, 0), tf.ones_like(x), 1 / x),
}
good, bad = np.array([1, 2, 4], np.float32), np.array([0, 2, 4], np.float32)
for name, function in GUARDED.items():
    graph_def = built(function, good)
    after, ops = run_onnx(graph_def, good)
    assert np.allclose(run(graph_def, good), after)
    after, ops = run_onnx(graph_def, bad)
    print(f"guarded {name} of 0, 2, 4: TensorFlow {run(graph_def, bad)}, ONNX {after} by {ops}")
    assert np.isfinite(run(graph_def, bad)).all()
    assert np.isnan(after[0]) and "Mul" in ops and "Where" not in ops, "the behaviour changed"
graph_def = built(lambda x: tf.where(x > 0, x, -np.inf), bad)
after, ops = run_onnx(graph_def, bad)
print("with a constant infinity:", after, "by", ops)
assert "Where" in ops and np.array_equal(after, run(graph_def, bad))
print("as described")
PY
