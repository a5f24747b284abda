#!/usr/bin/env bash
# tf.math.is_inf is false for infinity once it is converted for TensorFlow Lite, where is_nan and is_finite are right.
#
# Seen with tensorflow-cpu 2.21.0. Expected: true for both infinities, or an error of the converter, which has no such
# op. Found: it becomes ABS and EQUAL with 3.4028235e+38, the greatest finite number. The interpreter gives false for
# every element, with its delegate, without it, and with reference kernels. A guard like tf.where(tf.math.is_inf(x),
# 0.0, x) lets infinity through.
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

values = np.array([1, -np.inf, np.inf, np.nan], np.float32)
for name in ("is_nan", "is_finite", "is_inf"):
    graph_def = built(getattr(tf.math, name), values)
    before, after = run(graph_def, values), run_lite(graph_def, values)
    print(f"{name} of {values}: TensorFlow {before}, TensorFlow Lite {after}")
    if name == "is_inf":
        assert before.tolist() == [False, True, True, False]
        assert not after.any(), "the behaviour changed"
    else:
        assert np.array_equal(before, after)
graph_def = built(lambda x: tf.where(tf.math.is_inf(x), 0.0, x), values)
print("guarded:", run(graph_def, values), run_lite(graph_def, values))
assert np.isinf(run_lite(graph_def, values)).sum() == 2, "the behaviour changed"
print("as described")
PY
