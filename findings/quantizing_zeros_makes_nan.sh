#!/usr/bin/env bash
# The Graph Transform Tool's quantize_weights makes NaN of weights that are all zero; so a bias at its initial value, or a
# layer that was pruned away, spoils everything behind it, and neither the tool nor TensorFlow says a word.
#
# Seen with tensorflow-cpu 2.21.0 (the tool is still inside, without a Python module), and with 1.15.5. Expected: zeros
# are zeros again when the graph runs. Found: for a weight whose least and greatest value are both 0 the tool writes the
# range 0 to 1.1754944e-38, the smallest normal number. Dequantize (MIN_FIRST) divides it by 255, which is denormal and
# is flushed to 0, and then divides 0 by 0: each element is NaN.
#
# Needs Python 3.10 to 3.13 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install tensorflow-cpu==2.21.0
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=-1 "$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import numpy as np
import tensorflow as tf
from tensorflow.python.util import _pywrap_transform_graph as tool

tf1 = tf.compat.v1


def run(graph_def):
    """Run a graph on ones."""
    with tf.Graph().as_default() as graph:
        tf1.import_graph_def(graph_def, name="")
        with tf1.Session(graph=graph) as session:
            return session.run("out:0", {"x:0": np.ones((1, 40), np.float32)})


print("tensorflow", tf.__version__)
for name, value in (("ones", 1.0), ("zeros", 0.0)):
    with tf.Graph().as_default() as graph:
        x = tf1.placeholder(tf.float32, [1, 40], name="x")
        tf.matmul(x, tf.constant(np.full((40, 30), value, np.float32), name="w"), name="out")
        before = graph.as_graph_def()
    content = tool.TransformGraphWithStringInputs(before.SerializeToString(), "x", "out", "quantize_weights")
    after = tf1.GraphDef.FromString(content)
    limits = [float(tf.make_ndarray(node.attr["value"].tensor)) for node in after.node if node.name.endswith(("_min", "_max"))]
    print(f"weights of {name}: {run(before)[0, 0]} before; range {limits}, {run(after)[0, 0]} after quantize_weights")
    assert run(before)[0, 0] == 40 * value
    if name == "zeros":
        assert np.isnan(run(after)).all(), "the zeros stay zeros: the behaviour changed"
print("as described")
PY
