"""dense_to_conv: matrices of flattened maps are kernels."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.passes.dense_to_conv import dense_to_conv
from tests.passes.harness import check_pass, check_refusal, model
from tests.rewrites.shaping.test_dense_layers import NET

CONVOLVED = """
    x = Placeholder
    t = Const
    fc6/w = Const
    fc6/MatMul = Conv2D(x, fc6/w)
    b = Const
    fc6/BiasAdd = BiasAdd(fc6/MatMul, b)
    relu = Relu(fc6/BiasAdd)
    fc7/w = Const
    fc7/MatMul = Conv2D(relu, fc7/w)
    prob = Softmax(fc7/MatMul)
"""


def test_layers_are_convolutions_and_the_reshape_goes():
    of = model(NET)
    report = check_pass(dense_to_conv, of, CONVOLVED, nodes="fc6,fc7")
    assert [(row.node, row.kernel, row.was, row.how) for row in report.layers] == [
        ("fc6/MatMul", [2, 3, 4, 5], [24, 5], "reshaped"),
        ("fc7/MatMul", [1, 1, 5, 6], [5, 6], "reshaped"),
    ]
    assert sorted(report.removed) == ["flat", "minus", "rows", "to"]
    assert report.notes == ["prob is a map now: [?, 1, 1, 6]"]


def test_means_are_rows_again():
    of = model(NET)
    report = dense_to_conv(of, nodes=("fc6", "fc7"), reduce="mean")
    assert of.graph["fc7/MatMul"].inputs == ("fc7/MatMul/Conv2D", "fc7/MatMul/axes")
    assert of.graph["prob"].inputs == ("fc7/MatMul",)
    assert report.notes == []


def test_channels_come_last():
    text = NET.replace("flat = Reshape(x, to)", "n = MaxPool(x) {data_format: \"NCHW\", ksize: [1, 1, 1, 1], "
                       "strides: [1, 1, 1, 1], padding: \"SAME\"}; flat = Reshape(n, to)")  # fmt: skip
    of = model(text)
    assert [row.how for row in dense_to_conv(of, nodes=("fc6", "fc7")).layers] == ["rearranged", "reshaped"]
    assert of.graph["fc6/MatMul"].inputs == ("fc6/MatMul/map", "fc6/w")
    assert of.graph["fc6/MatMul/map"].inputs == ("n", "fc6/MatMul/map/perm")


@pytest.mark.parametrize(
    ("nodes", "match"), [((), "no layers are named"), (("fc6",), "takes rows"), (("relu",), "no MatMul")]
)
def test_what_is_refused(nodes: tuple[str, ...], match: str):
    check_refusal(dense_to_conv, model(NET), PassError, match, nodes=nodes)
