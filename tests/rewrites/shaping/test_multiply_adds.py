"""Multiply-adds of single ops, from the shapes of what they read."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.shaping.multiply_adds import counts, multiply_adds
from graphsurgeon.rewrites.shaping.op_calls import OpCall
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from tests import notation


def added(text: str, equation: str = "") -> int | None:
    """Those of the node ``y``."""
    graph = notation.graph(text)
    node = graph["y"]
    if equation:
        node.attrs["equation"] = equation.encode()
    made = ShapeInference(Index(graph), {}, {})
    shapes = [made.shape(each) for each in node.data_inputs]
    return multiply_adds(OpCall(node, shapes, made), made.shape("y"))


def of(op: str, *shapes: str, attrs: str = "", equation: str = "") -> int | None:
    """Those of an op that reads placeholders of these shapes."""
    inputs = [f"i{n} = Placeholder {{dtype: f32, shape: shape[{dims}]}}" for n, dims in enumerate(shapes)]
    names = ", ".join(f"i{n}" for n in range(len(shapes)))
    return added("; ".join([*inputs, f"y = {op}({names}) {{{attrs}}}"]), equation)


WINDOW = 'strides: [1, 2, 2, 1], padding: "SAME"'


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (of("Conv2D", "2,8,8,3", "3,3,3,16", attrs=WINDOW), 2 * 4 * 4 * 16 * 3 * 3 * 3),
        # Grouped: each of the output channels reads three of twelve.
        (of("Conv2D", "1,8,8,12", "3,3,3,16", attrs=WINDOW), 4 * 4 * 16 * 3 * 3 * 3),
        (of("Conv2D", "1,3,8,8", "3,3,3,16", attrs='strides: [1, 1, 2, 2], padding: "SAME", data_format: "NCHW"'),
         4 * 4 * 16 * 27),
        (of("Conv2D", "1,8,8,3", "3,3,3,16",
            attrs='strides: [1, 1, 1, 1], padding: "VALID", dilations: [1, 2, 2, 1]'), 4 * 4 * 16 * 27),
        (of("Conv3D", "1,4,4,4,2", "3,3,3,2,5", attrs='strides: [1, 1, 1, 1, 1], padding: "SAME"'), 64 * 5 * 54),
        (of("DepthwiseConv2dNative", "1,8,8,4", "3,3,4,2", attrs=WINDOW), 4 * 4 * 8 * 9),
        (of("MatMul", "5,7", "7,3"), 5 * 7 * 3),
        (of("MatMul", "7,5", "3,7", attrs="transpose_a: true, transpose_b: true"), 5 * 7 * 3),
        (of("BatchMatMulV2", "2,4,5,7", "2,4,7,3"), 2 * 4 * 5 * 7 * 3),
        (of("BatchMatMulV2", "2,4,7,5", "2,1,3,7", attrs="adj_x: true, adj_y: true"), 2 * 4 * 5 * 7 * 3),
        (of("Einsum", "2,6,4,8", "2,5,4,8", equation="bqhd,bkhd->bhqk"), 2 * 4 * 6 * 5 * 8),
        (of("Einsum", "2,9,6,8", "8,3", equation="...d,de->...e"), 2 * 9 * 6 * 8 * 3),
        (of("Einsum", "6,8", equation="ij->ji"), 0),
        (of("BlockLSTM", "", "10,2,3", "2,4", "2,4", "7,16", "4", "4", "4", "16"), 10 * 2 * 7 * 16),
        (of("LSTMBlockCell", "2,3", "2,4", "2,4", "7,16", "4", "4", "4", "16"), 2 * 7 * 16),
        (of("GRUBlockCell", "2,3", "2,4", "7,8", "7,4", "8", "4"), 2 * 7 * 12),
        (of("CudnnRNN", "10,2,3", "2,2,4", "2,2,4", "999", attrs='rnn_mode: "lstm"'),
         10 * 2 * 4 * 4 * ((3 + 4) + (4 + 4))),
        (of("CudnnRNN", "10,2,3", "4,2,4", "4,2,4", "999", attrs='rnn_mode: "gru", direction: "bidirectional"'),
         10 * 2 * 2 * 3 * 4 * ((3 + 4) + (8 + 4))),
        (of("CudnnRNN", "10,2,3", "2,2,4", "2,2,4", "999", attrs='rnn_mode: "lstm", num_proj: 2'), None),
    ],
)  # fmt: skip
def test_multiply_adds(found, wanted):
    assert found == wanted


def test_transposed_convolutions_count_what_they_read():
    sizes = "s = Const {i32 [4]}; f = Placeholder {dtype: f32, shape: shape[3,3,2,5]}"
    text = f"{sizes}; x = Placeholder {{dtype: f32, shape: shape[1,4,4,5]}}; y = Conv2DBackpropInput(s, f, x)"
    assert added(text) == 4 * 4 * 5 * 9 * 2
    text = text.replace("4,4,5]}; y", "4,4,10]}; y").replace("Conv2DB", "DepthwiseConv2dNativeB")
    assert added(text) == 4 * 4 * 10 * 9


def test_sparse_products_count_what_is_there():
    text = """i = Placeholder {dtype: i64, shape: shape[30,2]}; v = Placeholder {dtype: f32, shape: shape[30]}
        s = Placeholder {dtype: i64, shape: shape[2]}; b = Placeholder {dtype: f32, shape: shape[100,7]}
        y = SparseTensorDenseMatMul(i, v, s, b)"""
    assert added(text) == 30 * 7
    assert added(text.replace("shape[30,2]", "shape[?,2]")) is None


@pytest.mark.parametrize("shapes", [("?,7", "7,3"), ("5,?", "?,3")])
def test_not_known_where_sizes_are_not(shapes):
    assert of("MatMul", *shapes) is None


def test_what_counts():
    assert counts("Conv2D")
    assert counts("BatchMatMulV2")
    assert not counts("Add")
    assert not counts("MaxPool")
    assert of("MatMul", "1", "2,3") is None


def test_an_einsum_of_other_shapes_than_its_equation():
    assert of("Einsum", "2,6,8", "8,2,4", equation="BNTS,BSH->BNTH") is None
