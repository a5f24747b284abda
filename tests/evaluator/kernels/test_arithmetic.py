"""Arithmetic on examples whose result is plain to see."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.evaluator.kernels.arithmetic import ARITHMETIC, WITH_ATTRS, check_integers
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes


@pytest.mark.parametrize(
    ("op", "operands", "result"),
    [
        ("Div", (np.array([-7, 7]), np.array([2, 2])), [-3, 3]),
        ("Div", (np.array([-7.0]), np.array([2.0])), [-3.5]),
        ("FloorDiv", (np.array([-7]), np.array([2])), [-4]),
        ("Mod", (np.array([-7]), np.array([2])), [-1]),
        ("FloorMod", (np.array([-7]), np.array([2])), [1]),
        ("AddN", (np.array([1]), np.array([2]), np.array([3])), [6]),
        ("SquaredDifference", (np.array([1.0]), np.array([4.0])), [9.0]),
        ("Relu", (np.array([-1.0, 2.0]),), [0.0, 2.0]),
        ("Round", (np.array([0.5, 1.5]),), [0.0, 2.0]),
        ("Div", (np.array([2**62 + 1]), np.array([1])), [2**62 + 1]),
        ("TruncateDiv", (np.array([-7], np.int8), np.array([2], np.int8)), [-3]),
        ("FloorDiv", (np.array([1.0]), np.array([0.1])), [10.0]),
        ("FloorDiv", (np.array([-1], np.float32), np.array([3.4e38], np.float32)), [-0.0]),
        ("FloorMod", (np.array([-7.0, 7.0]), np.array([2.0, -2.0])), [1.0, -1.0]),
        ("Round", (np.array([2**62 + 1]),), [2**62 + 1]),
        ("Relu6", (np.array([-1.0, 3.0, 7.0]),), [0.0, 3.0, 6.0]),
        ("Softsign", (np.array([-1.0, 3.0]),), [-0.5, 0.75]),
        ("ClipByValue", (np.array([-1, 3, 7]), np.array(0), np.array(5)), [0, 3, 5]),
        ("Add", (np.array([b"a"], object), np.array([b"\0"], object)), [b"a\0"]),
        ("Mul", (np.array([1 + 2j]), np.array([3 - 1j])), [5 + 5j]),
        ("SquaredDifference", (np.array([1j]), np.array([2])), [5.0]),
        ("LeftShift", (np.array([1, 2]), np.array([3, 0])), [8, 2]),
        ("SelectV2", (np.array([True, False]), np.array([1, 1]), np.array([2, 2])), [1, 2]),
    ],
)
def test_elementwise(op: str, operands: tuple[np.ndarray, ...], result: list[float]):
    assert ARITHMETIC[op](*operands).tolist() == result


@pytest.mark.parametrize("shape", [(), (1,), (5,), (2, 2)])
def test_a_power_does_not_depend_on_how_the_exponent_is_given(shape: tuple[int, ...]):
    for base, result in ((-np.inf, np.inf), (-0.0, 0.0)):
        for exponent in (np.array(0.5), np.full((1,) * len(shape), 0.5), np.full(shape, 0.5)):
            found = ARITHMETIC["Pow"](np.full(shape, base), exponent)
            assert found.shape == shape
            assert (found == result).all()
            assert not np.signbit(found).any()


def test_what_is_denormal_in_between_is_0():
    tiny = np.array([1.2e-38, -1.1800001e-38, 1.2e-38], np.float32)
    sums = ARITHMETIC["AddN"](tiny[:1], tiny[1:2], tiny[2:])
    assert sums.tolist() == [tiny[2]]


def test_attrs():
    leaky = WITH_ATTRS["LeakyRelu"](Node.new("n", "LeakyRelu", attrs={"alpha": 0.5}))
    assert leaky(np.array([-2.0, 2.0])).tolist() == [-1.0, 2.0]
    cast = WITH_ATTRS["Cast"](Node.new("n", "Cast", attrs={"DstT": dtypes.FLOAT}))
    assert cast(np.array([1 + 2j])).tolist() == [1.0]
    with pytest.raises(ValueError, match="cut digits"):
        WITH_ATTRS["Cast"](Node.new("n", "Cast", attrs={"DstT": dtypes.FLOAT, "Truncate": True}))


@pytest.mark.parametrize(
    ("op", "a", "b", "why"),
    [
        ("FloorMod", [1, 2], [1, 0], "divided by 0"),
        ("RealDiv", [-128], [-1], "least integer"),
        ("FloorDiv", [-128], [2], "releases differ"),
        ("Pow", [2], [-1], "negative powers"),
        ("LeftShift", [2], [8], "more bits"),
    ],
)
def test_integers_that_are_refused(op: str, a: list[int], b: list[int], why: str):
    with pytest.raises(ValueError, match=why):
        check_integers(op, [np.array(a, np.int8), np.array(b, np.int8)])


def test_integers_that_are_not():
    check_integers("FloorDiv", [np.array([-128, 5], np.int8), np.array([-2, -1], np.int8)])
