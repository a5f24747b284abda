#!/usr/bin/env bash
# TensorFlow's optimize_for_inference folds a batch norm into a convolution that others read too, who get it folded then.
#
# Seen with tensorflow-cpu 2.21.0. A convolution is read by a batch norm, and by an addition around that, as a skip
# connection. Expected: the fold is left out, or made on a copy, and the graph computes what it did. Found: the weights of
# the one convolution are scaled in place, so the addition reads scaled values, and the output is another one. Nothing
# tells.
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
from tensorflow.python.tools.optimize_for_inference_lib import optimize_for_inference

tf1 = tf.compat.v1
IMAGE = np.ones((1, 2, 2, 1), np.float32)


def run(graph_def):
    with tf.Graph().as_default() as graph:
        tf1.import_graph_def(graph_def, name="")
        with tf1.Session(graph=graph) as session:
            return [float(each.flat[0]) for each in session.run(["norm:0", "out:0"], {"x:0": IMAGE})]


def optimized(*, skips):
    with tf.Graph().as_default() as graph:
        x = tf1.placeholder(tf.float32, [None, 2, 2, 1], name="x")
        conv = tf.nn.conv2d(x, tf.constant([[[[3.0]]]]), 1, "SAME", name="conv")
        mean, variance, scale, offset = (tf.constant([value]) for value in (1.0, 4.0, 10.0, 5.0))
        norm = tf1.nn.fused_batch_norm(conv, scale, offset, mean, variance, epsilon=1e-5, is_training=False, name="norm")
        tf.add(norm[0], conv if skips else x, name="out")
    return graph.as_graph_def(), optimize_for_inference(
        graph.as_graph_def(), ["x"], ["out"], tf.float32.as_datatype_enum
    )


print("tensorflow", tf.__version__)
before, after = map(run, optimized(skips=False))
print(f"read by the batch norm alone: out was {before[1]:.4f} and is {after[1]:.4f}")
np.testing.assert_allclose(after[1], before[1], rtol=1e-4)
before, after = map(run, optimized(skips=True))
print(f"read by an addition too: out was {before[1]:.4f} and is {after[1]:.4f}")
np.testing.assert_allclose(after[0], before[0], rtol=1e-4)
assert abs(after[1] - before[1]) > 1, "the graph computes what it did: the behaviour changed"
print("as described")
PY
