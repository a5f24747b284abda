"""Weights used by plain arithmetic, without marks: what comes out of a weighted op, and what does not."""

from __future__ import annotations

import pytest

from tests.weights.notation import reasons, taken

CONV = "x Placeholder\nk = float32 3x3x2x6\ny Conv2D x k\n"
DENSE = "x Placeholder\nk = float32 5x6\ny MatMul x k\n"


@pytest.mark.parametrize("shape", ["6", "1x6", "1x1x1x6"])
@pytest.mark.parametrize("op", ["Add", "AddV2"])
def test_a_vector_of_channels_added_to_a_weighted_op_is_a_bias(shape, op):
    assert taken(CONV + f"b = float32 {shape}\nout {op} y b") == {"k": "conv_filter", "b": "bias"}
    assert taken(CONV + f"b = float32 {shape}\nout {op} b y")["b"] == "bias"


def test_channels_in_front():
    assert taken(CONV + "b = float32 6x1x1\nout AddV2 y b")["b"] == "bias"


@pytest.mark.parametrize(
    "between", ["z Relu y", "p = int32 4x2\nz Pad y p", "z MaxPool y", "z AddV2 y x", "z StopGradient y"]
)
def test_a_bias_some_way_after_the_op(between):
    assert taken(CONV + f"{between}\nb = float32 6\nout AddV2 z b")["b"] == "bias"


def test_biases_of_every_weighted_op():
    for op, shape, size in (
        ("MatMul x k", "5x6", 6),
        ("Conv2DBackpropInput s k x", "3x3x6x2", 6),
        ("DepthwiseConv2dNative x k", "3x3x3x2", 6),
        ("GatherV2 k i a", "50x6", 6),
        ("Einsum x k N=2", "5x2x3", 6),
    ):
        text = (
            f"x Placeholder\ni Placeholder\ns = int32 4\na = int32 scalar\nk = float32 {shape}\ny {op}\n"
            f"b = float32 {size}\n"
        )
        assert taken(text + "out AddV2 y b")["b"] == "bias", op


def test_a_bias_of_several_dimensions_fits_the_kernels_last_ones():
    text = "x Placeholder\nk = float32 8x2x3\ny Einsum x k N=2\nb = float32 2x3\nout AddV2 y b"
    assert taken(text)["b"] == "bias"


@pytest.mark.parametrize(
    "text",
    [
        "x Placeholder\nm = float32 3\nout Sub x m",
        "x Placeholder\nm = float32 3\ns = float32 3\nc Sub x m\nout RealDiv c s",
        CONV + "b = float32 5\nout AddV2 y b",
        CONV + "g = float32 7x9\nout AddV2 y g",
        CONV + "d = int32 scalar\nz Split d y num_split=2\nb = float32 3\nout AddV2 z b",
        CONV + "b = float32 2\nz StridedSlice y i i i\nout AddV2 z b",
        CONV + "b = float32 6\nz Exp y\nout Mul z b",
        CONV + "b = float32 6\nz Sigmoid y\nout Mul z b",
        CONV + "b = float32 6\nz Softmax y\nout AddV2 z b",
        CONV + "b = float32 scalar\nout AddV2 y b",
        "a = float32 4\nb = float32 4\nc AddV2 a b\nx Placeholder\nout Mul x c",
        "q Placeholder\nk Placeholder\ny BatchMatMulV2 q k\nmask = float32 1x1x6x6\nout AddV2 y mask",
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
    text = "x Placeholder\nm = float32 3\nc Sub x m\nk = float32 3x3x3x6\ny Conv2D c k"
    assert taken(text) == {"k": "conv_filter"}
    assert reasons(text) == {"m": "y of Sub 'c'; not a weight's use"}


def test_position_embeddings_and_class_tokens():
    text = """
        i Placeholder
        a = int32 scalar
        words = float32 50x8
        x GatherV2 words i a
        positions = float32 1x6x8
        y AddV2 x positions
        token = float32 1x1x8
        times = int32 3
        tokens Tile token times
        out ConcatV2 tokens y a N=2
    """
    assert taken(text) == {"words": "embedding", "positions": "embedding", "token": "embedding"}


def test_an_initial_state_is_no_class_token():
    text = DENSE + "h = float32 2x6\na = int32 scalar\nz ConcatV2 y h a N=2\nk2 = float32 12x4\nout MatMul z k2"
    assert taken(text) == {"k": "matmul_kernel", "k2": "matmul_kernel"}


def test_a_folded_batch_norm_is_a_scale_and_a_bias():
    text = CONV + "s = float32 6\nb = float32 6\nm Mul y s\nout AddV2 m b"
    assert taken(text) == {"k": "conv_filter", "s": "norm_scale", "b": "bias"}


@pytest.mark.parametrize(
    "text",
    [
        "p Relu x\nn Neg x\nq Relu n\na Neg alpha\nm Mul a q\nout AddV2 p m",
        "p Relu x\nz = float32 scalar\nq Minimum x z\nm Mul alpha q\nout Add p m",
        "p Relu x\nb Abs x\nd Sub x b\nm Mul alpha d\nh = float32 scalar\nq Mul m h\nout Add p q",
        "m Mul alpha x\nout Maximum x m",
        "z = float32 scalar\nc Greater x z\nm Mul alpha x\nout SelectV2 c x m",
    ],
    ids=["keras", "minimum", "abs", "maximum", "where"],
)
def test_prelu(text):
    assert taken("x Placeholder\nalpha = float32 1x1x8\n" + text) == {"alpha": "prelu_alpha"}


def test_a_dot_product_written_out():
    """Additive attention: ``sum(v * tanh(W q + W k))``."""
    text = DENSE + "t Tanh y\nv = float32 6\nm Mul v t\na = int32 1\nout Sum m a"
    assert taken(text) == {"k": "matmul_kernel", "v": "matmul_kernel"}


def test_peepholes_of_an_unfused_cell():
    text = """
        x Placeholder
        c Placeholder
        k = float32 5x24
        b = float32 24
        y MatMul x k
        z BiasAdd y b
        d = int32 scalar
        i Split d z num_split=4
        forget = float32 scalar
        f Add i:2 forget
        w_f = float32 6
        w_i = float32 6
        p Mul w_f c
        q Mul w_i c
        g Add f p
        h Add i q
        f1 Sigmoid g
        i1 Sigmoid h
    """
    assert taken(text) == {"k": "matmul_kernel", "b": "bias", "w_f": "recurrent_kernel", "w_i": "recurrent_kernel"}


def test_the_search_ends_in_cycles_and_long_chains():
    loop = "a Merge b c N=2\nb NextIteration a\nc Placeholder\nw = float32 4\nout Mul a w"
    chain = (
        "x0 Placeholder\n"
        + "".join(f"x{i + 1} AddV2 x{i} x{i}\n" for i in range(500))
        + "w = float32 4\nout Mul x500 w"
    )
    assert taken(loop) == taken(chain) == {}
