#!/usr/bin/env bash
# numpy.save writes arrays of three types of ml_dtypes, float8_e5m2 among them, that numpy.load refuses.
#
# Seen with numpy 2.4.6 and ml_dtypes 0.6.0, both imported. Expected: numpy.save refuses a type that it cannot keep, or
# the array comes back, as raw bytes ("V1", "V2") at least, as it does of bfloat16 and sixteen more types. Found: of
# float8_e5m2, complex32 and bcomplex32 numpy.save writes the descr '<f1' or '<W4' without a word, and numpy.load raises
# "descr is not a valid dtype descriptor", so that the values are lost to who knows no better. They are in the file,
# behind the header.
#
# Needs Python 3.11 to 3.14 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install numpy==2.4.6 ml_dtypes==0.6.0
"$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import io

import ml_dtypes
import numpy as np


def saved(dtype):
    file = io.BytesIO()
    np.save(file, np.array([1, 2], dtype))
    return file.getvalue()


def is_type(name):
    found = getattr(ml_dtypes, name)
    return isinstance(found, type) and issubclass(found, np.generic)


print("numpy", np.__version__, "ml_dtypes", ml_dtypes.__version__)
refused, raw = [], []
for name in filter(is_type, dir(ml_dtypes)):
    content = saved(getattr(ml_dtypes, name))
    try:
        assert np.load(io.BytesIO(content)).dtype.kind == "V"
        raw.append(name)
    except ValueError as error:
        print(f"{name}: {error}")
        assert "descr is not a valid dtype descriptor" in str(error)
        refused.append(name)
print("as raw bytes come back", ", ".join(raw))
assert refused == ["bcomplex32", "complex32", "float8_e5m2"]
assert "bfloat16" in raw and len(raw) == 17

content = saved(ml_dtypes.float8_e5m2)
values = np.frombuffer(content[-2:], ml_dtypes.float8_e5m2)
print("the last bytes of the file of float8_e5m2 are", values.tolist())
assert values.tolist() == [1.0, 2.0]
print("as described")
PY
