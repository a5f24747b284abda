"""Kernels of functions that TensorFlow's releases compute to other last bits: in double precision, and rounded once."""

from __future__ import annotations

import math
from collections.abc import Callable

from graphsurgeon.evaluator.kernels.whole import Array, Whole, in_double, numpy_function
from graphsurgeon.ir.node import Node

_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_ALPHA = 1.6732632423543772848170429916717


def _by_math(name: str) -> Callable[..., Array]:
    """Return a function of Python's math module, element by element."""

    def function(a: Array) -> Array:
        import numpy as np

        return np.vectorize(getattr(math, name), otypes=[np.float64])(a)

    return function


def _sigmoid(a: Array) -> Array:
    import numpy as np

    return 1 / (1 + np.exp(-a))


def _softplus(a: Array) -> Array:
    import numpy as np

    return np.logaddexp(0, a)


def _elu(a: Array) -> Array:
    import numpy as np

    return np.where(a < 0, np.expm1(a), a)


def _selu(a: Array) -> Array:
    import numpy as np

    return _SELU_SCALE * np.where(a < 0, _SELU_ALPHA * np.expm1(a), a)


def _times_log(a: Array, b: Array) -> Array:
    import numpy as np

    return np.where(a == 0, 0, a * np.log(b))


def _zero_or_divided(a: Array, b: Array) -> Array:
    import numpy as np

    return np.where(a == 0, 0, a / b)


_IN_DOUBLE: dict[str, Callable[..., Array]] = {
    "Sqrt": numpy_function("sqrt"), "Rsqrt": lambda a: 1 / numpy_function("sqrt")(a), "Exp": numpy_function("exp"),
    "Expm1": numpy_function("expm1"), "Log": numpy_function("log"), "Log1p": numpy_function("log1p"),
    "Sin": numpy_function("sin"), "Cos": numpy_function("cos"), "Tan": numpy_function("tan"),
    "Asin": numpy_function("arcsin"), "Acos": numpy_function("arccos"), "Atan": numpy_function("arctan"),
    "Atan2": numpy_function("arctan2"), "Sinh": numpy_function("sinh"), "Cosh": numpy_function("cosh"),
    "Tanh": numpy_function("tanh"), "Asinh": numpy_function("arcsinh"), "Acosh": numpy_function("arccosh"),
    "Atanh": numpy_function("arctanh"), "Sigmoid": _sigmoid, "Softplus": _softplus, "Elu": _elu, "Selu": _selu,
    "Erf": _by_math("erf"), "Erfc": _by_math("erfc"), "Xlogy": _times_log, "Xdivy": _zero_or_divided,
}  # fmt: skip
#: Elementwise functions of arrays.
FUNCTIONS: dict[str, Callable[..., Array]] = {op: in_double(function) for op, function in _IN_DOUBLE.items()}


def _softmax(a: Array) -> Array:
    import numpy as np

    powers = np.exp(a - a.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _log_softmax(a: Array) -> Array:
    import numpy as np

    shifted = a - a.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def _along_rows(function: Callable[..., Array]) -> Whole:
    def run(_: Node, a: Array) -> tuple[Array, ...]:
        return (a if a.size == 0 else in_double(function)(a),)

    return Whole(run, lambda _, shape: [shape])


#: Functions of rows.
ROWS: dict[str, Whole] = {"Softmax": _along_rows(_softmax), "LogSoftmax": _along_rows(_log_softmax)}
