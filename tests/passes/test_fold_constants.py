"""fold_constants: what depends on constants alone is computed once."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import NotFoundError
from graphsurgeon.passes.fold_constants import FoldedRow, UnfoldedRow, fold_constants
from tests.passes.harness import check_pass, check_refusal, model

TEXT = """
    x = Placeholder {dtype: f32, shape: shape[2]}
    s = Shape(x) {out_type: i32}
    zero = Const {i32 [1] 0}
    one = Const {i32 [1] 1}
    batch = StridedSlice(s, zero, one, one) {shrink_axis_mask: 1, Index: i32}
    rest = Const {i32 [] -1}
    shape = Pack(batch, rest) {N: 2}
    e = Const {f32 [] 2}
    l = Log(e)
    y = Reshape(x, shape)
    z = Mul(y, l)
"""


def test_shape_arithmetic():
    after = """
        x = Placeholder
        shape = Const
        e = Const
        l = Log(e)
        y = Reshape(x, shape)
        z = Mul(y, l)
    """
    of = model(TEXT)
    report = check_pass(fold_constants, of, after, outputs=("z",))
    assert of.graph["shape"].tensor.numpy().tolist() == [2, -1]
    assert report.folded == [FoldedRow("s", "Shape"), FoldedRow("batch", "StridedSlice"), FoldedRow("shape", "Pack")]
    assert report.kept == [UnfoldedRow("l", "Log", "TensorFlow's own releases compute it to other last bits")]
    assert report.removed == 5


def test_approximately():
    of = model(TEXT)
    report = fold_constants(of, outputs=("z",), approximate=True)
    assert FoldedRow("l", "Log", "approximate") in report.folded
    assert [note.partition(":")[0] for note in report.notes] == ["1 constant is approximate"]
    assert of.graph["l"].tensor.numpy() == pytest.approx(0.6931472)


def test_refusals():
    check_refusal(fold_constants, model(TEXT), NotFoundError, "no node 'q'", outputs=("q",))
