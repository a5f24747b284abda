"""Weights used by plain arithmetic, without marks: what comes out of a weighted op, and what does not."""

from __future__ import annotations

import pytest

from tests.weights.verdicts import reasons, taken

CONV = "x = Placeholder\nk = Const {f32 [3,3,2,6]}\ny = Conv2D(x, k)\n"
DENSE = "x = Placeholder\nk = Const {f32 [5,6]}\ny = MatMul(x, k)\n"


@pytest.mark.parametrize("shape", ["6", "1,6", "1,1,1,6"])
@pytest.mark.parametrize("op", ["Add", "AddV2"])
def test_a_vector_of_channels_added_to_a_weighted_op_is_a_bias(shape, op):
    assert taken(CONV + f"b = Const {{f32 [{shape}]}}\nout = {op}(y, b)") == {"k": "conv_filter", "b": "bias"}
    assert taken(CONV + f"b = Const {{f32 [{shape}]}}\nout = {op}(b, y)")["b"] == "bias"


def test_channels_in_front():
    assert taken(CONV + "b = Const {f32 [6,1,1]}\nout = AddV2(y, b)")["b"] == "bias"


@pytest.mark.parametrize(
    "between",
    ["z = Relu(y)", "p = Const {i32 [4,2]}\nz = Pad(y, p)", "z = MaxPool(y)", "z = AddV2(y, x)", "z = StopGradient(y)"],
)
def test_a_bias_some_way_after_the_op(between):
    assert taken(CONV + f"{between}\nb = Const {{f32 [6]}}\nout = AddV2(z, b)")["b"] == "bias"


def test_biases_of_every_weighted_op():
    for op, shape, size in (
        ("MatMul(x, k)", "5,6", 6),
        ("Conv2DBackpropInput(s, k, x)", "3,3,6,2", 6),
        ("DepthwiseConv2dNative(x, k)", "3,3,3,2", 6),
        ("GatherV2(k, i, a)", "50,6", 6),
        ("Einsum(x, k)", "5,2,3", 6),
    ):
        text = (
            "x = Placeholder\ni = Placeholder\ns = Const {i32 [4]}\na = Const {i32 []}\n"
            f"k = Const {{f32 [{shape}]}}\ny = {op}\nb = Const {{f32 [{size}]}}\n"
        )
        assert taken(text + "out = AddV2(y, b)")["b"] == "bias", op


def test_a_bias_of_several_dimensions_fits_the_kernels_last_ones():
    text = "x = Placeholder\nk = Const {f32 [8,2,3]}\ny = Einsum(x, k)\nb = Const {f32 [2,3]}\nout = AddV2(y, b)"
    assert taken(text)["b"] == "bias"


@pytest.mark.parametrize(
    "text",
    [
        "x = Placeholder\nm = Const {f32 [3]}\nout = Sub(x, m)",
        "x = Placeholder\nm = Const {f32 [3]}\ns = Const {f32 [3]}\nc = Sub(x, m)\nout = RealDiv(c, s)",
        CONV + "b = Const {f32 [5]}\nout = AddV2(y, b)",
        CONV + "g = Const {f32 [7,9]}\nout = AddV2(y, g)",
        CONV + "d = Const {i32 []}\nz = Split(d, y) {num_split: 2}\nb = Const {f32 [3]}\nout = AddV2(z, b)",
        CONV + "b = Const {f32 [2]}\nz = StridedSlice(y, i, i, i)\nout = AddV2(z, b)",
        CONV + "b = Const {f32 [6]}\nz = Exp(y)\nout = Mul(z, b)",
        CONV + "b = Const {f32 [6]}\nz = Sigmoid(y)\nout = Mul(z, b)",
        CONV + "b = Const {f32 [6]}\nz = Softmax(y)\nout = AddV2(z, b)",
        CONV + "b = Const {f32 []}\nout = AddV2(y, b)",
        "a = Const {f32 [4]}\nb = Const {f32 [4]}\nc = AddV2(a, b)\nx = Placeholder\nout = Mul(x, c)",
        "q = Placeholder\nk = Placeholder\ny = BatchMatMulV2(q, k)\nmask = Const {f32 [1,1,6,6]}\nout = AddV2(y, mask)",
    ],
    ids=[
        "mean_image",
        "standardize",
        "wrong_channels",
        "grid",
        "split",
        "sliced",
        "exponential",
        "squashed",
        "probabilities",
        "scalar",
        "constants",
        "attention_mask",
    ],
)
def test_arithmetic_before_and_after_the_net_is_not_its_weights(text):
    assert set(taken(text)) <= {"k"}


