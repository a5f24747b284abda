"""The table of roles: which input of which op is which weight."""

from __future__ import annotations

import pytest

from graphsurgeon.ir import ops
from graphsurgeon.tensors import dtypes
from graphsurgeon.weights import roles
from tests.notation import node


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("n = Conv2D(x, w)", {1: "conv_filter"}),
        ("n = Conv3D(x, w)", {1: "conv_filter"}),
        ("n = Conv2DBackpropInput(s, w, x)", {1: "conv_filter"}),
        ("n = DepthwiseConv2dNative(x, w)", {1: "depthwise_filter"}),
        ("n = DepthwiseConv2dNativeBackpropInput(s, w, x)", {1: "depthwise_filter"}),
        ("n = QuantizedConv2DWithBias(x, w, b, a, b, c, d)", {1: "conv_filter", 2: "bias"}),
        ("n = FusedResizeAndPadConv2D(x, s, p, w)", {3: "conv_filter"}),
        ("n = Dilation2D(x, w)", {1: "conv_filter"}),
        ("n = XlaConvV2(x, w, a, b, c, d, e)", {1: "conv_filter"}),
        ("n = MatMul(x, w)", {0: "matmul_kernel", 1: "matmul_kernel"}),
        ("n = BatchMatMulV3(x, w)", {0: "matmul_kernel", 1: "matmul_kernel"}),
        ("n = Einsum(x, w)", {0: "matmul_kernel", 1: "matmul_kernel"}),
        ("n = SparseTensorDenseMatMul(i, v, s, w)", {3: "matmul_kernel"}),
        ("n = BiasAdd(x, b)", {1: "bias"}),
        ("n = FusedBatchNormV3(x, s, o, m, v)", {1: "bn_scale", 2: "bn_offset", 3: "bn_mean", 4: "bn_variance"}),
        (
            "n = BatchNormWithGlobalNormalization(t, m, v, beta, gamma)",
            {1: "bn_mean", 2: "bn_variance", 3: "bn_offset", 4: "bn_scale"},
        ),
        (
            "n = GRUBlockCell(x, h, ru, c, bru, bc)",
            {2: "recurrent_kernel", 3: "recurrent_kernel", 4: "recurrent_bias", 5: "recurrent_bias"},
        ),
        ("n = CudnnRNNV3(x, h, c, p, s)", {3: "recurrent_kernel"}),
        ("n = GatherV2(p, i, a)", {0: "embedding"}),
        ("n = SparseSegmentMean(d, i, s)", {0: "embedding"}),
        ("n = FakeQuantWithMinMaxVars(x, a, b)", {1: "quant_range", 2: "quant_range"}),
        ('n = _FusedConv2D(x, w, b) {fused_ops: ["BiasAdd", "Relu"]}', {1: "conv_filter", 2: "bias"}),
        (
            'n = _FusedMatMul(x, w, b) {fused_ops: ["BiasAdd"]}',
            {0: "matmul_kernel", 1: "matmul_kernel", 2: "bias"},
        ),
        (
            'n = _FusedConv2D(x, w, s, o, m, v) {fused_ops: ["FusedBatchNorm"]}',
            {1: "conv_filter", 2: "bn_scale", 3: "bn_offset", 4: "bn_mean", 5: "bn_variance"},
        ),
        ("n = Conv2DBackpropFilter(x, s, g)", {}),
        ("n = FusedBatchNormGradV3(y, x, s, a, b, c)", {}),
        ("n = Reshape(x, s)", {}),
        ("n = MyCustomConv(x, filter)", {}),
    ],
    ids=lambda value: value.split()[2].partition("(")[0] if isinstance(value, str) else "",
)  # fmt: skip
def test_input_roles(line, expected):
    assert dict(roles.input_roles(node(line))) == expected


def test_cells_with_peepholes():
    expected = dict.fromkeys((3, 4, 5, 6), "recurrent_kernel") | {7: "recurrent_bias"}
    assert dict(roles.input_roles(node("n = LSTMBlockCell(x, c, h, w, i, f, o, b)"))) == expected


def test_every_rule_is_about_an_op_that_exists():
    met = {id(roles.rule(op)) for op in ops.known_ops()}
    assert {id(rule) for _, rule in roles._RULES} <= met


def test_every_role_has_a_strength():
    named = {role for _, rule in roles._RULES for role in rule.values()}
    assert named <= set(roles.ROLES)
    assert set(roles.ROLES) >= roles.NOT_TRAINABLE | roles.KERNELS


def test_the_strongest_role_is_the_earliest():
    assert roles.strongest({"bias", "conv_filter", "variable"}) == "conv_filter"
    assert roles.strongest(set()) is None


def test_input_name_is_the_ops_own_word():
    assert roles.input_name(node("n = Transpose(x, p)"), 1) == "perm"
    assert roles.input_name(node("n = ConcatV2(a, b, c)"), 1) == "values"
    assert roles.input_name(node("n = ConcatV2(a, b, c)"), 2) == "axis"
    assert roles.input_name(node("n = MyOp(a, b)"), 1) == "input 1"


def test_a_claim_of_countless_inputs_costs_nothing():
    assert len(roles.input_names(node("n = AddN(a, b) {N: 123456789}"))) == 2


@pytest.mark.parametrize(
    ("role", "dtype", "trainable"),
    [
        ("conv_filter", dtypes.HALF, True),
        ("conv_filter", dtypes.QUINT8, False),
        ("matmul_kernel", dtypes.COMPLEX64, True),
        ("bn_mean", dtypes.FLOAT, False),
        ("bn_scale", dtypes.FLOAT, True),
        ("table", dtypes.INT64, False),
    ],
)
def test_trainable(role, dtype, trainable):
    assert roles.is_trainable(role, dtype) is trainable


@pytest.mark.parametrize(
    "name", ["bn/moving_mean", "global_step", "w/ExponentialMovingAverage", "bn/moving_variance/part_0"]
)
def test_names_of_what_no_optimizer_touches(name):
    assert roles.is_untrained_name(name)


@pytest.mark.parametrize("name", ["moving/kernel", "my_global_steps", "bn/gamma", "removing_mean"])
def test_other_names(name):
    assert not roles.is_untrained_name(name)


def test_step_names():
    assert roles.is_step_name("train/global_step")
    assert not roles.is_step_name("steps_table")
