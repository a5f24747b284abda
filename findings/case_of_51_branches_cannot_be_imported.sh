#!/usr/bin/env bash
# A graph with a tf.case of 51 branches is exported as a MetaGraphDef, which import_meta_graph refuses to read.
#
# Seen with tensorflow-cpu 2.21.0, control flow of version 1 (as in every TensorFlow 1; 1.15.5 does the same). Expected:
# what export_meta_graph writes, import_meta_graph reads, so that the .meta beside a checkpoint can be restored.
# Found: 50 branches come back, 51 are a DecodeError about the message CondContextDef. The branches of a tf.case are
# conditionals in each other, the context of each holds the message of the next, two levels further down, and protobuf
# reads 100 levels of messages, and writes any number. The GraphDef in the same file is sound.
#
# Needs Python 3.10 to 3.13 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install tensorflow-cpu==2.21.0
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=-1 "$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import tensorflow as tf
from google.protobuf.message import DecodeError

tf1 = tf.compat.v1
tf1.disable_eager_execution()
tf1.disable_control_flow_v2()


def export(num_branches, path):
    with tf.Graph().as_default():
        x = tf1.placeholder(tf.int32, [], name="x")
        chosen = [(tf.equal(x, i), lambda i=i: tf.constant(float(i))) for i in range(num_branches)]
        tf.identity(tf1.case(chosen, default=lambda: tf.constant(-1.0)), name="y")
        tf1.train.export_meta_graph(path)


def run(value):
    with tf1.Session() as session:
        return float(session.run("y:0", {"x:0": value}))


print("tensorflow", tf.__version__)
export(50, "fifty.meta")
with tf.Graph().as_default():
    tf1.train.import_meta_graph("fifty.meta")
    print("50 branches: imported, gives", run(7))
    assert run(7) == 7.0
export(51, "more.meta")
with tf.Graph().as_default():
    try:
        tf1.train.import_meta_graph("more.meta")
        raise SystemExit("51 branches: imported: the behaviour changed")
    except DecodeError as error:
        print("51 branches:", str(error).splitlines()[0])
        assert "CondContextDef" in str(error)
meta = tf1.MetaGraphDef()
with open("more.meta", "rb") as file:
    meta.ParseFromString(file.read())
with tf.Graph().as_default():
    tf.import_graph_def(meta.graph_def, name="")
    print("its GraphDef alone gives", run(7))
    assert run(7) == 7.0
print("as described")
PY
