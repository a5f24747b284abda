"""Arithmetic of tensors is that of their own dtype."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.elementwise import CombinedTensor, MeanTensor, ScaledTensor
from graphsurgeon.tensors.values import ArrayTensor, StringTensor, as_tensor
from proto_utils.errors import UnsupportedError
from tests.tensors.streams import DrippingTensor, content

RANDOM = np.random.default_rng(7)
A, B = (RANDOM.standard_normal((3, 17)) * 100 for _ in range(2))
FLOATS = [np.float32, np.float64, np.float16, ml_dtypes.bfloat16, ml_dtypes.float8_e5m2, np.complex64]
UFUNCS = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide}


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("dtype", FLOATS, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("operation", UFUNCS)
def test_two_tensors(operation, dtype, chunk_nbytes):
    a, b = A.astype(dtype), B.astype(dtype)
    made = CombinedTensor(operation, DrippingTensor(a), DrippingTensor(b, sizes=(11,)))
    assert made.dtype.numpy() == dtype
    got, longest = content(made, chunk_nbytes)
    assert got == UFUNCS[operation](a, b).tobytes()
    assert longest <= chunk_nbytes


@pytest.mark.parametrize("dtype", FLOATS, ids=lambda dtype: dtype.__name__)
def test_scale_and_offset_round_one_after_the_other(dtype):
    a, scale, offset = A.astype(dtype), dtype(0.3), dtype(1.7)
    expected = (a * scale).astype(dtype) + offset
    assert (
        content(ScaledTensor(as_tensor(a), as_tensor(np.asarray(scale)), as_tensor(np.asarray(offset))))[0]
        == expected.tobytes()
    )


def test_either_of_scale_and_offset_may_be_absent():
    two = as_tensor(np.float32(2))
    base = as_tensor(np.array([1, 5], np.float32))
    assert ScaledTensor(base, scale=two).numpy().tolist() == [2, 10]
    assert ScaledTensor(base, offset=two).numpy().tolist() == [3, 7]


def test_integers_wrap():
    made = CombinedTensor("add", as_tensor(np.array([127], np.int8)), as_tensor(np.array([1], np.int8)))
    assert made.numpy().tolist() == [-128]


def test_division_by_zero_is_floating():
    made = CombinedTensor("divide", as_tensor(np.array([1.0, 0.0])), as_tensor(np.zeros(2)))
    assert repr(made.numpy().tolist()) == "[inf, nan]"


@pytest.mark.parametrize("dtype", FLOATS[:4], ids=lambda dtype: dtype.__name__)
def test_mean_is_rounded_once(dtype, chunk_nbytes):
    values = [(RANDOM.standard_normal(40) * 10).astype(dtype) for _ in range(3)]
    made = MeanTensor([DrippingTensor(value) for value in values])
    expected = (np.add(values[0].astype(np.float64), values[1]) + values[2]) / 3
    assert content(made, chunk_nbytes)[0] == expected.astype(dtype).tobytes()


def test_weights_need_not_sum_up_to_one():
    made = MeanTensor([as_tensor(np.float32(v)) for v in (1, 2, 4)], [1, 0, 3])
    assert made.numpy() == np.float32(13 / 4)


def test_complex_mean():
    assert MeanTensor([as_tensor(np.complex64(v)) for v in (1 + 2j, 3)]).numpy() == 2 + 1j


def test_no_elements():
    empty = as_tensor(np.zeros((0, 3), np.float32))
    assert MeanTensor([empty, empty]).numpy().shape == (0, 3)


def two(dtype, shape=(2,)):
    return as_tensor(np.zeros(shape, dtype))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: CombinedTensor("add", two("f4"), two("f4", (3,))), r"shapes \[2\] and \[3\] differ"),
        (lambda: CombinedTensor("add", two("f4"), two("f8")), "dtypes float32 and float64 differ"),
        (lambda: CombinedTensor("divide", two("i4"), two("i4")), "the quotient of int32 numbers is none"),
        (lambda: CombinedTensor("add", two("?"), two("?")), "elements of dtype bool are no numbers"),
        (lambda: ScaledTensor(StringTensor([1], [b"a"])), "elements of dtype string are no numbers"),
        (lambda: ScaledTensor(ArrayTensor(np.zeros(1, "i1"), dtypes.QINT8)), "qint8"),
        (lambda: MeanTensor([two("i4")]), "a mean of int32 numbers is none"),
        (lambda: MeanTensor([two("f4"), two("f2")]), "dtypes float32 and float16 differ"),
        (lambda: MeanTensor([two("f4")], [1, 2]), r"weights \[1, 2\] for 1 tensors"),
        (lambda: MeanTensor([two("f4")] * 2, [1, -1]), "weights"),
    ],
)  # fmt: skip
def test_what_cannot_be_computed(make, reason):
    with pytest.raises(UnsupportedError, match=reason):
        make()
