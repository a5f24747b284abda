#!/usr/bin/env bash
# np.nan_to_num leaves each NaN of bfloat16 where it is, and np.sort, np.unique and np.median are wrong beside one.
#
# Seen with numpy 2.4.6 and ml_dtypes 0.6.0. Expected: as for float16 and float32: nan_to_num makes zeros, sort puts NaN
# last and the rest in order, unique has each value once, and the median of what holds a NaN is NaN. Found: nan_to_num
# returns its input, since numpy does not take the type for an inexact one; and sorting compares with "<" alone, which
# is false with NaN on either side, so what comes out is in no order. np.isnan, np.max and np.nanmax are right. The
# eight bit floats do the same.
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
VALUES = [1, np.nan, -1, 0.5, np.nan, -1]
for dtype in (np.float16, ml_dtypes.bfloat16, ml_dtypes.float8_e5m2, ml_dtypes.float8_e4m3fn):
    array = np.array(VALUES, dtype)
    ordered, unique, median = np.sort(array), np.unique(array), np.median(array)
    numbers = np.nan_to_num(array)
    print(np.dtype(dtype).name, f"sort {ordered}, unique {unique}, median {median}, nan_to_num {numbers}")
    assert np.isnan(array).tolist() == [False, True, False, False, True, False]
    assert np.isnan(array.max()) and np.nanmax(array) == 1
    if dtype is np.float16:
        assert ordered[:4].tolist() == [-1, -1, 0.5, 1] and np.isnan(ordered[4:]).all()
        assert len(unique) == 4 and np.isnan(median) and not np.isnan(numbers).any()
    else:
        assert np.isnan(numbers).sum() == 2, "nan_to_num: the behaviour changed"
        assert ordered.astype(np.float32)[0] != -1, "sort: the behaviour changed"
        assert len(unique) > 4 and not np.isnan(median), "unique or median: the behaviour changed"
print("as described")
PY
