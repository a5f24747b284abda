#!/usr/bin/env bash
# tf.image.non_max_suppression, converted for TensorFlow Lite, fills what it does not find up with box 0.
#
# Seen with tensorflow-cpu 2.21.0. Expected: the indices of the boxes that are left, as many as there are, or an error
# of the converter that it cannot have an output of a size that the boxes decide. Found: NonMaxSuppressionV3 becomes
# NON_MAX_SUPPRESSION_V4, which pads its indices with 0 up to max_output_size and says in a second output how many are
# meant; the converter drops that output. So box 0 is found again and again, whatever its score, one below
# score_threshold and one that was suppressed among it, and nothing can tell.
#
# Needs Python 3.11 to 3.13 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install tensorflow-cpu==2.21.0
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=-1 "$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import numpy as np
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


def run_lite(graph_def, values):
    """Convert a graph for TensorFlow Lite, and run it; return what it gives."""
    with open("frozen.pb", "wb") as file:
        file.write(graph_def.SerializeToString())
    content = tf1.lite.TFLiteConverter.from_frozen_graph("frozen.pb", ["x"], ["out"]).convert()
    interpreter = tf.lite.Interpreter(model_content=content)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


print("tensorflow", tf.__version__)

boxes = [[0, 0, 1, 1], [0, 0, 1, 1.1], [2, 2, 3, 3], [2, 2, 3, 3.1]]
scores = np.array([0.1, 0.9, 0.8, 0.7], np.float32)


def kept(x):
    return tf.image.non_max_suppression(tf.constant(boxes, tf.float32), x, 4, 0.5, score_threshold=0.5)


graph_def = built(kept, scores)
before, after = run(graph_def, scores), run_lite(graph_def, scores)
print("boxes of the scores", scores.tolist(), "that are left at a threshold of 0.5:")
print("TensorFlow", before.tolist(), "TensorFlow Lite", after.tolist())
assert before.tolist() == [1, 2]
assert after.tolist() == [1, 2, 0, 0], "the behaviour changed"
print("as described")
PY
