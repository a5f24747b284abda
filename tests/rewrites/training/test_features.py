"""What a head reads of a tensor."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.rewrites.training.features import Features, make_features
from graphsurgeon.rewrites.training.new_nodes import NewNodes
from graphsurgeon.tensors import dtypes
from tests.notation import graph, show

FIRST = """
    x = Placeholder {dtype: f32}
    w = Const {f32 [1,1,3,5]}
    y = Conv2D(x, w) {strides: [1,1,1,1], padding: "SAME", data_format: "NCHW"}
    out = Relu(y)
"""


def _made(text: str, dims: list[int | None], **options: Any) -> tuple[Features, list[str]]:
    of = graph(text)
    given: Any = {"kind": "dense", "pool": "none", **options}
    found = make_features(
        NewNodes(of, "head", (), "test"), of.tensor("out"), dims, given["kind"], given["pool"], "test"
    )
    return found, [line.partition(" = ")[2].partition(" {")[0] for line in show(of).splitlines() if "head/" in line]


def test_rows_are_read_as_they_are():
    found, made = _made("out = Placeholder {dtype: f32}", [None, 5])
    assert (found.tensor.name, found.width, found.dims, made) == ("out:0", 5, [None, 5], [])


@pytest.mark.parametrize("dtype", ["f16", "bf16"])
def test_halves_are_cast(dtype: str):
    found, made = _made(f"out = Placeholder {{dtype: {dtype}}}", [None, 5])
    assert (found.dtype, made) == (dtypes.FLOAT, ["Cast(out)"])
    assert "the head reads it as float32" in found.notes[0]


def test_double_stays():
    found, made = _made("out = Placeholder {dtype: f64}", [None, 5])
    assert (found.dtype, made) == (dtypes.DOUBLE, [])


@pytest.mark.parametrize(
    ("options", "dims", "axes"),
    [
        ({"pool": "mean"}, [None, 5], [2, 3]),
        ({"pool": "flatten"}, [None, 80], None),
        ({"kind": "conv"}, [None, 4, 4, 5], None),
    ],
)
def test_channels_that_come_first(options: dict[str, Any], dims: list[int | None], axes: list[int] | None):
    found, made = _made(FIRST, [None, 5, 4, 4], **options)
    assert found.dims == dims
    assert len(made) == 2
    assert found.notes == ([] if axes is None else ["the head reads the mean of out:0 over axes 2, 3"])


def test_a_transposed_map_has_its_channels_last():
    text = FIRST.replace("out = Relu(y)", "perm = Const {i32 [4] 0}\nout = Transpose(y, perm)")
    found, _ = _made(text, [None, 4, 4, 5], pool="mean")
    assert found.dims == [None, 5]
    assert found.notes == ["the head reads the mean of out:0 over axes 1, 2"]
