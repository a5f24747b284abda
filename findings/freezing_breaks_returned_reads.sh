#!/usr/bin/env bash
# TensorFlow's graph_util.convert_variables_to_constants makes functions that return what they read unusable.
#
# Seen with tensorflow-cpu 2.21.0. A branch of a cond that returns a variable is a function whose result is
# "ReadVariableOp:value:0". Freezing makes the read an Identity, whose output is called "output", and renames it where
# nodes of the body read it, but not where the function returns it (FunctionDef.ret). Expected: "ReadVariableOp:output:0".
# Found: the call returns without error, and running the frozen graph fails with "Return readvariableop ->
# ReadVariableOp:value:0 is not found". The same happens to the gradient of any function that keeps what it read.
#
# Needs Python 3.10 to 3.13 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install tensorflow-cpu==2.21.0
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import tensorflow as tf

tf1 = tf.compat.v1
tf1.disable_eager_execution()
tf1.enable_control_flow_v2()


def run(graph_def):
    with tf1.Graph().as_default():
        tf1.import_graph_def(graph_def, name="")
        with tf1.Session() as session:
            return session.run("out:0", {"x:0": 1.0})


with tf1.Graph().as_default() as graph:
    one, two = (tf1.get_variable(name, initializer=value, use_resource=True) for name, value in (("a", 1.0), ("b", 2.0)))
    x = tf1.placeholder(tf.float32, [], name="x")
    tf1.identity(tf1.cond(x > 0.0, lambda: one, lambda: two), name="out")
    with tf1.Session() as session:
        session.run(tf1.global_variables_initializer())
        original = session.run("out:0", {"x:0": 1.0})
        frozen = tf1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["out"])

print("tensorflow", tf.__version__)
for function in frozen.library.function:
    ops = {node.name: node.op for node in function.node_def}
    print(function.signature.name, ops, dict(function.ret))
    assert ops["ReadVariableOp"] == "Identity"
    assert list(function.ret.values()) == ["ReadVariableOp:value:0"]

try:
    run(frozen)
    raise SystemExit("TensorFlow now runs the graph that it froze")
except tf.errors.InvalidArgumentError as error:
    assert "is not found" in str(error)
    print("TensorFlow on its own result:", next(line for line in str(error).splitlines() if "is not found" in line))

for function in frozen.library.function:
    for name, text in function.ret.items():
        function.ret[name] = text.replace(":value:", ":output:")
print("original computes", original, "and the frozen graph, its results renamed,", run(frozen))
assert run(frozen) == original
print("as described")
PY
