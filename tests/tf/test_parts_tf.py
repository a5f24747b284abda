"""Parts of stored tensors: what TensorFlow restores of a slice is what `w[...]` gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphsurgeon.formats.detect import detect
from graphsurgeon.formats.find import find_tensor
from graphsurgeon.tensors import dtypes
from tests.tf.bundle_specs import digest_of, spec
from tests.tf.judge import TensorFlow

DTYPES = [dtypes.FLOAT, dtypes.INT32, dtypes.UINT8, dtypes.COMPLEX64]
# Floats are more than one chunk.
SHAPE = [300, 40, 25]
# As TensorFlow spells a slice, and as people do.
PARTS = {
    "100,17:-:-": "100:117",
    "299,1:-:-": "-1:",
    "5,1:3,4:-": "5:6, 3:7",
    "0,300:7,1:2,3": ":, 7:8, 2:5",
    "250,50:-:24,1": "-50:, :, -1:",
}
KINDS = {
    "whole": ["-:-:-"],
    "rows": ["0,103:-:-", "103,197:-:-"],
    "columns": ["-:0,5:-", "-:5,35:-"],
    "blocks": ["0,100:-:0,3", "100,200:-:0,3", "-:-:3,22"],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("writer", ["bundles", "v1_checkpoints"])
def test_parts(tf: TensorFlow, tmp_path: Path, writer: str, kind: str):
    path, full = str(tmp_path / "x"), " ".join(map(str, SHAPE))
    specs, slices = [], []
    for dtype in DTYPES:
        for seed, cut in enumerate(KINDS[kind]):
            dims = [
                dim if part == "-" else int(part.split(",")[1]) for part, dim in zip(cut.split(":"), SHAPE, strict=True)
            ]
            specs.append(spec(dtype.name, dtype, dims, seed))
            slices.append("" if kind == "whole" else f"{full} {cut}")
    if writer == "bundles":
        tf.call("bundles:save", prefix=path, specs=specs, slices=slices)
    else:
        tf.call("v1_checkpoints:save", path=path, specs=specs, slices=slices)
    found = detect(path)
    for cut, index in PARTS.items():
        wanted = {dtype.name: f"{full} {cut}" for dtype in DTYPES}
        expected = tf.call("bundles:read", prefix=path, slices=wanted)
        ours = {dtype.name: digest_of(find_tensor(found, f"{dtype.name}[{index}]")[1]) for dtype in DTYPES}
        assert ours == expected, cut
