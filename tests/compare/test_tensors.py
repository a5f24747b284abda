"""Two sets of named tensors."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.compare.report import TensorRow
from graphsurgeon.compare.tensors import diff_tensors, has_values, tensors_of
from graphsurgeon.compare.values import Tolerance
from graphsurgeon.errors import CorruptionError
from graphsurgeon.formats.load import load_checkpoint
from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import OpaqueTensor, RawTensor, StringTensor, as_tensor
from proto_utils.files import BytesSource, Span
from tests import notation


def tensors(**arrays: object) -> dict[str, Tensor]:
    return {name: as_tensor(array) for name, array in arrays.items()}


def test_equal():
    report = diff_tensors(tensors(a=[1.0], b=[b"x"]), tensors(b=[b"x"], a=[1.0]))
    assert (report.is_equal, report.num_equal) == (True, 2)


def test_missing_and_extra():
    report = diff_tensors(tensors(b=[1, 2], a=[1.0]), tensors(c=[[True]]))
    assert report.missing == [TensorRow("a", "float64", [1]), TensorRow("b", "int64", [2])]
    assert report.extra == [TensorRow("c", "bool", [1, 1])]
    assert not report.is_equal


def test_dtype_and_shape():
    report = diff_tensors(tensors(w=np.zeros(6, "f4")), tensors(w=np.zeros((2, 3), "f2")))
    (row,) = report.changed
    assert (row.a_dtype, row.b_dtype, row.a_shape, row.b_shape) == ("float32", "float16", [6], [2, 3])
    assert row.values is None


def test_values():
    report = diff_tensors(tensors(w=[1.0, 2.0], v=[0]), tensors(w=[1.0, 2.5], v=[0]))
    (row,) = report.changed
    assert row.values is not None
    assert (row.name, row.values.max_absolute, report.num_equal) == ("w", 0.5, 1)


def test_unknown_values_are_no_difference():
    handle: dict[str, Tensor] = {"h": OpaqueTensor(dtypes.RESOURCE, [])}
    report = diff_tensors(handle, handle)
    assert (report.is_equal, report.not_compared, report.num_equal) == (True, ["h"], 0)
    assert not diff_tensors(handle, {"h": OpaqueTensor(dtypes.RESOURCE, [1])}).is_equal


def test_has_values():
    assert has_values(as_tensor([1]))
    assert has_values(StringTensor([], []))
    assert not has_values(OpaqueTensor(dtypes.FLOAT, [1]))


def test_checkpoints_are_verified_while_they_are_compared(tmp_path):
    for name in ("a", "b"):
        save_checkpoint({"w": np.arange(3.0), "x": np.arange(4)}, tmp_path / name)
    a, b = load_checkpoint(tmp_path / "a"), load_checkpoint(tmp_path / "b")
    assert diff_tensors(a, b).num_equal == 2
    data = tmp_path / "b.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    content[-1] ^= 1
    data.write_bytes(content)
    with pytest.raises(CorruptionError, match="checksum"):
        diff_tensors(a, load_checkpoint(tmp_path / "b"))


def every_kind(step: float) -> dict[str, Tensor]:
    """Small and large tensors of all dtypes with values, a few of which go with `step`."""
    given: dict[str, Tensor] = {}
    for dtype in map(DType.from_number, sorted(dtypes.VALUE_TYPES)):
        if dtype.itemsize and dtype.name not in ("int2", "uint2", "float4_e2m1fn"):
            values = b"".join(bytes([flag]) * dtype.itemsize for flag in (0, 1, int(step), 1))
            given[dtype.name] = RawTensor(dtype, [2, 2], Span(BytesSource(values), 0, len(values)))
    given |= {f"same/{number}": as_tensor(np.full(number % 5, number, np.float32)) for number in range(2500)}
    given["nan"] = as_tensor(np.array([np.nan, np.inf, step], np.float32))
    given["large"] = as_tensor(np.full((50, 50), step))
    given["text"] = StringTensor([2], [b"a", str(step).encode()])
    return given


@pytest.mark.parametrize("tolerance", [None, Tolerance(0.1, 0.0)])
def test_small_ones_read_together_differ_as_by_themselves(tmp_path, monkeypatch, tolerance):
    for name, step in (("a", 0.0), ("b", 1.0)):
        save_checkpoint(every_kind(step), tmp_path / name)
    a, b = load_checkpoint(tmp_path / "a"), load_checkpoint(tmp_path / "b")
    together = diff_tensors(a, b, tolerance)
    monkeypatch.setattr("graphsurgeon.compare.tensors.read_small_pairs", lambda pairs: [None] * len(pairs))
    assert together == diff_tensors(a, b, tolerance)
    assert together.num_equal == 2500
    assert len(together.changed) > 12
    assert diff_tensors(a, every_kind(1.0), tolerance) == together


def test_model_with_variables_but_no_values():
    model = notation.model(
        """
        w = VariableV2 {dtype: f32, shape: shape[2,3]}
        v = VarHandleOp {dtype: i32, shape: shape[?]}
        """
    )
    found, notes = tensors_of(model, tensors(w=np.zeros((2, 3), "f4"), v=np.zeros(5, "i4")))
    assert {name: (t.dtype.name, t.shape) for name, t in found.items()} == {
        "w": ("float32", (2, 3)),
        "v": ("int32", (5,)),
    }
    assert len(notes) == 1


def test_keys_are_the_saver_s():
    model = notation.model(
        """
        w = VariableV2 {dtype: f32, shape: shape[2]}
        save/names = Const {dtype: str, value: str}
        """
    )
    model.graph["save/names"].attrs["value"] = StringTensor([1], [b"other/w"])
    nodes = notation.graph(
        """
        save/Const = Placeholder {dtype: str}
        save/slices = Const {str [1]}
        save/RestoreV2 = RestoreV2(save/Const, save/names, save/slices) {dtypes: [f32]}
        save/Assign = Assign(w, save/RestoreV2)
        """
    )
    for node in nodes:
        model.graph.append(node)
    model.graph["save/slices"].attrs["value"] = StringTensor([1], [b""])
    assert list(tensors_of(model, {})[0]) == ["other/w"]


def test_frozen_model_by_the_names_of_its_constants():
    model = notation.model("w = Const {f32 [2]}; axis = Const {i32 []}")
    found, notes = tensors_of(model, tensors(w=[0.0], other=[0.0]))
    assert list(found) == ["w"]
    assert "frozen" in notes[0]