def test_preprocessing_is_kept_with_its_use_as_the_reason():
    text = "x = Placeholder\nm = Const {f32 [3]}\nc = Sub(x, m)\nk = Const {f32 [3,3,3,6]}\ny = Conv2D(c, k)"
    assert taken(text) == {"k": "conv_filter"}
    assert reasons(text) == {"m": "looks like normalizer: is subtracted from input data in 'c'; not a weight's use"}


def test_position_embeddings_and_class_tokens():
    text = """
        i = Placeholder
        a = Const {i32 []}
        words = Const {f32 [50,8]}
        x = GatherV2(words, i, a)
        positions = Const {f32 [1,6,8]}
        y = AddV2(x, positions)
        token = Const {f32 [1,1,8]}
        times = Const {i32 [3]}
        tokens = Tile(token, times)
        out = ConcatV2(tokens, y, a)
    """
    assert taken(text) == {"words": "embedding", "positions": "embedding", "token": "embedding"}


def test_an_initial_state_is_no_class_token():
    text = DENSE + (
        "h = Const {f32 [2,6]}\na = Const {i32 []}\nz = ConcatV2(y, h, a)\nk2 = Const {f32 [12,4]}\nout = MatMul(z, k2)"
    )
    assert taken(text) == {"k": "matmul_kernel", "k2": "matmul_kernel"}


def test_a_folded_batch_norm_is_a_scale_and_a_bias():
    text = CONV + "s = Const {f32 [6]}\nb = Const {f32 [6]}\nm = Mul(y, s)\nout = AddV2(m, b)"
    assert taken(text) == {"k": "conv_filter", "s": "norm_scale", "b": "bias"}


@pytest.mark.parametrize(
    "text",
    [
        "p = Relu(x)\nn = Neg(x)\nq = Relu(n)\na = Neg(alpha)\nm = Mul(a, q)\nout = AddV2(p, m)",
        "p = Relu(x)\nz = Const {f32 []}\nq = Minimum(x, z)\nm = Mul(alpha, q)\nout = Add(p, m)",
        "p = Relu(x)\nb = Abs(x)\nd = Sub(x, b)\nm = Mul(alpha, d)\nh = Const {f32 []}\nq = Mul(m, h)\nout = Add(p, q)",
        "m = Mul(alpha, x)\nout = Maximum(x, m)",
        "z = Const {f32 []}\nc = Greater(x, z)\nm = Mul(alpha, x)\nout = SelectV2(c, x, m)",
    ],
    ids=["keras", "minimum", "abs", "maximum", "where"],
)
def test_prelu(text):
    assert taken("x = Placeholder\nalpha = Const {f32 [1,1,8]}\n" + text) == {"alpha": "prelu_alpha"}


def test_a_dot_product_written_out():
    """Additive attention: ``sum(v * tanh(W q + W k))``."""
    text = DENSE + "t = Tanh(y)\nv = Const {f32 [6]}\nm = Mul(v, t)\na = Const {i32 [1]}\nout = Sum(m, a)"
    assert taken(text) == {"k": "matmul_kernel", "v": "matmul_kernel"}


def test_peepholes_of_an_unfused_cell():
    text = """
        x = Placeholder
        c = Placeholder
        k = Const {f32 [5,24]}
        b = Const {f32 [24]}
        y = MatMul(x, k)
        z = BiasAdd(y, b)
        d = Const {i32 []}
        i = Split(d, z) {num_split: 4}
        forget = Const {f32 []}
        f = Add(i:2, forget)
        w_f = Const {f32 [6]}
        w_i = Const {f32 [6]}
        p = Mul(w_f, c)
        q = Mul(w_i, c)
        g = Add(f, p)
        h = Add(i, q)
        f1 = Sigmoid(g)
        i1 = Sigmoid(h)
    """
    assert taken(text) == {"k": "matmul_kernel", "b": "bias", "w_f": "recurrent_kernel", "w_i": "recurrent_kernel"}


def test_the_search_ends_in_cycles_and_long_chains():
    loop = "a = Merge(b, c)\nb = NextIteration(a)\nc = Placeholder\nw = Const {f32 [4]}\nout = Mul(a, w)"
    chain = (
        "x0 = Placeholder\n"
        + "".join(f"x{i + 1} = AddV2(x{i}, x{i})\n" for i in range(500))
        + "w = Const {f32 [4]}\nout = Mul(x500, w)"
    )
    assert taken(loop) == taken(chain) == {}
