"""Kernels of arithmetic, comparisons and logic: one element of the result for one of each operand, exactly.

Operands are broadcast as numpy does it. Each operation is rounded to the type, as TensorFlow does it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphsurgeon.evaluator.kernels.whole import Array, in_double, numpy_function
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors.dtypes import DType


def _divide(a: Array, b: Array) -> Array:
    """Divide; integers towards zero, as C does."""
    import numpy as np

    if a.dtype.kind not in "iu":
        return _of_numbers(np.true_divide)(a, b)
    down = np.floor_divide(a, b)
    return (down + ((down < 0) & (down * b != a)).astype(a.dtype)).astype(a.dtype)


def _floor_divide(a: Array, b: Array) -> Array:
    import numpy as np

    if a.dtype.kind in "iu":
        return np.floor_divide(a, b)
    # A quotient that is too small to be normal is not rounded down to -1.
    return np.floor(_flushed(a / b))


def _flushed(a: Array) -> Array:
    """Return numbers in between as TensorFlow has them: 0 for those that are too small to be normal."""
    import numpy as np

    # Smaller types are computed with as float32, of which theirs are normal.
    if a.dtype.kind != "f" or a.dtype.itemsize == 2:
        return a
    return np.where(np.abs(a) < np.finfo(a.dtype).tiny, np.copysign(a.dtype.type(0), a), a)


def _floor_mod(a: Array, b: Array) -> Array:
    import numpy as np

    if a.dtype.kind in "iu":
        return np.mod(a, b)
    rest = np.fmod(a, b)
    return np.where((rest != 0) & ((rest < 0) != (b < 0)), rest + b, rest)


def _add_n(*arrays: Array) -> Array:
    total = arrays[0]
    for array in arrays[1:]:
        total = _flushed(total) + array
    return total


def _of_numbers(function: Callable[..., Array]) -> Callable[..., Array]:
    """Return a function that multiplies or divides complex numbers in double precision."""

    def wrapped(*arrays: Array) -> Array:
        return (in_double(function) if arrays[0].dtype.kind == "c" else function)(*arrays)

    return wrapped


def _multiply(a: Array, b: Array) -> Array:
    return a * b


def _power(a: Array, b: Array) -> Array:
    import numpy as np

    def power(base: Array, exponent: Array) -> Array:
        # An exponent that is one element for all is a case of its own to numpy 2, where 0.5 is a square root: -inf of
        # it is no number, and -0 stays -0.
        shape = np.broadcast_shapes(base.shape, exponent.shape)
        if base.size == exponent.size == 1:
            return np.power(np.repeat(base, 2), np.repeat(exponent, 2))[:1].reshape(shape)
        return np.power(base, np.broadcast_to(exponent, shape).copy())

    return in_double(power)(a, b)


def _squared_difference(a: Array, b: Array) -> Array:
    difference = a - b
    if difference.dtype.kind == "c":
        return difference.real * difference.real + difference.imag * difference.imag
    return difference * difference


def _shift(name: str) -> Callable[..., Array]:
    def function(a: Array, b: Array) -> Array:
        if bool(((b < 0) | (b >= 8 * b.dtype.itemsize)).any()):
            raise ValueError("shifts by more bits than there are")
        return numpy_function(name)(a, b)

    return function


def _rounded(name: str) -> Callable[..., Array]:
    """Return a function that rounds floats; integers are whole, and some of them no doubles."""
    return lambda a: a if a.dtype.kind in "iu" else numpy_function(name)(a)


def _zero_of(a: Array) -> Array:
    return a.dtype.type(0)


def _relu6(a: Array) -> Array:
    import numpy as np

    return np.minimum(np.maximum(a, _zero_of(a)), a.dtype.type(6))


def _softsign(a: Array) -> Array:
    return a / (a.dtype.type(1) + abs(a))


def _clip(a: Array, low: Array, high: Array) -> Array:
    import numpy as np

    return np.maximum(np.minimum(a, high), low)


#: Functions of arrays.
ARITHMETIC: dict[str, Callable[..., Array]] = {
    "Add": numpy_function("add"), "AddV2": numpy_function("add"), "Sub": numpy_function("subtract"),
    "Mul": _of_numbers(_multiply), "RealDiv": _divide, "Div": _divide, "TruncateDiv": _divide,
    "FloorDiv": _floor_divide, "FloorMod": _floor_mod, "Mod": numpy_function("fmod"),
    "TruncateMod": numpy_function("fmod"), "Maximum": numpy_function("maximum"), "Minimum": numpy_function("minimum"),
    "Pow": _power, "AddN": _add_n, "SquaredDifference": _of_numbers(_squared_difference),
    "Neg": numpy_function("negative"), "Abs": numpy_function("abs"), "Sign": _of_numbers(numpy_function("sign")),
    "Square": _of_numbers(lambda a: a * a), "Reciprocal": _of_numbers(lambda a: a.dtype.type(1) / a),
    "Inv": _of_numbers(lambda a: a.dtype.type(1) / a), "Floor": _rounded("floor"),
    "Ceil": _rounded("ceil"), "Rint": _rounded("rint"), "Round": _rounded("rint"),
    "Relu": lambda a: numpy_function("maximum")(a, _zero_of(a)), "Relu6": _relu6, "Softsign": _softsign,
    "ClipByValue": _clip, "Conj": numpy_function("conj"),
    "Equal": numpy_function("equal"), "NotEqual": numpy_function("not_equal"), "Less": numpy_function("less"),
    "Greater": numpy_function("greater"), "LessEqual": numpy_function("less_equal"),
    "GreaterEqual": numpy_function("greater_equal"), "LogicalAnd": numpy_function("logical_and"),
    "LogicalOr": numpy_function("logical_or"), "LogicalNot": numpy_function("logical_not"),
    "IsNan": numpy_function("isnan"), "IsInf": numpy_function("isinf"), "IsFinite": numpy_function("isfinite"),
    "BitwiseAnd": numpy_function("bitwise_and"), "BitwiseOr": numpy_function("bitwise_or"),
    "BitwiseXor": numpy_function("bitwise_xor"), "Invert": numpy_function("invert"),
    "LeftShift": _shift("left_shift"), "RightShift": _shift("right_shift"), "SelectV2": numpy_function("where"),
}  # fmt: skip

#: Ops whose result is of bools, whatever they compare.
TO_BOOL = frozenset(("Equal", "NotEqual", "Less", "Greater", "LessEqual", "GreaterEqual", "IsNan", "IsInf", "IsFinite"))
#: Those that strings know, too.
OF_STRINGS = frozenset({"Equal", "NotEqual", "Add", "SelectV2", "Select"})
_DIVISIONS = frozenset({"Div", "RealDiv", "TruncateDiv", "FloorDiv", "FloorMod", "Mod", "TruncateMod"})


def _cast(node: Node) -> Callable[..., Array]:
    """Return what values are cast with; complex numbers become real ones without a word, as in TensorFlow."""
    wanted: DType = node.attrs["DstT"]
    if node.attrs.get("Truncate"):
        raise ValueError("casts that cut digits off")
    return lambda a: a.real if a.dtype.kind == "c" and not wanted.base.is_complex else a


def _leaky_relu(node: Node) -> Callable[..., Array]:
    def function(a: Array) -> Array:
        import numpy as np

        # Attrs are of single precision.
        return np.where(a > 0, a, a * a.dtype.type(np.float32(node.attrs.get("alpha", 0.2))))

    return function


#: Functions of a node that return the function of arrays.
WITH_ATTRS: dict[str, Callable[[Node], Callable[..., Array]]] = {"Cast": _cast, "LeakyRelu": _leaky_relu}


def check_integers(op: str, arrays: list[Any]) -> None:
    """Refuse what TensorFlow refuses, or does not survive, of integers: `ValueError`."""
    if op in _DIVISIONS:
        _check_division(op, *arrays)
    if op == "Pow" and arrays[1].dtype.kind == "i" and (arrays[1] < 0).any():
        raise ValueError("integers to negative powers")
    if op in ("LeftShift", "RightShift"):
        ARITHMETIC[op](*arrays)


def _check_division(op: str, a: Array, b: Array) -> None:
    import numpy as np

    if not b.all():
        raise ValueError("integers are divided by 0")
    if a.dtype.kind == "i" and ((a == np.iinfo(a.dtype).min) & (b == -1)).any():
        raise ValueError("the least integer is divided by -1")
    if op == "FloorDiv" and a.dtype.kind == "i":
        # TensorFlow 1 adds magnitudes where it rounds down.
        sizes = [np.abs(each.astype(np.int64)).view(np.uint64) for each in (a, b)]
        past = sizes[0] + sizes[1] - np.uint64(1) > np.uint64(np.iinfo(a.dtype).max)
        if (((a < 0) != (b < 0)) & past).any():
            raise ValueError("TensorFlow's own releases differ on quotients of so large integers")


#: Ops that `check_integers` has something to say about.
CHECKED = frozenset({*_DIVISIONS, "Pow", "LeftShift", "RightShift"})
