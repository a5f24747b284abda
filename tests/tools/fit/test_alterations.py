"""Steps that make a value fit, one by one and joined."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import FillTensor, as_tensor
from graphsurgeon.tools.fit.alterations import alter
from graphsurgeon.tools.fit.policies import parse_steps
from graphsurgeon.tools.fit.requirements import Requirement
from proto_utils.errors import UnsupportedError
from tests.tools.fit.targets import wanted

A = np.arange(6, dtype=np.float32).reshape(2, 3)


def nines(each: Requirement) -> Tensor:
    assert each.full_shape is not None
    return FillTensor(each.dtype, each.full_shape, np.array(9, each.dtype.numpy()).tobytes())


def altered(value: np.ndarray, steps: str, shape: tuple[int | None, ...] | None, dtype: str = "float32") -> np.ndarray:
    return alter(as_tensor(value), parse_steps(steps), wanted("w", shape, dtype), nines).numpy()


@pytest.mark.parametrize(
    ("steps", "shape", "result"),
    [
        ("reshape", (3, 2), [[0, 1], [2, 3], [4, 5]]),
        ("reshape", (None, 2), [[0, 1], [2, 3], [4, 5]]),
        ("slice", (1, 2), [[0, 1]]),
        ("slice", (None, 2), [[0, 1], [3, 4]]),
        ("slice:last", (1, 2), [[4, 5]]),
        ("reshape:-1,2+slice", (2, 2), [[0, 1], [2, 3]]),
        ("pad", (2, 4), [[0, 1, 2, 0], [3, 4, 5, 0]]),
        ("pad:0.5", (2, 4), [[0, 1, 2, 0.5], [3, 4, 5, 0.5]]),
        ("pad:init", (3, 4), [[0, 1, 2, 9], [3, 4, 5, 9], [9, 9, 9, 9]]),
        ("slice+pad", (3, 2), [[0, 1], [3, 4], [0, 0]]),
        ("slice+pad:init", (3, 2), [[0, 1], [3, 4], [9, 9]]),
        ("transpose", (3, 2), [[0, 3], [1, 4], [2, 5]]),
        ("transpose:1,0", (3, 2), [[0, 3], [1, 4], [2, 5]]),
        ("transpose:-1,0", (3, 2), [[0, 3], [1, 4], [2, 5]]),
        ("reverse:1", (2, 3), [[2, 1, 0], [5, 4, 3]]),
        ("reverse:-1,0", (2, 3), [[5, 4, 3], [2, 1, 0]]),
        ("reverse:1+reshape", (6,), [2, 1, 0, 5, 4, 3]),
        ("reshape+reverse:0", (6,), [5, 4, 3, 2, 1, 0]),
    ],
)
def test_steps(steps, shape, result):
    assert altered(A, steps, shape).tolist() == result


def test_casts():
    found = altered(A * 1000, "cast:saturate", (2, 3), "uint8")
    assert (found.dtype.name, found.max()) == ("uint8", 255)
    with pytest.raises(PassError, match=r"\bw\b"):
        altered(A * 1000, "cast", (2, 3), "uint8")
    assert altered(A, "cast+pad:1", (2, 4), "int32")[:, 3].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("steps", "shape", "dtype", "why"),
    [
        ("reshape", (5,), "float32", "another number of them"),
        ("reshape", None, "float32", "not known"),
        ("reshape", (None, None), "float32", "not known"),
        ("slice", (6,), "float32", "keeps the number of axes"),
        ("pad", None, "float32", "not known, which pad needs"),
        ("transpose:0,2", (2, 3), "float32", "not an order"),
        ("reverse:2", (2, 3), "float32", "axes"),
        ("pad:init", (1, 4), "float32", r"slice\+pad:init"),
        ("pad:init", (2, 4), "float64", r"cast\+pad:init"),
        ("cast", (2, 3), "string", "no numbers"),
    ],
)
def test_steps_that_cannot_be_done(steps, shape, dtype, why):
    with pytest.raises(UnsupportedError, match=why):
        altered(A, steps, shape, dtype)


def test_more_than_two_axes_are_not_transposed_by_guess():
    with pytest.raises(UnsupportedError, match="order of its axes"):
        altered(A.reshape(1, 2, 3), "transpose", (3, 2, 1))


@pytest.mark.parametrize(("text", "dtype"), [("0.5", "int32"), ("300", "uint8"), ("nan", "int64"), ("1e10", "float16")])
def test_numbers_that_the_dtype_does_not_have(text, dtype):
    with pytest.raises(UnsupportedError, match=f"{text} is no {dtype}"):
        altered(A.astype(dtype), f"pad:{text}", (3, 3), dtype)


@pytest.mark.parametrize("text", ["inf", "-inf", "nan", "0.1"])
def test_numbers_that_floats_have(text):
    last = altered(A.astype("float16"), f"pad:{text}", (3, 3), "float16")[2, 2]
    assert np.array_equal(last, np.float16(text), equal_nan=True)


def test_nothing_is_done_to_what_has_no_steps():
    tensor = as_tensor(A)
    assert alter(tensor, (), wanted("w", (2, 3)), nines) is tensor
