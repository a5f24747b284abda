#!/usr/bin/env bash
# TensorFlow's FusedPadConv2D and FusedResizeAndPadConv2D give every image of a batch the result of the first one.
#
# Seen with tensorflow-cpu 2.21.0. The function optimize_for_inference of TensorFlow's tools puts these ops where a
# convolution reads an image that was padded by reflection, or resized. Expected: what Conv2D gives after MirrorPad or
# ResizeBilinear, for a batch as for one image. Found: for the first image to the last bit; all others have its result,
# whatever they are. A graph that was tried with single images goes wrong as soon as it is served in batches, silently.
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
random = np.random.RandomState(0)
IMAGES = random.rand(3, 6, 6, 2).astype(np.float32)
FILTER = random.rand(3, 3, 2, 4).astype(np.float32)


def padded(images):
    return tf.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]], "REFLECT")


def resized(images):
    return tf1.image.resize_bilinear(images, [12, 12])


def run(graph_def):
    with tf.Graph().as_default() as graph:
        tf1.import_graph_def(graph_def, name="")
        with tf1.Session(graph=graph) as session:
            return session.run("out:0", {"x:0": IMAGES})


print("tensorflow", tf.__version__)
for before in (padded, resized):
    with tf.Graph().as_default() as graph:
        x = tf1.placeholder(tf.float32, [None, 6, 6, 2], name="x")
        tf.nn.conv2d(before(x), FILTER, 1, "VALID", name="out")
    plain = graph.as_graph_def()
    fused = optimize_for_inference(plain, ["x"], ["out"], tf.float32.as_datatype_enum)
    wanted, found = run(plain), run(fused)
    op = next(node.op for node in fused.node if node.name == "out")
    apart = [round(float(np.abs(a - b).max()), 3) for a, b in zip(wanted, found)]
    print(f"{before.__name__}: {op}; by image, the results are at most {apart} apart from those of Conv2D")
    np.testing.assert_array_equal(found[0], wanted[0])
    assert np.abs(found[1:] - wanted[1:]).max() > 0.1, "each image has its own result: the behaviour changed"
    np.testing.assert_array_equal(found[1:], found[[0, 0]])
print("as described")
PY
