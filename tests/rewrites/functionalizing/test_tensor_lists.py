"""TensorArrays become TensorLists, flows lists."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.rewrites.functionalizing.tensor_lists import to_tensor_lists
from graphsurgeon.tensors import dtypes
from tests.notation import graph, show

ARRAY = """
    n = Const {i32 [] 3}
    i = Const {i32 [] 1}
    x = Placeholder {dtype: f32}
    ta = TensorArrayV3(n) {dtype: f32, element_shape: shape[?,2]}
    handle = Identity(ta)
    flow = Identity(ta:1)
    write = TensorArrayWriteV3(handle, i, x, flow) on /cpu:0
    read = TensorArrayReadV3(ta, i, write) {dtype: f32}
    size = TensorArraySizeV3(ta, write, ^read)
    close = TensorArrayCloseV3(handle, ^size)
"""
LISTS = """
    n = Const
    i = Const
    x = Placeholder
    ta = TensorListReserve(ta/element_shape, n)
    ta/element_shape = Const(^n)
    flow = Identity(ta)
    write = TensorListSetItem(flow, i, x) on /cpu:0
    read = TensorListGetItem(write, i, read/element_shape)
    read/element_shape = Const(^i)
    size = TensorListLength(write, ^read)
    close = NoOp(^size)
"""


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def test_every_op_has_its_twin():
    of = graph(ARRAY)
    assert to_tensor_lists(of) == ["ta"]
    assert show(of).splitlines() == lines(LISTS)
    assert of["flow"].attrs["T"] is dtypes.VARIANT
    assert of["read/element_shape"].tensor.numpy().tolist() == [-1, 2]
    assert of["ta"].attrs["element_dtype"] is dtypes.FLOAT


def test_one_that_grows_goes_on_growing():
    of = graph(ARRAY.replace("element_shape: shape[?,2]", "dynamic_size: true"))
    to_tensor_lists(of)
    assert of["write"].attrs["resize_if_index_out_of_bounds"] is True
    assert of["read/element_shape"].tensor.numpy().tolist() == -1


def test_many_elements_at_once():
    of = graph("""
        n = Const {i32 [] 3}
        at = Const {i32 [3]}
        x = Placeholder {dtype: f32}
        lengths = Const {i64 [3] 1}
        ta = TensorArrayV3(n) {dtype: f32}
        scatter = TensorArrayScatterV3(ta, at, x, ta:1)
        gather = TensorArrayGatherV3(ta, at, scatter) {dtype: f32, element_shape: shape[4]}
        other = TensorArrayV3(n) {dtype: f32}
        split = TensorArraySplitV3(other, x, lengths, other:1)
        concat = TensorArrayConcatV3(other, split) {dtype: f32, element_shape_except0: shape[5]}
        y = Neg(concat)
        z = Neg(concat:1)
    """)
    assert to_tensor_lists(of) == ["ta", "other"]
    assert of["scatter"].inputs == ("ta", "x", "at")
    assert of["gather"].inputs == ("scatter", "at", "gather/element_shape")
    assert of["gather/element_shape"].tensor.numpy().tolist() == [4]
    assert of["split"].inputs == ("x", "split/element_shape", "lengths")
    assert of["concat"].inputs == ("split", "concat/element_shape", "concat/leading_dims")
    assert of["concat/element_shape"].tensor.numpy().tolist() == [-1, 5]
    assert of["concat/leading_dims"].tensor.dtype is dtypes.INT64


def test_none_is_nothing_to_do():
    of = graph("x = Placeholder {dtype: f32}")
    assert to_tensor_lists(of) == []


@pytest.mark.parametrize(
    ("line", "match"),
    [
        ("bad = Neg(flow)", "Neg takes 'flow', the flow of a TensorArray"),
        ("bad = TensorArrayReadV3(ta, i, zero) {dtype: f32}; zero = Const {f32 []}", "'zero' is of no TensorArray"),
        ("bad = Print(handle) {T: resource}", "Print takes TensorArray 'ta'"),
        ("bad = TensorArrayGradV3(ta, flow)", "it is of a gradient"),
        ("bad = Merge(ta, other); other = TensorArrayV3(n) {dtype: f32}", "another TensorArray"),
        ("bad = TensorArray(n) {dtype: f32}", "of the first version"),
    ],
)
def test_what_lists_have_not_is_declined(line: str, match: str):
    of = graph(ARRAY + line)
    before = show(of)
    with pytest.raises(PassError, match=match):
        to_tensor_lists(of)
    assert show(of) == before
