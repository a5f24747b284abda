#!/usr/bin/env bash
# safetensors writes the same tensors and the same metadata to other bytes each time.
#
# Seen with safetensors 0.8.0. Expected: equal files of equal content, as without metadata, where even another order of
# the tensors makes the same file; so a checksum says whether weights changed, a cache is hit, and a build is
# reproducible. Found: with metadata of six entries the order of its keys in the header is another one with every call,
# within one process too. Only the header differs; it reads back equal. One entry is always written alike.
#
# Needs Python 3.11 to 3.13 and pip. Fails when the behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install safetensors==0.8.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/stderr" <<'PY' || { tail -n 20 "$folder/stderr" >&2; exit 1; }
import hashlib
import json

import numpy as np
import safetensors
import safetensors.numpy

TENSORS = {"a": np.ones(2, np.float32), "b": np.zeros(3, np.float32)}


def written(metadata):
    """Save twenty times, and return the files that differ."""
    return {safetensors.numpy.save(TENSORS, metadata) for _ in range(20)}


print("safetensors", safetensors.__version__)
assert len(written(None)) == len(written({"format": "np"})) == 1
assert safetensors.numpy.save(dict(reversed(TENSORS.items()))) == safetensors.numpy.save(TENSORS)
files = written(dict.fromkeys("abcdef", "value"))
print("20 times the same with six entries of metadata:", len(files), "files, such as")
headers = [file[8 : 8 + int.from_bytes(file[:8], "little")] for file in files]
for file, header in list(zip(files, headers, strict=True))[:3]:
    print(" ", hashlib.sha256(file).hexdigest()[:12], header[:70].decode())
assert len(files) > 1, "all are equal: the behaviour changed"
assert len({file[8 + len(header) :] for file, header in zip(files, headers, strict=True)}) == 1
assert all(json.loads(header) == json.loads(headers[0]) for header in headers)
print("as described")
PY
