"""A weight of each dtype that TensorFlow has: restored bit for bit, or declined where it has no kernel to assign it."""

from __future__ import annotations

from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.tensors import dtypes
from tests.tf.judge import TensorFlow
from tests.tf.thawing import assert_runs_equal, thaw

EVERY = sorted(
    {value for value in vars(dtypes).values() if isinstance(value, dtypes.DType) and not value.is_ref},
    key=lambda dtype: dtype.number,
)
WEIGHTS = [dtype for dtype in EVERY if dtype.tf_name not in ("DT_INVALID", "DT_RESOURCE", "DT_VARIANT")]
# What TensorFlow has no kernel to assign, on a CPU; 1.15 lacks two more.
UNASSIGNABLE = {
    "ref": "qint16 float8_e5m2 float8_e4m3fn float8_e4m3fnuz float8_e4m3b11fnuz float8_e5m2fnuz int4 uint4 int2 uint2 "
    "float4_e2m1fn",
    "resource": "qint16 quint16 float8_e4m3fnuz float8_e4m3b11fnuz float8_e5m2fnuz",
}
UNASSIGNABLE_V1 = ("uint32", "uint64")
GRAPH = """
node {{ name: "X" op: "Const" attr {{ key: "dtype" value {{ type: {dtype} }} }}
       attr {{ key: "value" value {{ tensor {{ dtype: {dtype} tensor_shape {{ dim {{ size: 3 }} }} {values} }} }} }} }}
node {{ name: "X/read" op: "Identity" input: "X" attr {{ key: "T" value {{ type: {dtype} }} }}
       attr {{ key: "_class" value {{ list {{ s: "loc:@X" }} }} }} }}
node {{ name: "output" op: "Identity" input: "X/read" attr {{ key: "T" value {{ type: {dtype} }} }} }}
"""


def write(dtype: dtypes.DType, path: Path) -> Path:
    """A frozen graph with one weight of a dtype: three values of which the second is zero."""
    content = "".join("\\001" * dtype.itemsize if number != 1 else "\\000" * dtype.itemsize for number in range(3))
    values = f'tensor_content: "{content}"'
    if dtype.tf_name == "DT_STRING":
        values = 'string_val: "one" string_val: "" string_val: "\\000\\377"'
    path.write_text(GRAPH.format(dtype=dtype.tf_name, values=values))
    return path


def assignable(dtype: dtypes.DType, kind: str) -> bool:
    return dtype.name not in UNASSIGNABLE[kind].split()


@pytest.mark.parametrize("kind", ["ref", "resource"])
def test_restored_bit_for_bit(tf: TensorFlow, tmp_path: Path, kind: str):
    for dtype in WEIGHTS:
        pb = write(dtype, tmp_path / f"{dtype.name}.pbtxt")
        if "refused" in tf.call("judging:accepts", path=str(pb)) or not assignable(dtype, kind):
            continue
        prefix = tmp_path / f"{dtype.name}.ckpt"
        thaw(pb, prefix, select=("X",), variables=kind)
        if tf.is_v1 and dtype.name in UNASSIGNABLE_V1:
            continue
        assert_runs_equal(tf, pb, prefix, ["output:0"])
        assert tf.call("judging:initialize", prefix=str(prefix)) == {"uninitialized": [], "not_zero": []}


@pytest.mark.parametrize("kind", ["ref", "resource"])
def test_declined_where_no_tensorflow_restores_it(tmp_path: Path, kind: str):
    for dtype in WEIGHTS:
        if not assignable(dtype, kind):
            pb = write(dtype, tmp_path / f"{dtype.name}.pbtxt")
            with pytest.raises(gs.PassError, match=dtype.name):
                thaw(pb, tmp_path / f"{dtype.name}.ckpt", select=("X",), variables=kind)


@pytest.mark.parametrize("kind", ["ref", "resource"])
def test_tensorflow_indeed_does_not_restore_it(tf2: TensorFlow, tmp_path: Path, kind: str):
    """The day TensorFlow learns to assign one of these, this says so."""
    kernels = tf2.call("judging:assign_kernels", op="Assign" if kind == "ref" else "AssignVariableOp")
    for dtype in WEIGHTS:
        assert (dtype.tf_name in kernels) is assignable(dtype, kind), dtype.name
