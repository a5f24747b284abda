#!/usr/bin/env bash
# tf.math.erf of float64 is NaN for infinity, and for every number beyond 1.34e154, in TensorFlow 2.21.0.
#
# Seen with tensorflow-cpu 2.21.0 (1.15.5 gives 1). Expected: 1 and -1, as for float32 and float16, as math.erf has it
# and as tf.math.erfc of the same float64 agrees with 0 and 2. Found: NaN, from where the square of the argument is no
# double any more. So a model of which a test in double precision is made, with an activation by Erf, has NaN where the
# single precision one has none.
#
# Needs Python 3.11 to 3.13 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install tensorflow-cpu==2.21.0
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=-1 "$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import math

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1

print("tensorflow", tf.__version__)

values = [5.0, 1e154, 1.4e154, 1e200, math.inf]
doubles = np.array([*values, *(-value for value in values)])
for dtype in (np.float16, np.float32, np.float64):
    with np.errstate(over="ignore"):
        given = doubles.astype(dtype)
    found, complement = tf.math.erf(given).numpy(), tf.math.erfc(given).numpy()
    print(given.dtype.name, "erf", found, "erfc", complement)
    truth = np.array([math.erf(value) for value in given])
    assert np.allclose(1 - complement, truth, atol=1e-3)
    if dtype is np.float64:
        assert np.isnan(found).tolist() == [False, False, True, True, True] * 2, "the behaviour changed"
    else:
        assert np.allclose(found, truth, atol=1e-3)
print("as described")
PY
