#!/usr/bin/env bash
# np.power(-inf, 0.5) is inf, or NaN when the exponent is broadcast: equal values of equal shape have other results.
#
# Seen with numpy 2.4.6 (1.24.4 gives inf in all). Expected: np.power gives the same of an array of exponents and of one
# exponent for all, and what C's pow gives: inf of -inf, and 0 of -0. Found: where the exponent is a single 0.5, by
# broadcasting, by a stride of 0 or as a scalar, numpy takes the square root, which of -inf is NaN and of -0 is -0. So
# what was computed in one piece and what was computed element by element differ. TensorFlow's Pow has inf and 0, but
# TensorFlow 2.21.0 makes a square root of it, too, when tf.pow(x, 0.5) is in a tf.function.
#
# Needs Python 3.11 to 3.13 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import numpy as np

print("numpy", np.__version__)
base = np.array([-np.inf, -0.0, 4.0])
given = {
    "as many": np.full(3, 0.5),
    "one": np.array([0.5]),
    "a scalar": 0.5,
    "stride of 0": np.broadcast_to(np.array(0.5), 3),
}
for name, exponent in given.items():
    found = np.power(base, exponent)
    print(f"{name}: {found}")
    if name == "as many":
        assert found.tolist() == [np.inf, 0.0, 2.0] and not np.signbit(found[1])
    else:
        assert np.isnan(found[0]) and np.signbit(found[1]) and found[2] == 2, "the behaviour changed"
print("as described")
PY
