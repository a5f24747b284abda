#!/usr/bin/env bash
# tf.raw_ops.Round of integers gives zeros in TensorFlow 2.21.0 on the CPU; whatever they are, they are integers already.
#
# Seen with tensorflow-cpu 2.21.0. Expected: Round, which takes int32 and int64 too, gives integers back as they are, as
# tf.round does, which does not call the op for them. Found: nearly all are 0, without an error. It reaches people by
# graphs: what was made with the op itself, by converters and by other languages.
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

print("tensorflow", tf.__version__)
wrong = 0
for kind in (np.int32, np.int64):
    numbers = np.array([1, 2, 7, -3, 100, 0, 12345], kind)
    op, function = tf.raw_ops.Round(x=numbers).numpy(), tf.round(numbers).numpy()
    print(f"{np.dtype(kind).name} {numbers.tolist()}: the op gives {op.tolist()}, tf.round {function.tolist()}")
    assert function.tolist() == numbers.tolist()
    wrong += int((op != numbers).sum())
assert wrong, "the op gives integers back: the behaviour changed"
print("as described")
PY
