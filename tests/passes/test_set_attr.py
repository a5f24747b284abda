"""set_attr: attrs of the op's own kinds and values; what would not be well formed is refused."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.passes.set_attr import AttrRow, set_attr
from graphsurgeon.tensors import dtypes
from tests import notation
from tests.models import meta_graph
from tests.passes.harness import attrs, check_refusal, model

TEXT = """
    x = Placeholder {dtype: f32, shape: shape[1,8,8,3]}
    k = Const {f32 [3,3,3,4]}
    conv = Conv2D(x, k) {strides: [1, 1, 1, 1], padding: "SAME"}
    y = Relu(conv)
    z = LeakyRelu(y) {alpha: 0.5}
"""


def test_values():
    of = model(TEXT)
    report = set_attr(of, nodes=("conv",), attr=("padding=VALID", "strides=1,2,2,1"))
    assert (attrs(of, "conv")["padding"], attrs(of, "conv")["strides"]) == (b"VALID", [1, 2, 2, 1])
    assert report.attrs == [
        AttrRow("conv", "padding", "VALID", "SAME"),
        AttrRow("conv", "strides", "[1, 2, 2, 1]", "[1, 1, 1, 1]"),
    ]


def test_values_of_python():
    of = model(TEXT)
    set_attr(of, nodes=("x",), attr={"shape": [None, 8, 8, 3]})
    set_attr(of, nodes=("k",), attr={"value": np.zeros([3, 3, 3, 4], np.float32)})
    assert attrs(of, "x")["shape"] == Shape([None, 8, 8, 3])
    assert not of.graph["k"].tensor.numpy().any()


def test_defaults_come_back():
    of = model(TEXT)
    assert set_attr(of, nodes=("z",), clear=("alpha",)).attrs[0].was == "0.5"
    assert attrs(of, "z")["alpha"] == pytest.approx(0.2)


def test_attrs_of_nobody():
    of = model(TEXT)
    set_attr(of, nodes=("y", "z"), attr=("_class=loc:@conv",))
    set_attr(of, nodes=("y",), clear=("_class",))
    assert "_class" not in attrs(of, "y")
    assert attrs(of, "z")["_class"] == [b"loc:@conv"]


def test_noted_shapes_go_with_all_that_follows():
    of = model(TEXT)
    for name in ("x", "conv", "y"):
        of.graph[name].attrs["_output_shapes"] = [Shape([1, 8, 8, 4 if name != "x" else 3])]
    assert set_attr(of, nodes=("conv",), attr=("padding=VALID",)).shapes == ["conv", "y"]
    assert [attrs(of, name)["_output_shapes"] for name in ("x", "conv", "y")] == [
        [Shape([1, 8, 8, 3])], [Shape([1, 6, 6, 4])], [Shape([1, 6, 6, 4])],
    ]  # fmt: skip


def test_signatures_say_shapes_and_types():
    meta = meta_graph()
    del meta.graph_def.node[:]
    of = model("x = Placeholder {dtype: f32, shape: shape[2,3]}; out = Cast(x) {DstT: f32}", meta=meta)
    assert set_attr(of, nodes=("x",), attr=("shape=[4,3]",)).signatures == ["serving_default"]
    assert set_attr(of, nodes=("out",), attr=("DstT=float16",)).signatures == ["serving_default"]
    assert of.meta is not None
    signature = of.meta.signature_def["serving_default"]
    assert [dim.size for dim in signature.inputs["feed"].tensor_shape.dim] == [4, 3]
    assert [dim.size for dim in signature.outputs["fetch"].tensor_shape.dim] == [4, 3]
    assert signature.outputs["fetch"].dtype == dtypes.HALF.number


def test_what_stands_behind_must_go_with_it():
    of = model("x = Placeholder {dtype: f32, shape: shape[2,3]}; k = Const {f32 [3,4]}; y = MatMul(x, k)")
    check_refusal(set_attr, of, PassError, "does not go with it: y: ", nodes=("x",), attr=("shape=[2,5]",))


@pytest.mark.parametrize("attr", ["dtype=float64", "shape=[3]"])
def test_a_variable_is_more_than_its_attrs(attr):
    of = model("w = VariableV2 {dtype: f32, shape: shape[2]}; r = Identity(w)")
    check_refusal(set_attr, of, PassError, "is that of a variable", nodes=("w",), attr=(attr,))


def test_bodies():
    body = notation.function("f", "x", "r:activations:0", "r = LeakyRelu(x)")
    of = model("x = Placeholder {dtype: f32}; y = f(x)", body)
    set_attr(of, nodes=("f/r",), attr={"alpha": 1})
    assert of.library.functions["f"].body["r"].attrs["alpha"] == 1.0


def test_nothing_that_is_so_already():
    assert set_attr(model(TEXT), nodes=("conv",), attr=("T=float32",)).attrs == []


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"nodes": ("conv",), "attr": ("padding=same",)}, PassError, "'same', but must be 'SAME'"),
        ({"nodes": ("conv",), "attr": ("paddin=SAME",)}, PassError, "op Conv2D has no attr 'paddin'"),
        ({"nodes": ("conv",), "attr": ("strides=1,1",)}, PassError, "not be well formed.*strides"),
        ({"nodes": ("y",), "attr": ("T=float16",)}, PassError, "node 'y': the graph would not be well formed"),
        ({"nodes": ("conv",), "attr": ("padding",)}, PassError, "'padding' is no NAME=VALUE"),
        ({"nodes": ("conv",), "attr": ("T=int32", "T=float32")}, PassError, "'T' is given twice"),
        ({"nodes": ("conv",), "attr": ("T=int32",), "clear": ("T",)}, PassError, "to be set and to be cleared"),
        ({"nodes": ("conv",), "clear": ("padding",)}, PassError, "has no default"),
        ({"nodes": ("conv",), "clear": ("foo",)}, PassError, "has no attr 'foo'"),
        ({"nodes": ("conv",)}, PassError, "no attr is named"),
        ({"nodes": ("con",), "attr": ("T=int32",)}, NotFoundError, "no node 'con'"),
    ],
)
def test_refusals(options, error, match):
    check_refusal(set_attr, model(TEXT), error, match, **options)


def test_types_stay_types():
    of = model("x = Placeholder {dtype: f32}; y = Cast(x) {DstT: f32}")
    set_attr(of, nodes=("y",), attr=("DstT=DT_HALF_REF",))
    assert attrs(of, "y")["DstT"] is dtypes.HALF


@pytest.mark.parametrize(
    ("dtype", "given", "wanted"),
    [("i32", "[3, 4]", [3, 4]), ("f32", "[1, 2]", [1.0, 2.0]), ("f32", [1, 2.5], [1.0, 2.5])],
)
def test_numbers_for_a_constant_are_of_its_dtype(dtype, given, wanted):
    of = model(f"c = Const {{{dtype} [2]}}; y = Neg(c)")
    before = of.graph["c"].attrs["dtype"]
    set_attr(of, nodes=("c",), attr={"value": given})
    tensor = of.graph["c"].attrs["value"]
    assert (of.graph["c"].attrs["dtype"], tensor.dtype) == (before, before)
    assert tensor.numpy().tolist() == wanted


def test_numbers_that_the_dtype_of_a_constant_does_not_hold():
    check_refusal(
        set_attr, model("c = Const {i32 [2]}"), PassError, "which int32 does not hold", nodes="c", attr="value=[1.5,2]"
    )
