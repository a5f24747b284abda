"""Normalization written out in small ops, in the spellings of several frameworks; no marks, structure alone."""

from __future__ import annotations

import re

import pytest

from tests.weights.verdicts import reasons, taken, untrained

BATCH = {"gamma": "bn_scale", "beta": "bn_offset", "mean": "bn_mean", "var": "bn_variance"}
CONSTANTS = "x = Placeholder\neps = Const {f32 []}\n" + "".join(f"{name} = Const {{f32 [8]}}\n" for name in BATCH)

#: tf.nn.batch_normalization, which Keras 3 calls too, with and without its optional parts.
FULL = """
    a = AddV2(var, eps)
    r = Rsqrt(a)
    m = Mul(r, gamma)
    m1 = Mul(x, m)
    m2 = Mul(mean, m)
    s = Sub(beta, m2)
    out = AddV2(m1, s)
"""
NO_SCALE = """
    a = AddV2(var, eps)
    r = Rsqrt(a)
    m1 = Mul(x, r)
    m2 = Mul(mean, r)
    s = Sub(beta, m2)
    out = AddV2(m1, s)
"""
NO_OFFSET = """
    a = AddV2(var, eps)
    r = Rsqrt(a)
    m = Mul(r, gamma)
    m1 = Mul(x, m)
    n = Neg(mean)
    m2 = Mul(n, m)
    out = AddV2(m1, m2)
"""
NEITHER = """
    a = AddV2(var, eps)
    r = Rsqrt(a)
    m1 = Mul(x, r)
    n = Neg(mean)
    m2 = Mul(n, r)
    out = AddV2(m1, m2)
"""
#: Written by hand.
CENTERED = "a = Add(var, eps)\nr = Rsqrt(a)\nc = Sub(x, mean)\nn = Mul(c, r)\ng = Mul(n, gamma)\nout = Add(g, beta)"
SCALED_FIRST = "a = Add(var, eps)\nr = Rsqrt(a)\nc = Sub(x, mean)\ng = Mul(gamma, c)\nn = Mul(g, r)\nout = Add(n, beta)"
DIVIDED = "a = Add(var, eps)\nr = Sqrt(a)\nc = Sub(x, mean)\nn = RealDiv(c, r)\ng = Mul(n, gamma)\nout = Add(g, beta)"
SCALE_OVER_ROOT = (
    "a = Add(var, eps)\nr = Sqrt(a)\ng = RealDiv(gamma, r)\nm = Mul(x, g)\nt = Mul(mean, g)\n"
    "s = Sub(beta, t)\nout = Add(m, s)"
)
RECIPROCAL = (
    "a = Add(var, eps)\nq = Sqrt(a)\nr = Reciprocal(q)\nc = Sub(x, mean)\nn = Mul(c, r)\n"
    "g = Mul(n, gamma)\nout = Add(g, beta)"
)
POWER = (
    "p = Const {f32 [] -0.5}\na = Add(var, eps)\nr = Pow(a, p)\nc = Sub(x, mean)\nn = Mul(c, r)\n"
    "g = Mul(n, gamma)\nout = Add(g, beta)"
)
SUMMED = (
    "a = Add(var, eps)\nr = Rsqrt(a)\nm = Mul(r, gamma)\nm1 = Mul(x, m)\nm2 = Mul(mean, m)\n"
    "n = Neg(m2)\nout = AddN(m1, n, beta)"
)


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        (FULL, ()),
        (NO_SCALE, ("gamma",)),
        (NO_OFFSET, ("beta",)),
        (NEITHER, ("gamma", "beta")),
        (CENTERED, ()),
        (SCALED_FIRST, ()),
        (DIVIDED, ()),
        (SCALE_OVER_ROOT, ()),
        (RECIPROCAL, ()),
        (POWER, ()),
        (SUMMED, ()),
    ],
    ids=[
        "full",
        "no_scale",
        "no_offset",
        "neither",
        "centered",
        "scaled_first",
        "divided",
        "scale_over_root",
        "reciprocal",
        "power",
        "summed",
    ],
)
def test_batch_norm(text, absent):
    expected = {name: role for name, role in BATCH.items() if name not in absent}
    assert taken(CONSTANTS + text) == expected
    assert untrained(CONSTANTS + text) == {"mean", "var"}


def test_batch_norm_behind_casts_reshapes_and_reads():
    """Keras 3 in mixed precision, with the axis in front: every weight goes through Cast and Reshape first."""
    text = CONSTANTS + "shape = Const {i32 [4]}\n"
    for name in BATCH:
        text += f"{name}/c = Cast({name})\n{name}/r = Reshape({name}/c, shape)\n"
    text += re.sub(r"\b(gamma|beta|mean|var)\b", r"\1/r", FULL)
    assert taken(text) == BATCH


