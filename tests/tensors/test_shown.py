"""What Python and notebooks show of tensors: first values, where they cost next to nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.shown import as_html, first_values
from graphsurgeon.tensors.values import FillTensor, OpaqueTensor, StringTensor, as_tensor
from tests.tensors.streams import RAW_DTYPES, DrippingTensor


@pytest.mark.parametrize(
    ("tensor", "shown"),
    [
        (FillTensor(dtypes.FLOAT, [2, 3]), "FillTensor(float32, [2, 3], [0, 0, 0, ...])"),
        (FillTensor(dtypes.INT64, [1 << 60]), "FillTensor(int64, [1152921504606846976], [0, 0, 0, ...])"),
        (as_tensor(np.float32(0.1)), "ArrayTensor(float32, [], 0.1)"),
        (as_tensor([True, False]), "ArrayTensor(bool, [2], [True, False])"),
        (as_tensor(np.zeros((0, 3))), "ArrayTensor(float64, [0, 3], [])"),
        (as_tensor([b"a", "<b>"]), "StringTensor(string, [2], [b'a', b'<b>'])"),
        (as_tensor(b"x" * 99), "StringTensor(string, [], b'xxxxxxxxxxxxxxxxxxxxxxxx'...)"),
        (StringTensor([3], []), "StringTensor(string, [3], [b''])"),
        (OpaqueTensor(dtypes.RESOURCE, [2]), "OpaqueTensor(resource, [2])"),
        (as_tensor([1, 2]).astype("float32"), "CastTensor(float32, [2])"),
    ],
)
def test_repr(tensor: gs.Tensor, shown: str):
    assert repr(tensor) == shown


@pytest.mark.parametrize("dtype", RAW_DTYPES, ids=str)
def test_every_dtype(dtype: dtypes.DType):
    assert first_values(FillTensor(dtype, [5])) in (
        "[0, 0, 0, ...]",
        "[False, False, False, ...]",
        "[0+0j, 0+0j, 0+0j, ...]",
    )


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    values: dict[str, Any] = {"w": np.arange(6.0), "s": ["a", "b"], "big": np.arange(1 << 18).reshape(2, -1, 4)}
    gs.save_checkpoint(values, tmp_path / "m")
    return tmp_path / "m"


def test_of_a_checkpoint(prefix: Path):
    found = gs.load_checkpoint(prefix)
    assert repr(found["w"]) == "BundleTensor(float64, [6], [0, 1, 2, ...])"
    assert repr(found["big"]) == "BundleTensor(int64, [2, 32768, 4], [0, 1, 2, ...])"
    assert repr(found["s"]) == "BundleStringTensor(string, [2], [b'a', b'b'])"
    assert repr(found["w"][1:]) == "SlicedTensor(float64, [5], [1, 2, 3, ...])"


def test_what_cannot_be_read_shows_no_values(prefix: Path):
    data = prefix.with_name("m.data-00000-of-00001")
    damaged = bytearray(data.read_bytes())
    damaged[-4] ^= 1
    data.write_bytes(damaged)
    with gs.load_checkpoint(prefix) as found:
        tensors = dict(found)
    assert repr(tensors["w"]) == "BundleTensor(float64, [6])"
    assert repr(gs.load_checkpoint(prefix)["w"]) == "BundleTensor(float64, [6])"


def test_what_is_computed_is_not():
    base = DrippingTensor(np.zeros((2, 3)))
    for tensor in (base.astype("float32"), base[::-1], base[:, 1:]):
        assert first_values(tensor) is None
    assert base.num_starts == 0


def test_html_takes_nothing_for_markup():
    assert as_html(as_tensor(["<script>", "a&b"])) == (
        "<div><strong>StringTensor</strong> <code>string [2]</code>"
        "<pre>[b&#x27;&lt;script&gt;&#x27;, b&#x27;a&amp;b&#x27;]</pre></div>"
    )
    assert as_tensor([1.5])._repr_html_() == (
        "<div><strong>ArrayTensor</strong> <code>float64 [1], 8 B</code><pre>[1.5]</pre></div>"
    )
