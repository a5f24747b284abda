"""Fully connected layers are found, and who takes no map is named."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.index import Index
from graphsurgeon.rewrites.shaping.dense_layers import DenseChain, DenseLayer, find_dense
from graphsurgeon.rewrites.shaping.shape_inference import ShapeInference
from tests import notation

NET = """
    x = Placeholder {dtype: f32, shape: shape[?, 2, 3, 4]}
    t = Const {i32 [2] -1}
    flat = Reshape(x, to)
    to = Pack(minus, rows) {axis: 0}
    minus = Const {i32 [] -1}
    rows = Const {i32 [] 24}
    fc6/w = Const {f32 [24, 5]}
    fc6/MatMul = MatMul(flat, fc6/w) {transpose_a: false, transpose_b: false}
    b = Const {f32 [5]}
    fc6/BiasAdd = BiasAdd(fc6/MatMul, b)
    relu = Relu(fc6/BiasAdd)
    fc7/w = Const {f32 [5, 6]}
    fc7/MatMul = MatMul(relu, fc7/w) {transpose_a: false, transpose_b: false}
    prob = Softmax(fc7/MatMul)
"""


def layers(text: str, *names: str, is_reduced: bool = False) -> list[DenseLayer]:
    index = Index(notation.graph(text))
    nodes = [find_dense(index.producers, name) for name in names]
    return DenseChain(index, ShapeInference(index, {}, {}), nodes, is_reduced=is_reduced).layers


@pytest.mark.parametrize("name", ["fc6/MatMul", "fc6/MatMul:0", "fc6/BiasAdd", "fc6"])
def test_ways_to_name_a_layer(name: str):
    assert find_dense(Index(notation.graph(NET)).producers, name).name == "fc6/MatMul"


def test_layers_one_behind_the_other():
    first, second = layers(NET, "fc6", "fc7")
    assert (first.source, first.kernel, first.is_last) == ("x", (2, 3, 4, 5), False)
    assert (second.source, second.kernel, second.is_last) == (None, (1, 1, 5, 6), True)


def test_channels_first():
    made = NET.replace("flat = Reshape(x, to)", "n = MaxPool(x) {data_format: \"NCHW\", ksize: [1, 1, 1, 1], "
                       "strides: [1, 1, 1, 1], padding: \"SAME\"}; flat = Reshape(n, to)")  # fmt: skip
    (first, _) = layers(made, "fc6", "fc7")
    assert (first.is_channels_first, first.kernel) == (True, (3, 4, 2, 5))


@pytest.mark.parametrize(
    ("text", "names", "match"),
    [
        (NET, ["fc8"], "is no node, and no scope with one MatMul"),
        (NET, ["relu"], "Relu is no MatMul"),
        (NET.replace("fc6/MatMul", "fc6/Tensordot/MatMul"), ["fc6/Tensordot/MatMul"], "Tensordot"),
        (NET, ["fc6"], "node 'fc6/MatMul': 'fc7/MatMul' .MatMul. reads what is a map then"),
        (NET, ["fc7"], "reads neither a flattened feature map"),
        (NET.replace("2, 3, 4]", "?, 3, 4]"), ["fc6", "fc7"], "24 rows, and the map is"),
        (NET + "a = Const {i32 [] 1}; top = ArgMax(prob, a) {output_type: i64}", ["fc6", "fc7"], "'top' .ArgMax."),
        (
            NET + "m = Placeholder {dtype: f32, shape: shape[?, 6]}; y = Mul(prob, m)",
            ["fc6", "fc7"],
            "combines a map with 'm'",
        ),
    ],
)
def test_what_is_refused(text: str, names: list[str], match: str):
    with pytest.raises(PassError, match=match):
        layers(text, *names)


def test_rows_behind_the_last_layer_take_what_they_took():
    more = NET + "a = Const {i32 [] 1}; top = ArgMax(prob, a) {output_type: i64}"
    assert [each.is_last for each in layers(more, "fc6", "fc7", is_reduced=True)] == [False, True]


def test_training_is_to_be_pruned_first():
    text = NET + "gradients/g = ReluGrad(relu, relu)"
    with pytest.raises(PassError, match=r"gradients/g.*takes rows") as caught:
        layers(text, "fc6", "fc7")
    assert caught.value.hint == "prune to the outputs takes the gradients and the optimizer out"
