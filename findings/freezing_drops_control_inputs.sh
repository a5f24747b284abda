#!/usr/bin/env bash
# TensorFlow's graph_util.convert_variables_to_constants loses the order of update and read, and says nothing.
#
# Seen with tensorflow-cpu 2.21.0 (1.15.5 does the same). A read of a resource variable that waits for an update,
# ReadVariableOp(counter, ^AssignAddVariableOp), becomes Identity(counter): its control input is gone, while the update
# stays in the graph, now fed by a Const. Expected: the control input is kept, or the call refuses a variable that is
# changed on the way to the output. Found: it returns without error; TensorFlow then refuses the graph it made ("was
# passed float from counter:0 incompatible with expected resource"), and with the update cut away, which is what people
# do to get it loaded, the graph computes 10 where the original computed 20.
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


def run(graph_def):
    with tf1.Graph().as_default():
        tf1.import_graph_def(graph_def, name="")
        with tf1.Session() as session:
            return float(session.run("out:0"))


with tf1.Graph().as_default() as graph:
    counter = tf1.get_variable("counter", initializer=1.0, use_resource=True)
    with tf1.control_dependencies([counter.assign_add(1.0, read_value=False)]):
        read = counter.read_value()
    tf1.identity(read * 10.0, name="out")
    with tf1.Session() as session:
        session.run(tf1.global_variables_initializer())
        frozen = tf1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["out"])
        original = float(session.run("out:0"))

before = {node.name: node for node in graph.as_graph_def().node}
after = {node.name: node for node in frozen.node}
read = "Read/ReadVariableOp"
print("tensorflow", tf.__version__)
print("before:", before[read].op, list(before[read].input))
print("after: ", after[read].op, list(after[read].input))
assert list(before[read].input) == ["counter", "^AssignAddVariableOp"]
assert (after[read].op, list(after[read].input)) == ("Identity", ["counter"])
assert "AssignAddVariableOp" in after

try:
    run(frozen)
    raise SystemExit("TensorFlow now takes the graph that it froze")
except ValueError as error:
    print("TensorFlow on its own result:", str(error).splitlines()[0])
    assert "incompatible with expected resource" in str(error)

cut = tf1.graph_util.extract_sub_graph(frozen, ["out"])
print("original computes", original, "and the frozen graph, without the update,", run(cut))
assert (original, run(cut)) == (20.0, 10.0)
print("as described")
PY
