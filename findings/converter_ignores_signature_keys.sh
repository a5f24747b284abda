#!/usr/bin/env bash
# TFLiteConverter.from_saved_model ignores the signatures that it is told to take when an object is called `serve`.
#
# Seen with tensorflow-cpu 2.21.0. Expected: `signature_keys=["a", "b"]` converts these two, which the SavedModel has.
# Found: when the saved object has an attribute `serve`, of any kind, and no `_default_save_signature`, the converter
# takes the SavedModel for one of Keras's `model.export`, puts `["serving_default"]` in the place of the keys it was
# given, and raises "Invalid signature key 'serving_default' found. Valid keys are 'a,b'." Another name helps.
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


class Two(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([1])])
    def a(self, x):
        return {"y": x + 1}

    @tf.function(input_signature=[tf.TensorSpec([1])])
    def b(self, x):
        return {"y": x + 2}


def convert(attribute):
    """Convert both signatures of a module that has one more attribute."""
    module = Two()
    setattr(module, attribute, tf.Module())
    tf.saved_model.save(module, attribute, signatures={"a": module.a, "b": module.b})
    tf.lite.TFLiteConverter.from_saved_model(attribute, signature_keys=["a", "b"])


print("tensorflow", tf.__version__)
convert("forward")
print("with an attribute `forward` both signatures are taken")
try:
    convert("serve")
    raise SystemExit("with an attribute `serve` they are taken too: the behaviour changed")
except ValueError as error:
    print("with an attribute `serve`:", error)
    assert "Invalid signature key 'serving_default' found. Valid keys are 'a,b'" in str(error)
print("as described")
PY