def test_batch_norm_whose_statistics_a_cond_chooses():
    """Training or inference: the statistics are a Merge of the moving ones and the batch's."""
    text = """
        p = Placeholder
        x = Placeholder
        axes = Const {i32 [3]}
        mean = Const {f32 [8]}
        var = Const {f32 [8]}
        bm = Mean(x, axes)
        bv = Mean(x, axes)
        mean/s = Switch(mean, p)
        mean/m = Merge(mean/s, bm)
        var/s = Switch(var, p)
        var/m = Merge(var/s, bv)
        eps = Const {f32 []}
        gamma = Const {f32 [8]}
        beta = Const {f32 [8]}
    """
    assert taken(text + re.sub(r"\b(mean|var)\b", r"\1/m", FULL)) == BATCH


LAYER = """
    x = Placeholder
    axes = Const {i32 [1]}
    eps = Const {f32 []}
    gamma = Const {f32 [8]}
    beta = Const {f32 [8]}
    mean = Mean(x, axes)
    d = SquaredDifference(x, mean)
    var = Mean(d, axes)
"""


@pytest.mark.parametrize(
    "text",
    [
        FULL,
        CENTERED,
        DIVIDED,
        (
            "a = AddV2(var, eps)\nr = Rsqrt(a)\nm = Mul(r, gamma)\nn = Neg(mean)\nt = Mul(n, m)\n"
            "s = AddV2(t, beta)\nm1 = Mul(x, m)\nout = AddV2(m1, s)"
        ),
    ],
    ids=["contrib", "centered", "divided", "keras3"],
)
def test_a_variance_that_is_computed_makes_it_no_batch_norm(text):
    assert taken(LAYER + text) == {"gamma": "norm_scale", "beta": "norm_offset"}
    assert untrained(LAYER + text) == set()


def test_what_is_added_to_a_normalized_tensor_has_its_own_weights():
    """A residual: the bias of the other branch is no offset of this one."""
    text = """
        a = AddV2(var, eps)
        r = Rsqrt(a)
        n = Mul(x, r)
        g = Mul(n, gamma)
        k = Const {f32 [8,8]}
        y = MatMul(x, k)
        z = AddV2(y, beta)
        out = AddV2(g, z)
    """
    assert taken(LAYER + text) == {"gamma": "norm_scale", "k": "matmul_kernel", "beta": "bias"}


def test_rms_norm_has_a_scale_only():
    text = (
        LAYER.replace("beta = Const {f32 [8]}", "")
        + "a = AddV2(var, eps)\nr = Rsqrt(a)\nn = Mul(x, r)\nout = Mul(n, gamma)"
    )
    assert taken(text) == {"gamma": "norm_scale"}


def test_one_channel_is_a_vector_of_one():
    text = (CONSTANTS + FULL).replace("f32 [8]", "f32 [1]")
    assert taken(text) == BATCH


def test_a_parameter_that_code_filled_is_no_weight():
    """A batch norm without scale may multiply by ones that tf.ones wrote."""
    text = CONSTANTS.replace("gamma = Const {f32 [8]}", "gamma = Const {f32 [8] 1.0}") + FULL
    assert "gamma" not in taken(text)
    assert reasons(text)["gamma"].endswith("one value repeated, as code writes it")


@pytest.mark.parametrize(
    "text",
    [
        "d = Const {f32 []}\nr = Rsqrt(d)\nout = Mul(x, r)",
        "x = Placeholder\nc = Const {f32 [4]}\nq = Sqrt(c)\nout = Add(x, q)",
        "x = Placeholder\nc = Const {f32 [4]}\np = Const {f32 [] 2}\nq = Pow(c, p)\nout = Mul(x, q)",
        "x = Placeholder\nc = Const {f32 [4]}\np = Const {f32 [4]}\nq = Pow(c, p)\nout = Mul(x, q)",
        "r = Rsqrt\nq = Sqrt(^r)\np = Pow(r)",
    ],
    ids=["scaling_factor", "root_not_divided_by", "square", "power_of_a_vector", "no_inputs"],
)
def test_other_roots_are_no_normalization(text):
    assert taken(text) == {}


def test_a_kernel_that_is_normalized_itself_is_a_kernel():
    """Weight normalization: ``g * v / |v|`` feeds the convolution."""
    text = """
        v = Const {f32 [3,3,2,4]}
        g = Const {f32 [4]}
        axes = Const {i32 [3]}
        tiny = Const {f32 []}
        q = Square(v)
        s = Sum(q, axes)
        m = Maximum(s, tiny)
        r = Rsqrt(m)
        n = Mul(v, r)
        k = Mul(n, g)
        x = Placeholder
        out = Conv2D(x, k)
    """
    assert taken(text) == {"v": "conv_filter", "g": "conv_filter"}
