"""What is done to inputs before any weight: statistics of the data, which nobody trains."""

from __future__ import annotations

import pytest

from tests.notation import function
from tests.weights.verdicts import plan, reasons, taken, untrained


def net(*lines: str, last: str = "n", **shapes: str) -> str:
    """A net that begins with `lines` on the input `x`; the constants they name are frozen variables."""
    made = ["x = Placeholder"]
    for name, shape in shapes.items():
        made += [f"{name} = Const {{f32 [{shape}]}}", f"{name}/read = Identity({name})"]
    made += [*lines, "k = Const {f32 [4,3]}", "k/read = Identity(k)", f"y = MatMul({last}, k/read)"]
    return "\n".join(made)


@pytest.mark.parametrize(
    "lines",
    [
        ["s = Sub(x, a/read)", "n = RealDiv(s, b/read)"],
        ["s = Sub(x, a/read)", "e = Const {f32 []}", "d = Add(b/read, e)", "n = RealDiv(s, d)"],
        ["s = Sub(x, a/read)", "d = Reciprocal(b/read)", "n = Mul(s, d)"],
        ["s = Sub(x, a/read)", "o = Const {f32 []}", "d = RealDiv(o, b/read)", "n = Mul(s, d)"],
        ["c = Cast(x)", "s = Sub(c, a/read)", "r = Sqrt(b/read)", "e = Const {f32 []}", "m = Maximum(r, e)",
         "n = RealDiv(s, m)"],
        ["d = RealDiv(a/read, b/read)", "n = Sub(x, d)"],  # a sum and a count
    ],
    ids=["plain", "epsilon", "reciprocal", "inverse", "deviation", "running_sums"],
)  # fmt: skip
def test_what_is_subtracted_and_what_divides(lines):
    text = net(*lines, a="4", b="4")
    assert untrained(text) == {"a", "b"}
    assert taken(text) == {"a": "normalizer", "b": "normalizer", "k": "matmul_kernel"}


def test_the_evidence_says_where():
    a, _ = plan(net("n = Sub(x, a/read)", a="4")).weights
    assert a.evidence == ["read by Identity 'a/read'", "is subtracted from input data in 'n'"]


@pytest.mark.parametrize(
    ("name", "is_statistic"),
    [
        ("scale", True), ("x_scale", True), ("scaler/w_min", True), ("normalization/Variable", True), ("shift_1", True),
        ("weights", False), ("a", False), ("norm/gamma", False), ("scale_and_bias", False), ("Variable", False),
    ],
)  # fmt: skip
def test_what_scales_or_shifts_is_told_by_its_name(name, is_statistic):
    for op in ("Mul", "Add"):
        text = net(f"{name} = Const {{f32 [4]}}", f"{name}/read = Identity({name})", f"n = {op}(x, {name}/read)")
        assert (name in untrained(text)) is is_statistic


def test_a_weight_or_an_activation_ends_the_inputs():
    text = net("h = MatMul(x, w/read)", "n = Sub(h, a/read)", w="4,4", a="4")
    assert taken(text) == {"w": "matmul_kernel", "a": "bias", "k": "matmul_kernel"}
    assert untrained(net("r = Tanh(x)", "n = Sub(r, a/read)", a="4")) == set()
    assert untrained(net("v = VariableV2", "p = Add(x, v)", "n = Sub(p, a/read)", a="4")) == set()


@pytest.mark.parametrize("op", ["Square", "Abs"])
def test_a_distance_is_no_normalization(op):
    assert untrained(net("s = Sub(x, a/read)", f"n = {op}(s)", a="4")) == set()


def test_one_use_of_several_settles_it():
    """The output may be scaled back by what the input was scaled by."""
    text = net("n = RealDiv(x, b/read)", b="4") + "\nz = Mul(y, b/read)"
    assert untrained(text) == {"b"}


def test_without_marks_it_is_no_reason_to_take_a_constant():
    text = "x = Placeholder\nm = Const {f32 [4]}\nn = Sub(x, m)\nk = Const {f32 [4,3]}\ny = MatMul(n, k)"
    assert taken(text) == {"k": "matmul_kernel"}
    assert reasons(text) == {"m": "looks like normalizer: is subtracted from input data in 'n'; not a weight's use"}


def test_inputs_of_functions():
    body = function("f", "x m", "s:z:0", "ReadVariableOp = Identity(m)\ns = Sub(x, ReadVariableOp:output:0)")
    call = "x = Placeholder\nm = Const {f32 [4]}\nc = PartitionedCall(INPUT, m) {f: fn:f}"
    assert untrained(call.replace("INPUT", "x"), body) == {"m"}
    weighted = "k = Const {f32 [4,4]}\nk/read = Identity(k)\nh = MatMul(x, k/read)"
    assert untrained(f"{weighted}\n{call.replace('INPUT', 'h')}", body) == set()
