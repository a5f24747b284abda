"""Arithmetic of tensors is that of their own dtype."""

from __future__ import annotations

import itertools
import operator

import ml_dtypes
import numpy as np
import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.elementwise import CombinedTensor, MeanTensor, ScaledTensor, limits
from graphsurgeon.tensors.values import ArrayTensor, StringTensor, as_tensor
from proto_utils.errors import UnsupportedError
from proto_utils.threads import set_num_threads
from tests.tensors.streams import DrippingTensor, content

RANDOM = np.random.default_rng(7)
A, B = (RANDOM.standard_normal((3, 17)) * 100 for _ in range(2))
FLOATS = [np.float32, np.float64, np.float16, ml_dtypes.bfloat16, ml_dtypes.float8_e5m2, np.complex64]
EXACT = {"add": operator.add, "subtract": operator.sub, "multiply": operator.mul}
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


SIGNED, UNSIGNED = ["int8", "int16", "int32", "int64", "int4"], ["uint8", "uint16", "uint32", "uint64", "uint4"]


@pytest.mark.parametrize("dtype", SIGNED + UNSIGNED)
@pytest.mark.parametrize("operation", EXACT)
def test_integers_are_exact_saturate_or_are_refused(operation, dtype):
    kind = DType.from_name(dtype)
    low, high = limits(kind)
    values = [n for n in (low, low + 1, -3, 0, 1, 2, 5, high // 2, high - 1, high) if low <= n <= high]
    left, right = zip(*itertools.product(values, values), strict=True)
    a, b = (np.array(each, kind.numpy()) for each in (left, right))
    exact = [EXACT[operation](*pair) for pair in zip(left, right, strict=True)]
    fits = np.array([low <= n <= high for n in exact])
    made = CombinedTensor(operation, as_tensor(a[fits]), as_tensor(b[fits]))
    assert made.numpy().tolist() == np.array(exact, object)[fits].tolist()
    made = CombinedTensor(operation, as_tensor(a), as_tensor(b), saturate=True)
    assert made.numpy().tolist() == [min(max(n, low), high) for n in exact]
    with pytest.raises(PassError, match="has no place in") as caught:
        CombinedTensor(operation, as_tensor(a), as_tensor(b), name="w").numpy()
    first = int(np.argmin(fits))
    assert f"tensor 'w': the value {exact[first]} at [{first}] has no place in {dtype}" in str(caught.value)


def test_only_the_end_of_a_scale_needs_to_fit():
    base = as_tensor(np.array([[100, 5]], np.int8))
    factor, offset = as_tensor(np.int64(2)), as_tensor(np.int64(-100))
    assert ScaledTensor(base, factor, offset).numpy().tolist() == [[100, -90]]
    assert ScaledTensor(base, as_tensor(np.int64(-300)), saturate=True).numpy().tolist() == [[-128, -128]]
    with pytest.raises(PassError, match=r"tensor 'w': the value 200 at \[0, 0\] has no place in int8"):
        ScaledTensor(base, factor, name="w").numpy()


@pytest.mark.parametrize("dtype", [*FLOATS, ml_dtypes.float8_e4m3fn], ids=lambda dtype: dtype.__name__)
def test_what_overflows_is_refused_or_saturates(dtype):
    kind = DType.of(np.dtype(dtype))
    largest = limits(kind)[1]
    big, four = as_tensor(np.array([1, largest], dtype)), as_tensor(np.array([4, 4], dtype))
    makers = [
        lambda **how: ScaledTensor(big, as_tensor(dtype(4)), **how),
        lambda **how: CombinedTensor("multiply", big, four, **how),
        lambda **how: MeanTensor([big, as_tensor(np.array([-4, -largest / 2], dtype))], [3, -1], **how),
    ]
    for make in makers:
        with pytest.raises(PassError, match=r"tensor 'w': the result at \[1\] has no place in"):
            make(name="w").numpy()
        assert make(saturate=True).numpy().astype("c16").real.tolist()[1] == largest


def test_what_is_infinite_stays_so():
    base = as_tensor(np.array([np.inf, np.nan, 1], np.float16))
    made = [ScaledTensor(base, as_tensor(np.float16(2))), CombinedTensor("add", base, base), MeanTensor([base, base])]
    assert [str(each.numpy().tolist()) for each in made] == ["[inf, nan, 2.0]"] * 2 + ["[inf, nan, 1.0]"]


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
        (lambda: CombinedTensor("divide", two("i4"), two("i4")), "int32 numbers have no quotient of their dtype"),
        (lambda: CombinedTensor("add", two("?"), two("?")), "elements of dtype bool are no numbers"),
        (lambda: ScaledTensor(StringTensor([1], [b"a"])), "elements of dtype string are no numbers"),
        (lambda: ScaledTensor(ArrayTensor(np.zeros(1, "i1"), dtypes.QINT8)), "qint8"),
        (lambda: MeanTensor([two("i4")]), "int32 numbers have no mean of their dtype"),
        (lambda: MeanTensor([two("f4"), two("f2")]), "dtypes float32 and float16 differ"),
        (lambda: MeanTensor([two("f4")], [1, 2]), r"weights \[1, 2\] for 1 tensors"),
        (lambda: MeanTensor([two("f4")] * 2, [1, -1]), "weights"),
    ],
)  # fmt: skip
def test_what_cannot_be_computed(make, reason):
    with pytest.raises(UnsupportedError, match=reason):
        make()


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_compute_pieces_in_order(monkeypatch, threads):
    monkeypatch.setattr("proto_utils.threads._chosen", [threads])
    a, b = RANDOM.standard_normal((2, 5000))
    made = CombinedTensor("add", DrippingTensor(a), DrippingTensor(b, sizes=(11,)))
    got, longest = content(made, 64)
    assert got == (a + b).tobytes()
    assert longest <= 64


@pytest.mark.parametrize("threads", [1, 3])
def test_what_is_refused_is_named_whoever_computes_it(monkeypatch, threads):
    monkeypatch.setattr("proto_utils.threads._chosen", [threads])
    values = np.zeros(1000, np.float32)
    values[[777, 900]] = 3e38
    with pytest.raises(PassError, match=r"at \[777\]"):
        content(CombinedTensor("add", as_tensor(values), as_tensor(values)), 64)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_threads_work_on_pieces_of_their_own(count):
    first, second = (np.random.default_rng(seed).standard_normal(100_000).astype(np.float32) for seed in (1, 2))
    mean = MeanTensor([DrippingTensor(first), DrippingTensor(second)])
    set_num_threads(count)
    try:
        found = b"".join(map(bytes, mean.chunks(1 << 12)))
    finally:
        set_num_threads(None)
    assert found == ((first.astype(np.float64) + second) / 2).astype(np.float32).tobytes()
