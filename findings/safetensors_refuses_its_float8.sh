#!/usr/bin/env bash
# safetensors.numpy saves arrays of eight bit floats, and cannot load what it saved.
#
# Seen with safetensors 0.8.0, numpy 2.4.6 and ml_dtypes 0.6.0, all imported. Expected: the arrays come back, as those of
# bfloat16 do by load_file; or save_file refuses types that load_file does not know, as it does int4. Found: save and
# save_file write them, load_file raises "module 'numpy' has no attribute 'float8_e5m2'", and load, which takes the same
# bytes, KeyError: 'F8_E5M2', of bfloat16 also. Neither is a SafetensorError. The bytes in the file are right.
#
# Needs Python 3.11 to 3.14 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install safetensors==0.8.0 numpy==2.4.6 ml_dtypes==0.6.0
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import ml_dtypes
import numpy as np
import safetensors
from safetensors.numpy import load, load_file, save, save_file


def failure(call, given):
    try:
        call(given)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def array(name):
    return np.array([1, 2], getattr(ml_dtypes, name))


print("safetensors", safetensors.__version__, "numpy", np.__version__, "ml_dtypes", ml_dtypes.__version__)
for name in ("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"):
    save_file({"a": array(name)}, "saved")
    of_file, of_bytes = failure(load_file, "saved"), failure(load, save({"a": array(name)}))
    print(f"{name}: load_file {of_file}; load {of_bytes}")
    assert of_file == f"AttributeError: module 'numpy' has no attribute '{name}'"
    assert of_bytes.startswith("KeyError: 'F8_")
    with open("saved", "rb") as file:
        assert file.read().endswith(array(name).tobytes())

save_file({"a": array("bfloat16")}, "saved")
assert load_file("saved")["a"].dtype == ml_dtypes.bfloat16
assert failure(load, save({"a": array("bfloat16")})) == "KeyError: 'BF16'"
print("bfloat16: load_file gives it back; load KeyError: 'BF16'")
assert "Unknown dtype" in failure(save, {"a": array("int4")})
print("int4: save refuses it")
print("as described")
PY
