#!/usr/bin/env bash
# TensorFlow's convert_variables_to_constants_v2 leaves a table out of the graph, and its contents with it.
#
# Seen with tensorflow-cpu 2.21.0. A tf.function that looks keys up in a tf.lookup.StaticHashTable and multiplies by a
# variable is frozen. Expected: the frozen function takes the one argument that the original takes, and its graph runs
# elsewhere; or the call refuses a table that it cannot keep. Found: the call returns without error; the variable is a
# constant, but there is no table: its handle is a Placeholder, and a second input of the function. Calling it as before
# raises TypeError, and the graph cannot be run anywhere else, as the keys and values of the table are not in it.
#
# Needs Python 3.10 to 3.13 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install tensorflow-cpu==2.21.0
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

keys = tf.constant([1, 2], tf.int64)


class Module(tf.Module):
    def __init__(self, *, has_table):
        super().__init__()
        self.scale = tf.Variable(2.0)
        self.table = None
        if has_table:
            self.table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, [10.0, 20.0]), -1.0)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64, name="x")])
    def __call__(self, x):
        found = tf.cast(x, tf.float32) if self.table is None else self.table.lookup(x)
        return found * self.scale


def frozen(module):
    return convert_variables_to_constants_v2(module.__call__.get_concrete_function())


print("tensorflow", tf.__version__)
plain = frozen(Module(has_table=False))
(result,) = plain(keys)
print("without a table, the frozen function gives", result.numpy().tolist())
assert result.numpy().tolist() == [2.0, 4.0]

module = Module(has_table=True)
assert module(keys).numpy().tolist() == [20.0, 40.0]
function = frozen(module)
nodes = {node.name: node.op for node in function.graph.as_graph_def().node}
print("with one:", nodes)
assert not any("HashTable" in op for op in nodes.values()) and "LookupTableFindV2" in nodes.values()
print("its inputs:", [each.dtype.name for each in function.inputs])
assert [each.dtype for each in function.inputs] == [tf.int64, tf.resource]
try:
    function(keys)
    raise SystemExit("the frozen function now takes what the original takes")
except TypeError as error:
    print("called as the original is:", str(error).splitlines()[0][:90])
(result,) = function(keys, module.table.resource_handle)
print("with the handle of the original table it gives", result.numpy().tolist())
assert result.numpy().tolist() == [20.0, 40.0]
print("as described")
PY
