#!/usr/bin/env bash
# The mean of a thousand ones of bfloat16 is 0.2559, and their sum is 256, in numpy with ml_dtypes.
#
# Seen with numpy 2.4.6 and ml_dtypes 0.6.0, whose types are those of checkpoints and of safetensors files. Expected: 1,
# as for float16, which is shorter than float32 too: numpy adds float16 up in float32 for a mean, and in pairs for a
# sum. Found: types of ml_dtypes are added up one by one in their own type, so that a sum stands still where one more is
# less than half a unit: at 256 for bfloat16, at 8 for float8_e5m2. np.mean, np.average, np.std and np.var are of that
# sum, and no warning is given. With dtype=np.float32 they are right. So the mean of a bfloat16 weight is the more wrong
# the more elements it has.
#
# Needs Python 3.11 to 3.13 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install numpy==2.4.6 ml_dtypes==0.6.0
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import ml_dtypes
import numpy as np

print("numpy", np.__version__, "ml_dtypes", ml_dtypes.__version__)
for name, total in (("bfloat16", 256), ("float8_e4m3fn", 16), ("float8_e5m2", 8), ("float16", 1000)):
    ones = np.ones(1000, getattr(ml_dtypes, name, np.float16))
    found = {"sum": ones.sum(), "mean": ones.mean(), "std": ones.std(), "in float32": ones.mean(dtype=np.float32)}
    print(name, {key: float(value) for key, value in found.items()})
    assert float(found["sum"]) == total, "the behaviour changed"
    assert abs(float(found["mean"]) - total / 1000) < 0.001, "the behaviour changed"
    assert (float(found["std"]) == 0) == (total == 1000), "the behaviour changed"
    assert found["in float32"] == 1
print("as described")
PY
